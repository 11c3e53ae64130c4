"""One journey goes over to other code: it is driven by what is loaded now, once.

A journey that differs gets an entry, `journey.moved`, which is the cause of all that follows from it: waits
with another length go on with another deadline, waits that are no longer there end, and the journey goes
where the code leads now. One that does not differ gets no row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.kernel.decisions import Deciding, Open, Speak
from studio.kernel.dry_run import Difference, dry_run
from studio.kernel.records import Cause
from studio.kernel.resolver import CommandResolver
from studio.kernel.state import JourneyState, WaitState
from studio.kernel.transition import Transition
from studio.language.commands import Command, Key, Wait
from studio.language.kinds import Kind, Status
from studio.language.names import Names
from studio.text import json_text as jsontext

MOST_TURNS = 10
"""How often in a row one journey is driven, until it waits by what the code says."""


def move_journey(
    transition: Transition, state: JourneyState, loaded: int | None, at: int, cause: int | None = None
) -> Difference:
    """Drive one waiting journey by the code that is loaded now; what it sends is left in the queue.

    Args:
        loaded: number of the entry that says that the code was loaded; None where none says so.
    """
    transition.work.load_passes((state,))
    transition.journeys.leave(state, Cause(at, cause))
    if state.status != Status.WAITING:
        return Difference("fails")
    start = transition.work.seq
    first: Difference | None = None
    for _ in range(MOST_TURNS):
        quarantine = transition.journeys.quarantine
        if quarantine is not None and (killed := quarantine.name(state)) is not None:
            transition.journeys.fail(state, Cause(at, cause), killed)
            return Difference("fails")
        hung = state.id in transition.monitor.quarantined
        found = Difference("fails") if hung else dry_run(transition, state)
        if quarantine is not None:
            quarantine.came_back()
        first = first or found
        if found.what == "same" and not found.changed:
            break
        _go_over(transition, state, found, loaded, at, cause, start)
        # On its new way it may have come to where it waited before, by another match or length.
        if found.what in ("same", "deadline") or state.status != Status.WAITING or not state.opened:
            break
    assert first is not None
    return first


def _go_over(
    transition: Transition,
    state: JourneyState,
    found: Difference,
    loaded: int | None,
    at: int,
    cause: int | None,
    start: int,
) -> None:
    unit = transition.work
    facts: dict[str, Any] = {"what": found.what}
    if loaded is not None:
        facts = {"loaded": loaded, **facts}
    if found.changed:
        facts["waits"] = {str(seq): other for seq, (_, other) in found.changed.items()}
    place = None if found.place is None else unit.place_id(found.place)
    # Between two causes it is one of its own; within a cause it belongs to that.
    data = jsontext.dumps(facts)
    user, name = state.user.id, state.workflow_id
    seq = unit.append(at, Kind.MOVED, user, state, name, None, place, cause, data)
    for wait, other in found.changed.values():
        _lengthen(transition, wait, other, at)
    if found.what in ("same", "deadline"):
        return
    moved = Cause(at, seq, outside=True)
    since = {}
    for wait in found.reopened:
        since[wait.key] = (_opened_at(transition, wait), wait.after)
        transition.waits.close(wait, moved)

    def make(*given: Any) -> CommandResolver:
        return _MovingResolver(found.recorded, since, start, *given)

    transition.go_over(state, moved, make)


def _lengthen(transition: Transition, wait: WaitState, other: Mapping[str, Any], at: int) -> None:
    """An open wait goes on with another length, counted from when it was opened."""
    wait.spec.update(other)
    if "timeout" not in other and "duration" not in other:
        return
    length = other.get("timeout", other.get("duration"))
    # What has passed already is due now.
    due = None if length is None else max(_opened_at(transition, wait) + length, at)
    transition.work.set_due(wait, due)
    if due is not None:
        transition.waits.add_timer(wait)


def _opened_at(transition: Transition, wait: WaitState) -> int:
    """When a wait was opened; of one whose match was changed, when it was opened first."""
    since: int | None = wait.spec.get("since")
    if since is None:
        since = transition.work.moment_of(wait.id)
    assert since is not None
    return since


class _MovingResolver(CommandResolver):
    """Resolves the commands of a drive that leaves the way that is recorded.

    Up to there nothing is said again. From there on the journey stands at the moment of the
    reload, and sees all that has come till then.

    Args:
        recorded: how many commands are answered by what is recorded, before the first that is not.
        since: when waits whose match was changed were opened, and what they have not looked at.
        start: nothing of the journey that is not written stands before this entry.
    """

    __slots__ = ("_arrived", "_floor", "_left", "_since", "_start")

    def __init__(self, recorded: int, since: Mapping[Key, tuple[int, int]], start: int, *given: Any) -> None:
        super().__init__(*given)
        self._start = start
        self._left = recorded
        self._since = since
        self._arrived = False
        if not recorded:
            self.mute_since = start

    def at_once(self, command: Command[Any]) -> None:
        """Nothing: each command is counted."""

    def resolve(self, command: Command[Any]) -> Deciding:
        """Decide what a command comes to."""
        if not self._left and not self._arrived:
            self._arrived = True
            self._stand_at_cause()
        outcome = yield from super().resolve(command)
        if self._left:
            self._left -= 1
            if not self._left:
                # From here on what is said counts.
                yield Speak(self._start)
        return outcome

    def _after(self, wait: Wait) -> int:
        # A wait whose match was changed looks at what it might have seen since it was opened.
        if wait.past is False and (known := self._since.get(wait.key)) is not None:
            return known[1]
        return super()._after(wait)

    def _opening(
        self, command: Command[Any], kind: int, wanted: Names | None, duration: int | None, data: str | None
    ) -> Open:
        known = self._since.get(command.key)
        if known is None:
            return super()._opening(command, kind, wanted, duration, data)
        # Its time counts on from when it was opened first.
        facts = {**(jsontext.loads(data) if data else {}), "since": known[0]}
        left = None if duration is None else max(known[0] + duration - self.cause.at, 0)
        return super()._opening(command, kind, wanted, left, jsontext.dumps(facts))
