"""What a reload means for those who wait, before it happens: counted by driving them dry.

Read-only and beside the running engine: page by page, each in a snapshot of its own, so that
the write-ahead log does not grow behind one long look.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from studio.engine.reload.dry_thread import DryPages
from studio.engine.reload.finished import FinishedDrive, FinishedTally, told_at_save
from studio.engine.reload.openings import Openings
from studio.engine.work.batch import Batch
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.unit_of_work import StoreUnit
from studio.kernel.dry_run import Difference, dry_run
from studio.kernel.state import JourneyState
from studio.language.definition import Workflow
from studio.store.read_journeys import count_waiting
from studio.store.read_only_store import ReadOnlyStore

LIMIT_JOURNEYS = 100_000
"""So many are looked at beforehand, at the most."""
LIMIT_FINISHED = 10_000
"""So many of those who have completed are looked at, at the most."""
FINISHED_SECONDS = 2.0
"""How long that may take where nobody waits for the report: what is told of them is an offer."""
LISTED = 1_000
"""Journeys with a difference that a report names one by one."""
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
    finished: Mapping[str, FinishedTally] = field(default_factory=dict)
    """Of each changed workflow: who has completed it, and would go on if told so."""

    @property
    def whole(self) -> bool:
        """Whether all who wait were looked at."""
        return self.tally.looked_at >= self.waiting

    @property
    def summary(self) -> str:
        """One line."""
        if self.changed:
            return "; ".join((summary(self.tally, self.waiting), *self._told_finished(self.changed)))
        words = [f"new: {', '.join(self.added)}"] if self.added else []
        if self.removed:
            words.append(f"deleted: {', '.join(self.removed)}; its waiting journeys are kept")
        return " · ".join(words) or "nothing has changed"

    def facts(self, workflow: str) -> dict[str, Any]:
        """What the history keeps of it for one workflow."""
        if workflow not in self.tallies:
            return {}
        waiting, tally = self.tallies[workflow]
        told = "; ".join((summary(tally, waiting), *self._told_finished((workflow,))))
        return {"summary": told, "waiting": waiting, **tally.as_json()}

    def _told_finished(self, names: Collection[str]) -> list[str]:
        """What is to be said of those who have completed these workflows."""
        told = [told_at_save(name, self.finished[name]) for name in names if name in self.finished]
        return [words for words in told if words]


Seen = tuple[dict[str, tuple[int, ReloadTally]], list[JourneyDifference]]


class DryDrive(DryPages[Seen]):
    """Drives those who wait against other code.

    Args:
        workflows: the new code.
        changed: names of those to look at.
        limit: journeys, at the most.
    """

    def __init__(
        self,
        path: Path,
        workflows: Mapping[str, Workflow],
        changed: Collection[str],
        *,
        limit: int = LIMIT_JOURNEYS,
    ) -> None:
        super().__init__(path, workflows, limit)
        self._changed = sorted(changed)

    @property
    def tallies(self) -> dict[str, tuple[int, ReloadTally]]:
        """Of each workflow: how many wait, and what it means for them."""
        return {} if self.found is None else self.found[0]

    @property
    def journeys(self) -> list[JourneyDifference]:
        """The first of those that are touched."""
        return [] if self.found is None else self.found[1]

    def _look(self, store: ReadOnlyStore, watch: ThreadMonitor) -> Seen:
        journeys: list[JourneyDifference] = []
        return {name: self._look_in(store, watch, name, journeys) for name in self._changed}, journeys

    def _look_in(
        self, store: ReadOnlyStore, watch: ThreadMonitor, name: str, listed: list[JourneyDifference]
    ) -> tuple[int, ReloadTally]:
        tally = ReloadTally()
        workflow_id = store.find_name(name)
        if workflow_id is None:
            return 0, tally
        if waiting := count_waiting(store, workflow_id):
            among = partial(_among, workflow_id)
            self._go_through(store, watch, tally, among, partial(self._look_at_page, tally, listed))
        return waiting, tally

    def _look_at_page(
        self, tally: ReloadTally, listed: list[JourneyDifference], batch: Batch, journeys: list[JourneyState]
    ) -> None:
        openings = Openings(batch.unit, journeys)
        for journey in journeys:
            if self._is_over(tally):
                return
            found = _hung(journey) if journey.id in self._hung else dry_run(batch, journey, openings)
            tally.add(found)
            if found.what != "same" and len(listed) < LISTED:
                listed.append(_listed(journey, found))


def _among(workflow_id: int, unit: StoreUnit, after: int, upto: int, most: int) -> list[JourneyState]:
    return unit.journeys_among(workflow_id, after, upto, most)


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
    look = DryDrive(path, workflows, changed, limit=limit)
    finished = FinishedDrive(path, workflows, changed, limit=LIMIT_FINISHED)
    if changed:
        look.run(seconds)
        finished.run(FINISHED_SECONDS if seconds is None else seconds)
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
        finished.tallies,
    )
