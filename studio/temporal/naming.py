"""Which journey ends the worker's process: what its function does may, as an exit or a crash in a library.

The same turn would end every worker that it comes to. So who is given a turn that was begun before without an
answer names each journey before its drive, by a signal to the user's own workflow: that is durable, and the
next attempt sees it. What is named last, and has not come back, is to blame (as `engine/work/quarantine.py`).

An attempt that is not heard of is no death yet: on a busy machine Temporal gives a turn to another while the
first is still at it. A process that lives says at the end of each drive that it came back, and gives up one
that does not. So whoever is about to blame a journey waits until the others have been silent for longer than
that.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from time import monotonic
from typing import Any
from uuid import uuid4

from temporalio.client import WorkflowHandle

from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.quarantine import MOST_DEATHS, killed
from studio.kernel.drive import Failed
from studio.language.journey import Journey

PROCESS = uuid4().hex
"""In front of the names of this process's own attempts: it lives, so that none of them was a death."""
LOOK = 0.1
FORGOTTEN_SECONDS = 600.0
"""After so long without a question nobody asks for an attempt any more."""


class DriveNaming:
    """Names what one attempt at a turn drives.

    Args:
        handle: the user's run.
        turn: the number of the turn in that run.
    """

    def __init__(self, handle: WorkflowHandle[Any, Any], turn: int) -> None:
        self._handle = handle
        self._turn = turn
        self._attempt = PROCESS + uuid4().hex
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


class Blame:
    """Finds who ended processes, among what attempts have named.

    Args:
        silent: seconds after which an attempt of another process that has named a journey, and not said that
            it came back, counts as that process's death.
    """

    def __init__(self, silent: float) -> None:
        self._silent = silent
        self._first_seen: dict[str, float] = {}

    async def of(self, named: Callable[[], Mapping[str, int | None]]) -> dict[int, Failed]:
        """Journeys that ended the process as often as it may be, with how they fail.

        Args:
            named: gives what each attempt at the turn has named last, as far as it is known by now.
        """
        while True:
            others = {by: it for by, it in named().items() if it is not None and not by.startswith(PROCESS)}
            blamed = killers(others.values())
            now = monotonic()
            since = [self._first_seen.setdefault(by, now) for by, it in others.items() if it in blamed]
            if not since:
                self._forget(now)
                return {}
            if now - max(since) >= self._silent:
                return blamed
            await asyncio.sleep(LOOK)

    def _forget(self, now: float) -> None:
        old = [by for by, at in self._first_seen.items() if now - at > FORGOTTEN_SECONDS]
        for by in old:
            del self._first_seen[by]


def killers(named: Iterable[int | None]) -> dict[int, Failed]:
    """Journeys that ended the process as often as it may be, with how they fail.

    The first attempt names nothing, for nobody knew, and is not counted: it may only have been slow.

    Args:
        named: what each attempt at the turn has named last.
    """
    deaths = Counter(journey for journey in named if journey is not None)
    return {journey: killed(times) for journey, times in deaths.items() if times >= MOST_DEATHS}
