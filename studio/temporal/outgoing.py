"""What goes out of a user's workflow: turns for whoever keeps all histories, and events for other users."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from studio.temporal.turns_workflow import HEARTBEAT_SECONDS, OFTEN, TURNS, tell
    from studio.temporal.wire import framed

MOST_TURNS = 500_000
"""Bytes of turns that are told at once."""
MOST_UNSENT = 600_000
"""Bytes of turns that nobody took, which go along into the next run."""


class Outgoing:
    """Of one run. Both ways go on beside each other, and each in order."""

    def __init__(self, user: str, unsent: Sequence[bytes], messages: Sequence[dict[str, Any]]) -> None:
        self.user = user
        self.unsent = list(unsent)
        """Turns that nobody was told of."""
        self.messages = list(messages)
        """Events for other users."""
        self.closing = False
        """The run comes to its end: nothing more is begun."""
        self.telling: asyncio.Task[None] | None = None
        self.handing: asyncio.Task[None] | None = None
        self._put_down = 0
        """Workflows of this run that hold turns until they are taken."""

    def begin(self) -> None:
        """Go on with what there is."""
        if self.closing:
            return
        if self.unsent and (self.telling is None or self.telling.done()):
            self.telling = asyncio.create_task(self._tell())
        if self.messages and (self.handing is None or self.handing.done()):
            self.handing = asyncio.create_task(self._deliver())

    def under_way(self) -> list[asyncio.Task[None]]:
        """What has not ended."""
        return [task for task in (self.telling, self.handing) if task is not None and not task.done()]

    async def _tell(self) -> None:
        """Tell turns to whoever keeps all histories: durable before, as often as it takes, in order."""
        while self.unsent and not self.closing:
            size, turns = 0, list[bytes]()
            for turn in self.unsent:
                size += len(turn)
                if turns and size > MOST_TURNS:
                    break
                turns.append(turn)
            try:
                await tell(turns)
            except ActivityError:
                # It was ended, to be told by the next run.
                return
            del self.unsent[: len(turns)]

    async def _deliver(self) -> None:
        """Hand events over to other users, in the order of sending; there each counts once."""
        while self.messages and not self.closing:
            messages = self.messages[:200]
            try:
                await workflow.execute_activity(
                    "deliver",
                    args=[self.user, messages],
                    start_to_close_timeout=timedelta(seconds=60),
                    heartbeat_timeout=timedelta(seconds=HEARTBEAT_SECONDS),
                    retry_policy=OFTEN,
                )
            except ActivityError:
                return
            del self.messages[: len(messages)]

    async def put_down(self) -> None:
        """Let others hold turns that nobody takes: with all of them the state would not fit a payload."""
        while sum(map(len, self.unsent)) > MOST_UNSENT:
            size, count = 0, 0
            for turn in self.unsent:
                size += len(turn)
                if count and size > MOST_UNSENT:
                    break
                count += 1
            info = workflow.info()
            self._put_down += 1
            await workflow.start_child_workflow(
                TURNS,
                framed(self.unsent[:count]),
                id=f"{info.workflow_id}/turns/{info.run_id}/{self._put_down}",
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            )
            del self.unsent[:count]
