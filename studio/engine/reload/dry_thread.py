"""Drives journeys dry in a thread that can be given up.

Code that does not come back holds up nothing but itself.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from studio.engine.effects.capture import listen_to_drives
from studio.engine.work.batch import Batch
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.unit_of_work import StoreUnit
from studio.engine.work.watchdog import give_up
from studio.kernel.drive import Abandoned
from studio.kernel.state import JourneyState
from studio.kernel.triggers import Routes
from studio.language.definition import Workflow
from studio.store.connect import store_error
from studio.store.read_journeys import last_journey
from studio.store.read_only_store import ReadOnlyStore

HANG_SECONDS = 2.0
"""After which a drive that does not come back is given up."""
MOST_HUNG = 3
PAGE = 200
WINDOW = 20_000
"""Journeys, by their numbers, among which a page looks for those that are meant."""

Found = TypeVar("Found")


class DryThread(ABC, Generic[Found]):
    """Reads a store and drives journeys of it, writing nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stop_at = 0.0
        self._watch = ThreadMonitor()
        self._hung: set[int] = set()
        """Journeys whose drive never came back."""
        self._error: Exception | None = None
        self.stopped = False
        self.found: Found | None = None
        """What was found; None until `run` has ended."""

    @abstractmethod
    def _look(self, store: ReadOnlyStore, watch: ThreadMonitor) -> Found:
        """Look at the journeys, each page as of its own moment."""

    def run(self, seconds: float | None = None) -> None:
        """Look until all are looked at, the limit or the time is over, or `stopped` is set.

        Args:
            seconds: how long it may take; None: as long as it takes.

        Raises:
            StoreError: the store cannot be read.
        """
        self._stop_at = time.monotonic() + (1e9 if seconds is None else seconds)
        thread = self._start()
        while thread.is_alive():
            thread.join(0.01)
            watch = self._watch
            journey, since = watch.journey, watch.since
            if journey is None or time.monotonic() - since < HANG_SECONDS:
                continue
            watch.abandoned = True
            self._hung.add(journey)
            give_up(thread)
            self._watch = ThreadMonitor()
            # What it waited for does not count; but one that hangs is likely to be one of many.
            self._stop_at += HANG_SECONDS
            self.stopped = self.stopped or len(self._hung) > MOST_HUNG
            thread = self._start()
        if self._error is not None:
            raise self._error

    def _start(self) -> threading.Thread:
        # What was counted by a thread that was given up is counted anew.
        thread = threading.Thread(target=self._drive, args=(self._watch,), name="dry-drive", daemon=True)
        thread.start()
        return thread

    def _drive(self, watch: ThreadMonitor) -> None:
        listen_to_drives(watch)
        store: ReadOnlyStore | None = None
        try:
            store = ReadOnlyStore(self._path)
            # Each page is read as of its own moment.
            store.let_moment_go()
            found = self._look(store, watch)
        except Abandoned:
            return
        except Exception as error:
            if not watch.abandoned:
                self._error = store_error(error, self._path)
            return
        finally:
            if store is not None:
                store.close()
        if not watch.abandoned:
            self.found = found

    @property
    def is_late(self) -> bool:
        """Whether its time is over, or it was stopped: there may be more."""
        return self.stopped or time.monotonic() > self._stop_at


class PageTally(Protocol):
    """What was found of a workflow."""

    looked_at: int


class DryPages(DryThread[Found]):
    """Drives the journeys of workflows page by page, each in a snapshot of its own.

    Args:
        workflows: the code.
        limit: journeys of each workflow, at the most.
    """

    def __init__(self, path: Path, workflows: Mapping[str, Workflow], limit: int) -> None:
        super().__init__(path)
        self._workflows = dict(workflows)
        self._limit = limit

    def _go_through(
        self,
        store: ReadOnlyStore,
        watch: ThreadMonitor,
        found: PageTally,
        among: Callable[[StoreUnit, int, int, int], list[JourneyState]],
        look: Callable[[Batch, list[JourneyState]], None],
    ) -> None:
        """Look at the journeys of a workflow until all are looked at, or it is over.

        Args:
            among: reads them from a stretch of numbers: after one, up to another, so many at the most.
            look: counts what is found of a page, and ends when it is over.
        """
        after, last = 0, last_journey(store)
        while after < last and not self._is_over(found):
            with store.one_moment():
                unit = StoreUnit(store, self._workflows, {})
                journeys = among(unit, after, after + WINDOW, PAGE)
                unit.load_passes(journeys)
                look(Batch(unit, Routes({}), watch=watch), journeys)
                unit.release()
            after = journeys[-1].id if len(journeys) == PAGE else after + WINDOW

    def _is_over(self, found: PageTally) -> bool:
        return found.looked_at >= self._limit or self.is_late
