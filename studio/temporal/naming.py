"""Which journey ends the worker's process: what its function does may, as an exit or a crash in a library.

The same turn would end every worker that it comes to. So who is given a turn that was begun before without an
answer names each journey before its drive, by a signal to the user's own workflow: that is durable, and the
next attempt sees it. What is named last, and has not come back, is to blame (as `engine/work/quarantine.py`).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from temporalio.client import WorkflowHandle

from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.quarantine import MOST_DEATHS, killed
from studio.kernel.drive import Failed
from studio.language.journey import Journey

UNNAMED = 1
"""The first attempt names nothing: nobody knew."""


class DriveNaming:
    """Names what one attempt at a turn drives.

    Args:
        handle: the user's run.
        turn: the number of the turn in that run.
    """

    def __init__(self, handle: WorkflowHandle[Any, Any], turn: int) -> None:
        self._handle = handle
        self._turn = turn
        self._attempt = uuid4().hex
        self._loop = asyncio.get_running_loop()

    async def name(self, journey: int | None) -> None:
        """Name a journey that is about to be driven; None: all came back."""
        await self._handle.signal("driving", {"turn": self._turn, "by": self._attempt, "journey": journey})

    def name_from_thread(self, journey: int) -> None:
        """The same, from the thread that drives; it is durable when this returns."""
        asyncio.run_coroutine_threadsafe(self.name(journey), self._loop).result()


class NamingMonitor(ThreadMonitor):
    """Names each journey before its drive."""

    def __init__(self, naming: DriveNaming) -> None:
        super().__init__()
        self._naming = naming

    def begin(self, journey: Journey, id: int) -> None:
        """A drive begins, once it is named."""
        self._naming.name_from_thread(id)
        super().begin(journey, id)


def killers(named: Iterable[int | None]) -> dict[int, Failed]:
    """Journeys that ended the process as often as it may be, with how they fail.

    Args:
        named: what each attempt at the turn has named last.
    """
    deaths = Counter(journey for journey in named if journey is not None)
    return {
        journey: killed(MOST_DEATHS) for journey, times in deaths.items() if times >= MOST_DEATHS - UNNAMED
    }
