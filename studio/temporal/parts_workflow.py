"""A part of a user's state: a workflow that does nothing but hold it, as what it was started with."""

from __future__ import annotations

from temporalio import workflow

PART = "user-part"


@workflow.defn(name=PART)
class UserPart:
    """Holds some bytes until nobody needs them: whoever wants them reads its first event."""

    @workflow.run
    async def run(self, part: bytes) -> None:
        """Wait for being ended from outside."""
        await workflow.wait_condition(lambda: False)
