"""Drive a waiting journey against code that may be another than it waits by, and say what differs.

Nothing is written: the drive goes through what is recorded, and ends at the first command that
has neither an outcome nor an open wait. What it comes to is a `Difference`; the reload acts on
it (`go_over.py`), and the report beforehand counts them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from studio.kernel.drive import Abandoned, Blocked, End, Failed, Outcome, drive
from studio.kernel.journey_reader import replayed_journey
from studio.kernel.ports import UnitOfWork
from studio.kernel.replay import Replay
from studio.kernel.state import JourneyState, Record, WaitState
from studio.kernel.transition import Transition
from studio.language.commands import (
    Collect,
    Command,
    Group,
    Ingest,
    Key,
    NewPass,
    Place,
    Sleep,
    Split,
    Step,
    Until,
    Wait,
    key_text,
)
from studio.language.journey import Journey
from studio.text import json_text as jsontext

What = Literal["same", "deadline", "match", "path", "fails"]


@dataclass(slots=True)
class Difference:
    """What other code means for one waiting journey."""

    what: What = "same"
    place: Place | None = None
    """Where the new code goes another way, or what it was that changed."""
    error: str = ""
    """Of one that would fail: the exception."""
    changed: dict[int, tuple[WaitState, dict[str, Any]]] = field(default_factory=dict)
    """Open waits that go on with another timeout, duration or other members, by their seq."""
    reopened: list[WaitState] = field(default_factory=list)
    """Open waits whose match is another: they end, and the new ones look at the history."""
    other_record: Place | None = None
    """A wait that is answered by a record made for another match."""
    recorded: int = 0
    """How many commands were answered by what is recorded, before the first that was not."""

    @property
    def line(self) -> str:
        """ "onboarding.py:24"; "" when there is no place."""
        return "" if self.place is None else f"{os.path.basename(self.place[0])}:{self.place[1]}"


class AnsweredBy(Protocol):
    """Knows what the waits of some journeys were opened with."""

    def differs(self, journey: JourneyState, wait: Wait, record: Record) -> bool:
        """Whether an outcome was recorded for another match than this wait has."""


def same_match(stored: Any, match: Any) -> bool:
    """Whether a wait has the match that was stored of it."""
    return stored == match or jsontext.dumps(stored) == jsontext.dumps(match)


class _DryRun(Replay):
    """Answers from what is recorded, and notes where that ends."""

    def __init__(
        self, work: UnitOfWork, state: JourneyState, journey: Journey, openings: AnsweredBy | None
    ) -> None:
        super().__init__(work, state, journey)
        self.found = Difference()
        self.last: Place | None = None
        self._openings = openings

    def __call__(self, command: Command[Any]) -> Outcome | None:
        self.last = command.place
        outcome = self._attempt(command)
        if outcome is None:
            if isinstance(command, NewPass):
                self._leave(command)
        else:
            self.found.recorded += 1
        return outcome

    def _leave(self, command: Command[Any]) -> None:
        """The new code does what has not been done."""
        if self.found.what != "path":
            self.found.what, self.found.place = "path", command.place

    def _attempt(self, command: Command[Any]) -> Outcome | None:
        if (record := self.record_of(command)) is not None:
            return self.recorded(command, record)
        if (outcome := self.taken(command)) is not None:
            # It will be recorded by a drive; this one leaves nothing.
            return outcome
        if isinstance(command, Ingest | Split):
            self._leave(command)
        elif isinstance(command, Group):
            self._attempt_group(command)
        elif isinstance(command, Wait | Sleep | Step):
            self._compare(command)
        return None

    def recorded(self, command: Command[Any], record: Record) -> Outcome:
        """The outcome of a command, from its record."""
        openings, found = self._openings, self.found
        if openings is not None and found.other_record is None and isinstance(command, Wait):
            found.other_record = command.place if openings.differs(self.state, command, record) else None
        return super().recorded(command, record)

    def _attempt_group(self, group: Group) -> None:
        if self.is_group_over(group, [self._attempt(member) for member in group.members]):
            self._leave(group)
        else:
            self._compare(group)

    def _compare(self, command: Wait | Sleep[Any] | Step[Any] | Group) -> None:
        """An open wait goes on, with another length or match perhaps; what is not open is new."""
        opened = self.state.opened.get(command.key)
        if opened is None:
            self._leave(command)
            return
        if isinstance(command, Step):
            return
        now: dict[str, Any]
        if isinstance(command, Sleep):
            now = _sleeps(command, opened)
        elif isinstance(command, Wait):
            now = _waits(command, opened)
        else:
            now = {"timeout": command.timeout}
        if isinstance(command, Group):
            now["members"] = [key_text(member.key) for member in command.members]
        spec = opened.spec
        other = {name: value for name, value in now.items() if spec.get(name) != value}
        if isinstance(command, Wait) and not same_match(spec.get("match"), command.match):
            self.found.reopened.append(opened)
            self._note("match", command.place)
        elif other:
            self.found.changed[opened.id] = (opened, other)
            if "timeout" in other or "duration" in other:
                self._note("deadline", command.place)

    def _note(self, what: What, place: Place) -> None:
        order = ("same", "deadline", "match", "path")
        if order.index(what) > order.index(self.found.what):
            self.found.what, self.found.place = what, place


def _waits(wait: Wait, opened: WaitState) -> dict[str, Any]:
    """What is to be recorded of an open wait by now."""
    spec = opened.spec
    if not isinstance(wait, Collect):
        return {"timeout": wait.timeout, **({"collect": None} if spec.get("collect") else {})}
    # What has begun goes on by what ends it; its deadline is looked at again when it comes.
    return {"collect": wait.facts(), **({} if "begun" in spec else {"timeout": wait.timeout})}


def _sleeps(sleep: Sleep[Any], opened: WaitState) -> dict[str, Any]:
    """What is to be recorded of an open sleep by now."""
    spec = opened.spec
    if not isinstance(sleep, Until):
        local = {"local": None, "zone": None, "zone_from": None} if spec.get("local") else {}
        return {"duration": sleep.duration, **local}
    facts = sleep.facts()
    # The moment stays, whatever a newer database of zones says: it is found anew only for another wish.
    theirs = spec.get("zone_from") == "profile" or sleep.zone_from == "profile"
    if spec.get("local") == facts["local"] and (theirs or spec.get("zone") == sleep.zone):
        return {}
    return {"duration": sleep.duration, **facts}


def dry_run(transition: Transition, state: JourneyState, openings: AnsweredBy | None = None) -> Difference:
    """What the code that is loaded now means for a waiting journey whose pass was read.

    Args:
        openings: to see also what is answered by a record made for another match.
    """
    return dry_drive(transition, state, openings)[0]


def dry_drive(
    transition: Transition, state: JourneyState, openings: AnsweredBy | None = None
) -> tuple[Difference, End]:
    """The same, and how the drive ended."""
    workflow = state.workflow
    assert workflow is not None
    work = transition.work
    journey = replayed_journey(work, state, workflow, _mute)
    answers = _DryRun(work, state, journey, openings)
    monitor = transition.monitor
    monitor.begin(journey, state.id)
    try:
        end = drive(workflow, journey, answers)
    finally:
        monitor.over()
    if monitor.abandoned:
        raise Abandoned
    found = answers.found
    if isinstance(end, Failed):
        found.what, found.error = "fails", end.type
        found.place = _place_of(end) or answers.last or (workflow.path, workflow.line)
    elif not isinstance(end, Blocked):
        found.what, found.place = "path", found.place or answers.last or (workflow.path, workflow.line)
    elif found.what != "path" and _strays(state, end.command):
        found.what, found.place = "path", end.command.place
    return found, end


def _mute(journey: Journey, level: str, message: str, place: Place) -> None:
    """What is said while looking is not said."""


def _place_of(end: Failed) -> Place | None:
    file, _, number = end.line.rpartition(":")
    return (file, int(number)) if file and number.isdecimal() else None


def _strays(state: JourneyState, command: Command[Any]) -> bool:
    """Whether something is open that the journey does not wait for any more."""
    kept = set(keys_of(command))
    return any(key not in kept for key in state.opened)


def keys_of(command: Command[Any]) -> Iterable[Key]:
    """The keys of a command and of its members."""
    yield command.key
    if isinstance(command, Group):
        for member in command.members:
            yield from keys_of(member)
