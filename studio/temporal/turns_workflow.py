"""Turns that wait for whoever keeps all histories, away from their user's workflow.

Nobody may poll for them for a long time: the user is carried on meanwhile, and the state stays small.
"""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from studio.temporal.wire import framed, unframed

TURNS = "user-turns"
ERASED = "user-erased"
SINK_SUFFIX = "-sink"
"""Behind a task queue's name: where turns wait."""
HEARTBEAT_SECONDS = 3
"""After so long Temporal gives an activity that does not answer to another worker: its process may be gone,
or the task was lost on its way."""
OFTEN = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=10))


async def tell(turns: list[bytes]) -> None:
    """Tell turns of one user, in order, as often as it takes."""
    await workflow.execute_activity(
        "project",
        framed(turns),
        task_queue=workflow.info().task_queue + SINK_SUFFIX,
        start_to_close_timeout=timedelta(seconds=60),
        heartbeat_timeout=timedelta(seconds=HEARTBEAT_SECONDS),
        retry_policy=OFTEN,
    )


@workflow.defn(name=ERASED)
class UserErased:
    """Tells whoever keeps all histories that a user was erased."""

    @workflow.run
    async def run(self, user: str, begins: int) -> None:
        """Tell it, as often as it takes.

        Args:
            begins: the number at which the entries of a new life begin.
        """
        await workflow.execute_activity(
            "forget",
            args=[user, begins],
            task_queue=workflow.info().task_queue + SINK_SUFFIX,
            start_to_close_timeout=timedelta(seconds=300),
            heartbeat_timeout=timedelta(seconds=HEARTBEAT_SECONDS),
            retry_policy=OFTEN,
        )


@workflow.defn(name=TURNS)
class UserTurns:
    """Some turns of one user, until they are taken."""

    @workflow.run
    async def run(self, turns: bytes) -> None:
        """Tell them."""
        await tell(unframed(turns))
