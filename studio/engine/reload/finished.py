"""Who has finished in a workflow, and would go on by the code of now: counted by driving them dry.

A step that is appended reaches nobody who was through before, unless somebody says so: `start NAME --from
completed` has them go on (`kernel/reopening.py`). This says beforehand how many would then stand where.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from studio.engine.reload.dry_thread import DryPages
from studio.engine.work.batch import Batch
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.unit_of_work import StoreUnit
from studio.kernel.finished_dry_run import Reopening, would_reopen
from studio.kernel.state import JourneyState
from studio.language.definition import Workflow
from studio.language.kinds import Status
from studio.language.names import REOPEN
from studio.store.read_journeys import count_in
from studio.store.read_only_store import ReadOnlyStore
from studio.text import json_text as jsontext

"""Journeys, by their numbers, among which a page looks for those that have finished."""
COMPLETED = (Status.COMPLETED,)
FINISHED = (Status.COMPLETED, Status.IDLE)
"""Also those whose last pass ended without a result: the next trigger begins another."""
NO_LIMIT = 1 << 62

Count = dict[str, int]


@dataclass(slots=True)
class FinishedTally:
    """What going on means for those who have finished in one workflow."""

    finished: int = 0
    """How many there are, with all that a user had in it."""
    looked_at: int = 0
    """Of each user, and each value of `key=`, the newest."""
    goes_on: Count = field(default_factory=dict)
    """ "onboarding.py:24 step:offer#0": how many would stand before that."""
    ends: int = 0
    """Who would only end again."""
    fails: Count = field(default_factory=dict)
    """ "KeyError at onboarding.py:20": how many would fail so."""
    stays: Count = field(default_factory=dict)
    """Why they cannot go on: how many."""

    @property
    def going_on(self) -> int:
        """How many would go on."""
        return sum(self.goes_on.values())

    def add(self, found: Reopening) -> None:
        """Count one."""
        self.looked_at += 1
        if found.goes_on:
            _count(self.goes_on, f"{found.line} {found.what}")
        elif found.why_not:
            _count(self.stays, found.why_not)
        elif found.error:
            _count(self.fails, f"{found.error} at {found.line}")
        else:
            self.ends += 1

    def lines(self) -> list[str]:
        """How many would then stand where, a line each, the most first."""
        told = [(n, f"would go on at {_at(where)}") for where, n in self.goes_on.items()]
        told += [(n, f"would fail: {error}") for error, n in self.fails.items()]
        told += [(n, f"stay as they are: {reason}") for reason, n in self.stays.items()]
        if self.ends:
            told.append((self.ends, "would only end again"))
        told.sort(key=lambda each: (-each[0], each[1]))
        width = max((len(f"{n:,}") for n, _ in told), default=1)
        return [f"{n:>{width},} {words}" for n, words in told]

    def as_json(self) -> dict[str, Any]:
        """Its numbers."""
        return {
            "finished": self.finished,
            "looked_at": self.looked_at,
            "goes_on": self.going_on,
            "at": {_at(where): n for where, n in self.goes_on.items()},
            "ends": self.ends,
            "fails": self.fails,
            "stays": self.stays,
        }


def _count(counts: Count, what: str) -> None:
    counts[what] = counts.get(what, 0) + 1


def _at(where: str) -> str:
    """ "onboarding.py:24, step offer"."""
    line, _, key = where.partition(" ")
    family, mark, name = key.replace("=", ":", 1).partition(":") if "=" in key else key.partition(":")
    if not mark:
        family = family.partition("#")[0]
    word = {"any": "wait_any", "all": "wait_all"}.get(family, family)
    return f"{line}, {word} {name if '=' in key else name.rpartition('#')[0]}".rstrip()


def told_at_save(name: str, tally: FinishedTally) -> str:
    """What a save says of them; "" when nobody would go on.

    "12 have completed and would go on, at :24; `start onboarding --from completed` takes them on"
    """
    count = tally.going_on
    if not count:
        return ""
    lines = dict.fromkeys(where.partition(" ")[0] for where in sorted(tally.goes_on, key=tally.goes_on.get))  # type: ignore[arg-type]
    shown = " ".join(line[line.rindex(":") :] for line in list(lines)[::-1][:3])
    more = f" of the {tally.looked_at:,} looked at" if tally.looked_at < tally.finished else ""
    who = f"{count:,}{more} {'has' if count == 1 else 'have'} completed and would go on, at {shown}"
    return f"{who}; `start {name} --from completed` takes {'it' if count == 1 else 'them'} on"


class Finisher(NamedTuple):
    """Somebody who would go on."""

    user: str
    key: str
    """The value of the `key=` field as JSON; "" without."""


def asking(workflow: Workflow, who: Finisher) -> tuple[str, str, dict[str, Any] | None]:
    """The event that has somebody go on: its name, user and data."""
    data = {workflow.key: jsontext.loads(who.key)} if workflow.key is not None and who.key else None
    return REOPEN + workflow.name, who.user, data


Found = tuple[dict[str, FinishedTally], list[Finisher]]


class FinishedDrive(DryPages[Found]):
    """Drives those who have finished by the code of now, writing nothing.

    Args:
        workflows: the code.
        names: of the workflows to look at.
        statuses: how they have finished.
        users: only these; None: all.
        limit: journeys, at the most.
    """

    def __init__(
        self,
        path: Path,
        workflows: Mapping[str, Workflow],
        names: Collection[str],
        *,
        statuses: Sequence[int] = COMPLETED,
        users: Collection[str] | None = None,
        limit: int = NO_LIMIT,
    ) -> None:
        super().__init__(path, workflows, limit)
        self._names = sorted(names)
        self._statuses = statuses
        self._users = users

    @property
    def tallies(self) -> dict[str, FinishedTally]:
        """By workflow."""
        return {} if self.found is None else self.found[0]

    @property
    def people(self) -> list[Finisher]:
        """Those who would go on."""
        return [] if self.found is None else self.found[1]

    def _look(self, store: ReadOnlyStore, watch: ThreadMonitor) -> Found:
        tallies: dict[str, FinishedTally] = {}
        people: list[Finisher] = []
        for name in self._names:
            tally = tallies[name] = FinishedTally()
            if (workflow_id := store.find_name(name)) is not None:
                tally.finished = count_in(store, workflow_id, self._statuses)
            if workflow_id is not None and tally.finished:
                among = partial(self._among, workflow_id)
                self._go_through(store, watch, tally, among, partial(self._page, tally, people))
        return tallies, people

    def _among(
        self, workflow_id: int, unit: StoreUnit, after: int, upto: int, most: int
    ) -> list[JourneyState]:
        return unit.finished_among(workflow_id, self._statuses, after, upto, most)

    def _page(
        self, tally: FinishedTally, people: list[Finisher], batch: Batch, journeys: list[JourneyState]
    ) -> None:
        for journey in journeys:
            if self._is_over(tally):
                return
            if self._users is not None and journey.user.name not in self._users:
                continue
            assert journey.workflow is not None
            if journey.id in self._hung:
                path, line = journey.workflow.path, journey.workflow.line
                found = Reopening(False, f"{os.path.basename(path)}:{line}", error="Hung")
            else:
                found = would_reopen(batch, journey)
            tally.add(found)
            if found.goes_on:
                people.append(Finisher(journey.user.name, journey.key))
