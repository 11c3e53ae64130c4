"""The Temporal workflow that says which code counts on a queue; every worker serves it."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from studio.kernel.packed import unpack
    from studio.temporal.deployed import deployed_from

CODE = "journey-code"
CODE_SUFFIX = "-code"
"""Behind a task queue's name: where this workflow is served, also by a `deploy` that finds no worker."""
LONG = 500
"""Events after which a run is continued as a new one."""


def code_id(queue: str) -> str:
    """The id of the workflow that says what counts on a queue."""
    return f"code/{queue}"


@workflow.defn(name=CODE)
class JourneyCode:
    """What was deployed on one queue."""

    @workflow.init
    def __init__(self, begun: bytes) -> None:
        self.deployed = deployed_from(begun)

    @workflow.run
    async def run(self, begun: bytes) -> None:
        """Keep it, for good."""
        await workflow.wait_condition(lambda: workflow.info().get_current_history_length() > LONG)
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(self.deployed.packed())

    @workflow.update
    async def deploy(self, told: bytes) -> bytes:
        """Let versions count.

        Args:
            told: hashes, sources, and whether it counts only where nothing was deployed so far.

        Returns:
            What counts now.
        """
        hashes, sources, only_first = unpack(told)
        if not (only_first and self.deployed.number):
            self.deployed.deploy(hashes, sources)
        return self.deployed.packed()

    @workflow.query
    def counting(self) -> bytes:
        """What counts now."""
        return self.deployed.packed()

    @workflow.query
    def number(self) -> int:
        """How often something was deployed."""
        return self.deployed.number
