"""The events of real users through two versions of a workflow.

What the workflow sent itself arises anew; what others sent stays. Steps give what they gave then, else what
a stub says; where neither is there, nothing is known from there on. The version that was running must first
give the recorded histories: whom it does not is counted before anything else.

What people would have done is not known: they might have acted otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.engine.effects import capture
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.kernel.partition import Partition
from studio.kernel.records import Launch, StepResult
from studio.language.commands import key_text
from studio.language.definition import Workflow
from studio.reports.backtest.past import Past, PastAttempt, Turning, past_of, turnings_of, way
from studio.reports.one_user import OneUser, UserDrives
from studio.store.views import Views
from studio.text import json_text as jsontext

MOST_CAUSES = 100_000
"""Of one user."""


@dataclass(frozen=True, slots=True)
class Lived:
    """What a version made of a user's past."""

    turnings: list[Turning]
    unknown: str | None
    """The step whose result nobody knows; what came later is left out."""


@dataclass(slots=True)
class Parted:
    """Somebody who would have gone another way."""

    user: str
    line: str | None
    """Where the ways part, in the newer version where it has a line there."""
    before: str
    """What the older version did there."""
    after: str
    """What the newer did."""
    more: dict[str, int]
    """Steps, messages and events by name: how many more, below zero fewer, in the newer version."""


@dataclass(slots=True)
class Backtest:
    """What both versions make of the users of a store."""

    users: int = 0
    not_as_recorded: list[str] = field(default_factory=list)
    """Of whom the older version does not give the recorded history: nothing is said of them."""
    by_hand: int = 0
    """Of these, those with things that were done by hand."""
    unknown: dict[str, list[str]] = field(default_factory=dict)
    """Of whom nothing is known from some step on: users by the step."""
    same: int = 0
    other_times: list[str] = field(default_factory=list)
    """Who would have gone the same way at other times."""
    parted: list[Parted] = field(default_factory=list)

    @property
    def more(self) -> Counter[str]:
        """How many more there would have been of each step, message and event."""
        found: Counter[str] = Counter()
        for each in self.parted:
            found.update(each.more)
        return Counter({name: n for name, n in found.items() if n})


class LivedVersion:
    """A version of the workflow, by which users' pasts are lived again.

    Args:
        workflows: all of that version; only the named one is driven.
        seed: that of the store.
        until: the moment up to which all is known, milliseconds since 1970, UTC.
        stubs: results of steps, by name.
    """

    def __init__(
        self,
        name: str,
        workflows: Mapping[str, Workflow],
        monitor: ThreadMonitor,
        seed: str,
        until: int,
        stubs: Mapping[str, Any],
    ) -> None:
        self._name = name
        self._drives = UserDrives.of({name: workflows[name]}, monitor)
        self._seed, self._until, self._stubs = seed, until, stubs

    def live(self, past: Past) -> Lived:
        """Live a user's past again."""
        unit = Partition(past.user, self._drives.workflows, self._seed, self._seed, self._drives.codes)
        life = _Life(unit, self._drives, past, self._stubs)
        life.go(self._until)
        return Lived(turnings_of(unit, self._name), life.unknown)


class _Life:
    def __init__(self, unit: Partition, drives: UserDrives, past: Past, stubs: Mapping[str, Any]) -> None:
        self.unknown: str | None = None
        self._life = OneUser(unit, drives, self._launch)
        self._unit, self._past, self._stubs = unit, past, stubs
        self._used: Counter[tuple[str, int, str]] = Counter()
        for event in past.events:
            assert event.at is not None
            self._life.at(event.at, lambda at, event=event: self._come(event, at))  # type: ignore[misc]

    def go(self, until: int) -> None:
        self._life.go(until, MOST_CAUSES, lambda: self.unknown is not None)
        self._life.close()

    def _come(self, event: Any, at: int) -> None:
        self._life.carry_out(lambda transition: transition.event(event, at), at)

    def _launch(self, launch: Launch, at: int) -> None:
        attempt = self._attempt(launch)
        if attempt is None:
            self.unknown = self.unknown or launch.command.name
            return
        result = StepResult(launch, attempt.result, attempt.type, attempt.message)
        self._life.at(at + attempt.took_ms, lambda moment: self._life.ended(result, moment))

    def _attempt(self, launch: Launch) -> PastAttempt | None:
        """What the step gave then; at another place of the code, what one of its name gave last."""
        name = launch.command.name
        step = (launch.info.journey, launch.pass_no, key_text(launch.key))
        recorded = self._past.steps.get(step)
        if recorded is not None and self._used[step] < len(recorded):
            self._used[step] += 1
            return recorded[self._used[step] - 1]
        if name in self._stubs:
            return PastAttempt(0, jsontext.dumps(self._stubs[name]))
        given = [each for each in self._past.by_name.get(name, ()) if each.result is not None]
        return PastAttempt(0, given[-1].result) if given else None


def backtest(
    views: Views,
    name: str,
    before: Mapping[str, Workflow],
    after: Mapping[str, Workflow],
    *,
    until: int,
    since: int | None,
    stubs: Mapping[str, Any],
    tell: Callable[[int], None] | None = None,
    gone: Callable[[], bool] = lambda: False,
) -> Backtest:
    """Live the past of all users who entered the workflow by both versions.

    Args:
        before: the version that was running.
        since: only who entered then or later, milliseconds since 1970, UTC.
        gone: asked after each user; once it says yes, what there is so far is all.
    """
    found = Backtest()
    monitor = ThreadMonitor()
    capture.install()
    try:
        capture.listen_to_drives(monitor)
        one, other = (
            LivedVersion(name, workflows, monitor, views.seed(), until, stubs)
            for workflows in (before, after)
        )
        for user in views.entered(name, since):
            found.users += 1
            _hold(found, past_of(views, user, name), one, other)
            if tell is not None:
                tell(found.users)
            if gone():
                break
    finally:
        capture.uninstall()
    return found


def _hold(found: Backtest, past: Past, one: LivedVersion, other: LivedVersion) -> None:
    first = one.live(past)
    if first.unknown is not None or _timed(first.turnings) != _timed(past.turnings):
        found.not_as_recorded.append(past.user)
        found.by_hand += past.acts > 0
        return
    second = other.live(past)
    if second.unknown is not None:
        found.unknown.setdefault(second.unknown, []).append(past.user)
        return
    if way(first.turnings) == way(second.turnings):
        if _timed(first.turnings) == _timed(second.turnings):
            found.same += 1
        else:
            found.other_times.append(past.user)
        return
    found.parted.append(_parted(past.user, first.turnings, second.turnings))


def _timed(turnings: list[Turning]) -> list[tuple[int, str, str | None, str | None]]:
    return [(each.at, each.kind, each.key, each.arm) for each in turnings]


def _parted(user: str, first: list[Turning], second: list[Turning]) -> Parted:
    one, other = way(first), way(second)
    shorter = min(len(one), len(other))
    at = next((n for n in range(shorter) if one[n] != other[n]), shorter)
    here = second[at] if at < len(second) else None
    there = first[at] if at < len(first) else None
    line = next((each.line for each in (here, there) if each is not None and each.line), None)
    done = Counter(_done(second))
    done.subtract(Counter(_done(first)))
    return Parted(user, line, _words(there), _words(here), {name: n for name, n in done.items() if n})


def _done(turnings: list[Turning]) -> Iterator[str]:
    """What people would have noticed: steps that were done, messages and events that were sent."""
    for each in turnings:
        if each.kind in ("step.done", "message.sent"):
            yield f"{each.kind.partition('.')[0]} {each.name}"
        elif each.kind == "event":
            yield f"event {each.name}"
        elif each.kind in ("journey.completed", "journey.failed", "journey.exited"):
            yield each.kind


def _words(turning: Turning | None) -> str:
    if turning is None:
        return "nothing more"
    return " ".join(part for part in (turning.kind, turning.name, turning.arm) if part)
