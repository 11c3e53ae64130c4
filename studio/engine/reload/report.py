"""What a reload means for those who wait, before it happens: counted by driving them dry.

Read-only and beside the running engine: page by page, each in a snapshot of its own, so that
the write-ahead log does not grow behind one long look.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from studio.engine.effects.capture import listen_to_drives
from studio.engine.reload.openings import Openings
from studio.engine.work.batch import Batch
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.unit_of_work import StoreUnit
from studio.engine.work.watchdog import give_up
from studio.kernel.drive import Abandoned
from studio.kernel.dry_run import Difference, dry_run
from studio.kernel.state import JourneyState
from studio.kernel.triggers import Routes
from studio.language.definition import Workflow
from studio.store.connect import store_error
from studio.store.read_journeys import count_waiting, last_journey
from studio.store.read_only_store import ReadOnlyStore

LIMIT_JOURNEYS = 100_000
"""So many are looked at beforehand, at the most."""
LISTED = 1_000
"""Journeys with a difference that a report names one by one."""
PAGE = 200
WINDOW = 20_000
"""Journeys, by their numbers, among which a page looks for those that wait."""
HANG_SECONDS = 2.0
"""After which a drive that does not come back is given up."""
MOST_HUNG = 3


Count = dict[str, int]


@dataclass(slots=True)
class ReloadTally:
    """How many waiting journeys a reload leaves as they are, and what it does to the others."""

    looked_at: int = 0
    same: int = 0
    deadlines: int = 0
    matches: Count = field(default_factory=dict)
    """ "onboarding.py:22": how many wait there with another match."""
    paths: Count = field(default_factory=dict)
    """ "onboarding.py:24": how many go another way there."""
    fails: Count = field(default_factory=dict)
    """ "KeyError at onboarding.py:20": how many would fail so."""
    records: Count = field(default_factory=dict)
    """ "onboarding.py:14": how many are answered by a record made for another match."""

    def add(self, found: Difference) -> None:
        """Count one journey."""
        self.looked_at += 1
        line = found.line
        match found.what:
            case "same":
                self.same += 1
            case "deadline":
                self.deadlines += 1
            case "match":
                _count(self.matches, line)
            case "path":
                _count(self.paths, line)
            case "fails":
                _count(self.fails, f"{found.error} at {line}")
        if found.other_record is not None:
            _count(self.records, Difference(place=found.other_record).line)

    def merge(self, other: ReloadTally) -> None:
        """Count what another has counted."""
        self.looked_at += other.looked_at
        self.same += other.same
        self.deadlines += other.deadlines
        for mine, more in (
            (self.matches, other.matches),
            (self.paths, other.paths),
            (self.fails, other.fails),
            (self.records, other.records),
        ):
            for line, n in more.items():
                mine[line] = mine.get(line, 0) + n

    @property
    def differ(self) -> int:
        """How many are touched."""
        return self.looked_at - self.same

    def as_json(self) -> dict[str, Any]:
        """Its numbers, without what is empty."""
        return {name: value for name, value in asdict(self).items() if value}


def _count(counts: Count, line: str) -> None:
    counts[line] = counts.get(line, 0) + 1


def summary(tally: ReloadTally, waiting: int) -> str:
    """One line: "41 waiting: 3 with a new deadline · 2 on another path, at :24 · no difference found for 36".

    Args:
        waiting: how many wait in all.
    """
    if not waiting:
        return "nothing is waiting in it"
    files = {
        line.rpartition(" ")[2].partition(":")[0]
        for counts in (tally.matches, tally.paths, tally.fails, tally.records)
        for line in counts
    }

    def at(counts: Count) -> str:
        lines = sorted(counts, key=lambda line: (-counts[line], line))
        shown = [line[line.rindex(":") :] if len(files) == 1 else line for line in lines[:3]]
        return f", at {' '.join(shown)}" + (" …" if len(lines) > 3 else "")

    head = f"{waiting:,} waiting"
    if tally.looked_at < waiting:
        head += f", {tally.looked_at:,} looked at"
    parts = []
    if tally.deadlines:
        parts.append(f"{tally.deadlines:,} with a new deadline")
    if tally.matches:
        parts.append(f"{sum(tally.matches.values()):,} with another match{at(tally.matches)}")
    if tally.paths:
        parts.append(f"{sum(tally.paths.values()):,} on another path{at(tally.paths)}")
    if tally.fails:
        kinds = sorted(tally.fails, key=lambda line: (-tally.fails[line], line))
        places = {line.partition(" at ")[2]: 1 for line in kinds}
        names = " ".join(dict.fromkeys(line.partition(" at ")[0] for line in kinds[:3]))
        parts.append(f"{sum(tally.fails.values()):,} would fail: {names}{at(places)[1:]}")
    if tally.records:
        count = sum(tally.records.values())
        parts.append(f"{count:,} matched by an outcome recorded for another match{at(tally.records)}")
    if tally.same:
        parts.append(f"no difference found for {tally.same:,}" if parts else "no difference found")
    return f"{head}: {' · '.join(parts)}"


@dataclass(frozen=True, slots=True)
class JourneyDifference:
    """What a reload means for one journey."""

    journey: str
    user: str
    what: Literal["deadline", "match", "path", "fails"]
    line: str
    """ "onboarding.py:24"."""
    error: str = ""
    """Of one that would fail: the exception."""


@dataclass(frozen=True, slots=True)
class ReloadReport:
    """What changed, and what that means for those who wait."""

    changed: tuple[str, ...]
    """Workflows with other code."""
    added: tuple[str, ...]
    removed: tuple[str, ...]
    waiting: int
    """Journeys that wait in the changed workflows."""
    tally: ReloadTally
    tallies: Mapping[str, tuple[int, ReloadTally]] = field(default_factory=dict)
    """The same of each changed workflow: how many wait, and what it means for them."""
    journeys: tuple[JourneyDifference, ...] = ()
    """The first of those that are touched."""

    @property
    def whole(self) -> bool:
        """Whether all who wait were looked at."""
        return self.tally.looked_at >= self.waiting

    @property
    def summary(self) -> str:
        """One line."""
        if self.changed:
            return summary(self.tally, self.waiting)
        words = [f"new: {', '.join(self.added)}"] if self.added else []
        if self.removed:
            words.append(f"deleted: {', '.join(self.removed)}; its waiting journeys are kept")
        return " · ".join(words) or "nothing has changed"

    def facts(self, workflow: str) -> dict[str, Any]:
        """What the history keeps of it for one workflow."""
        if workflow not in self.tallies:
            return {}
        waiting, tally = self.tallies[workflow]
        return {"summary": summary(tally, waiting), "waiting": waiting, **tally.as_json()}


class DryDrive:
    """Drives those who wait against other code, in a thread that can be given up.

    Args:
        workflows: the new code.
        changed: names of those to look at.
        limit: journeys, at the most.
        seconds: how long it may take; None: as long as it takes.
    """

    def __init__(
        self,
        path: Path,
        workflows: Mapping[str, Workflow],
        changed: Collection[str],
        *,
        limit: int = LIMIT_JOURNEYS,
        seconds: float | None = None,
    ) -> None:
        self._path = path
        self._workflows = dict(workflows)
        self._changed = sorted(changed)
        self._limit = limit
        self._seconds = seconds
        self._stop_at = 0.0
        self._watch = ThreadMonitor()
        self._hung: set[int] = set()
        self._error: Exception | None = None
        self.stopped = False
        self.tallies: dict[str, tuple[int, ReloadTally]] = {}
        self.journeys: list[JourneyDifference] = []

    def run(self) -> None:
        """Look until all are looked at, the limit or the time is over, or `stopped` is set.

        Raises:
            StoreError: the store cannot be read.
        """
        self._stop_at = time.monotonic() + (self._seconds if self._seconds is not None else 1e9)
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
        thread = threading.Thread(target=self._look, args=(self._watch,), name="dry-drive", daemon=True)
        thread.start()
        return thread

    def _look(self, watch: ThreadMonitor) -> None:
        listen_to_drives(watch)
        tallies: dict[str, tuple[int, ReloadTally]] = {}
        journeys: list[JourneyDifference] = []
        store: ReadOnlyStore | None = None
        try:
            store = ReadOnlyStore(self._path)
            # Each page is read as of its own moment.
            store.let_moment_go()
            for name in self._changed:
                tallies[name] = self._look_in(store, watch, name, journeys)
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
            self.tallies, self.journeys = tallies, journeys

    def _look_in(
        self, store: ReadOnlyStore, watch: ThreadMonitor, name: str, listed: list[JourneyDifference]
    ) -> tuple[int, ReloadTally]:
        tally = ReloadTally()
        workflow_id = store.find_name(name)
        if workflow_id is None:
            return 0, tally
        waiting, last = count_waiting(store, workflow_id), last_journey(store)
        after: int = 0
        while waiting and after < last and not self._is_over(tally):
            with store.one_moment():
                after = self._look_at_page(store, watch, workflow_id, after, tally, listed)
        return waiting, tally

    def _look_at_page(
        self,
        store: ReadOnlyStore,
        watch: ThreadMonitor,
        workflow_id: int,
        after: int,
        tally: ReloadTally,
        listed: list[JourneyDifference],
    ) -> int:
        unit = StoreUnit(store, self._workflows, {})
        batch = Batch(unit, Routes({}), watch=watch)
        journeys = unit.journeys_among(workflow_id, after, after + WINDOW, PAGE)
        unit.load_passes(journeys)
        openings = Openings(unit, journeys)
        for journey in journeys:
            if self._is_over(tally):
                return int(journey.id) - 1
            found = _hung(journey) if journey.id in self._hung else dry_run(batch, journey, openings)
            tally.add(found)
            if found.what != "same" and len(listed) < LISTED:
                listed.append(_listed(journey, found))
        unit.release()
        return int(journeys[-1].id) if len(journeys) == PAGE else after + WINDOW

    def _is_over(self, tally: ReloadTally) -> bool:
        return self.stopped or tally.looked_at >= self._limit or time.monotonic() > self._stop_at


def _hung(journey: JourneyState) -> Difference:
    assert journey.workflow is not None
    return Difference("fails", (journey.workflow.path, journey.workflow.line), "Hung")


def _listed(journey: JourneyState, found: Difference) -> JourneyDifference:
    assert journey.workflow is not None
    assert found.what != "same"
    id = journey.text_id(journey.workflow.name)
    return JourneyDifference(id, journey.user.name, found.what, found.line, found.error)


def report(
    path: Path,
    running: Mapping[str, Workflow],
    workflows: Mapping[str, Workflow],
    *,
    limit: int = LIMIT_JOURNEYS,
    seconds: float | None = None,
) -> ReloadReport:
    """What it would mean to go over from the workflows that run to others. Nothing is written.

    Args:
        limit: journeys of each workflow that are looked at, at the most.
        seconds: how long the look may take; None: as long as it takes.

    Raises:
        StoreError: the store cannot be read.
    """
    changed = [
        name
        for name, workflow in workflows.items()
        if name in running and workflow.code != running[name].code
    ]
    look = DryDrive(path, workflows, changed, limit=limit, seconds=seconds)
    if changed:
        look.run()
    whole = ReloadTally()
    for _, tally in look.tallies.values():
        whole.merge(tally)
    return ReloadReport(
        tuple(sorted(changed)),
        tuple(sorted(set(workflows) - set(running))),
        tuple(sorted(set(running) - set(workflows))),
        sum(waiting for waiting, _ in look.tallies.values()),
        whole,
        look.tallies,
        tuple(look.journeys),
    )
