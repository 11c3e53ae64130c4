"""The funnel of a workflow, kept up with its store piece by piece, so that it can be left at any moment."""

from __future__ import annotations

import gc
import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass

from studio.language.definition import Workflow
from studio.reports.funnel import Funnel
from studio.reports.progress import INSIDE, LEFT, Progress
from studio.reports.reading import FunnelReader
from studio.store.views import Views

STEP_SECONDS = 0.2
"""After so long a piece ends: others ask the same thread."""
REST = 4
"""To count all journeys again waits so many times as long as it took."""
MOST_PEOPLE = 1_000
"""Of a node that are listed."""
FROZEN_FROM = 10_000
"""Journeys from which on they are kept out of the garbage collector's rounds."""


@dataclass(frozen=True, slots=True)
class FunnelState:
    """How far it was read, and what was counted."""

    share: float
    """Of the history that was read, 0 to 1."""
    funnel: Funnel | None
    """None as long as not all was read once."""
    behind: bool = False
    """There is more to read, or to count."""

    @property
    def sends(self) -> tuple[tuple[int, ...], ...]:
        """Messages that were handed over, by weekday from Monday on and by hour; () when there are none."""
        sent = {} if self.funnel is None else self.funnel.sent_at
        if not sent:
            return ()
        return tuple(tuple(sent.get((day, hour), 0) for hour in range(24)) for day in range(7))


@dataclass(frozen=True, slots=True)
class FunnelPerson:
    """Somebody who came to a node."""

    user: str
    state: int
    """What became of the first visit: `progress.INSIDE`, `MATCHED` …"""
    entered_at: int
    """When the journey began, ms since 1970."""
    failure: str | None


class FunnelReading:
    """One workflow's. It belongs to the thread of a reader.

    Args:
        now: gives the moment of the store's clock, ms since 1970; for any thread.
        source: the workflow as it is loaded, for its goal and its zone; None where it is not.
    """

    def __init__(self, workflow: str, now: Callable[[], int], source: Workflow | None = None) -> None:
        self.workflow = workflow
        self._source = source
        self._now = now
        self._reader: FunnelReader | None = None
        self._share = 0.0
        self._funnel: Funnel | None = None
        self._counted_to = -1
        self._counted_at = 0.0
        self._took = 0.0
        self._frozen = False

    def read(self, views: Views) -> FunnelState:
        """Read on, for a while; count when all was read."""
        reader = self._reader
        if reader is None:
            reader = self._reader = FunnelReader(views, self.workflow)
            if self._source is not None:
                reader.declared(self._source)
        if views.last_seq() < self._counted_to:
            # Rewound, or a moment before: what was counted is not true of it.
            self._funnel, self._counted_to, self._took = None, -1, 0.0
        ends, windows = time.monotonic() + STEP_SECONDS, 0

        def tell(share: float) -> None:
            nonlocal windows
            self._share, windows = share, windows + 1

        whole = reader.read(tell, lambda: windows > 0 and time.monotonic() > ends)
        if len(reader.fold.journeys) > FROZEN_FROM:
            # A full round of the collector over so many would hold up every thread: 0.25 s at 90,000.
            gc.freeze()
            self._frozen = True
        if not whole:
            return FunnelState(self._share, self._funnel, behind=True)
        last = views.last_seq()
        if last == self._counted_to:
            return self._state()
        if time.monotonic() - self._counted_at < REST * self._took:
            return self._state(behind=True)
        began = time.monotonic()
        self._funnel = reader.funnel(self._now(), reader.goal)
        self._counted_to, self._counted_at = last, time.monotonic()
        self._took = self._counted_at - began
        return self._state()

    def _state(self, behind: bool = False) -> FunnelState:
        return FunnelState(1.0, self._funnel, behind)

    def people(self, views: Views, node: str) -> list[FunnelPerson]:
        """Those who came to a node, by its key: who is inside first, then who left, the newest first."""
        if (reader := self._reader) is None:
            return []
        fold, testers = reader.fold, reader.testers
        number = next((each.number for each in fold.nodes if each.key == node), None)
        if number is None:
            return []
        came = (
            each
            for each in fold.journeys.values()
            if number < len(each.states) and each.states[number] and each.user not in testers
        )
        # To sort a million would hold up every thread.
        found: list[Progress] = heapq.nsmallest(
            MOST_PEOPLE, came, lambda each: (_order(each.states[number]), -each.journey)
        )
        names = views.users_numbered({each.user for each in found})
        return [
            FunnelPerson(names.get(each.user, "?"), each.states[number], each.entered_at, each.failure)
            for each in found
        ]

    def let_go(self) -> None:
        """Nobody looks any more. Called by the thread that reads, which nobody waits for."""
        reader, self._reader, self._funnel = self._reader, None, None
        journeys = reader.fold.journeys if reader is not None else {}
        # Not all at once: to free a million holds up every thread for most of a second.
        while journeys:
            journeys.popitem()
        if self._frozen:
            gc.unfreeze()


def _order(state: int) -> int:
    return 0 if state == INSIDE else 1 if state in LEFT else 2


@dataclass(frozen=True, slots=True)
class FunnelQuestion:
    """How the journeys of a workflow do, as far as it is known after another piece."""

    reading: FunnelReading

    def read(self, views: Views) -> FunnelState:
        """Read a piece."""
        return self.reading.read(views)
