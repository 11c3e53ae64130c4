"""One way through a journey: the real function, driven with an outcome chosen for each wait.

The function is driven with the engine's own `drive`; here stand the answers. They follow the
rules that the engine's answers follow (DESIGN §1 and §5), on a history that is a short list in
memory and begins with the event that starts the journey. What the history does not answer is
a decision: `choices` says which way it goes. An event that answers a wait comes at once, so that
the time of a way is the least that it takes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, Literal

from studio import jsontext
from studio.commands import Command, Group, Ingest, Key, NewPass, Place, Sleep, Step, Wait
from studio.definition import Workflow
from studio.engine.answers import MAX_PAUSE
from studio.engine.batch import MAX_PASSES
from studio.engine.drive import Again, End, Ended, Failed, Outcome, drive
from studio.engine.matching import MISSING, look_up, meets
from studio.event import Event
from studio.explorer.samples import USER, Sampled, Samples
from studio.explorer.ways import ROUNDS, Impossible, Member, Move, MoveKind, Way, WayEnd, goes_round
from studio.journey import Journey
from studio.names import IDENTIFY, Names
from studio.step_info import StepFailed
from studio.waited import Waited

MAX_MOVES = 2_000
"""Moves of one way: a loop that only sleeps goes on for ever without a decision."""
MOST_NAMED = 6
"""Members of a group that its title names."""
MAX_SAID = 200
"""Log lines of one way that are kept."""


class _Over(Exception):
    """The way ends at the command that is answered now."""

    def __init__(self, end: WayEnd) -> None:
        self.end = end


class _Ending:
    """How a command came to its end; `at` is None while it is still open."""

    __slots__ = ("at", "bound", "error", "hit", "outcome", "parts", "value")

    def __init__(
        self,
        at: int | None,
        hit: bool,
        value: Any,
        outcome: str,
        *,
        bound: int = 0,
        error: StepFailed | None = None,
    ) -> None:
        self.at = at
        self.hit = hit
        self.value = value
        self.outcome = outcome
        self.bound = bound
        self.error = error
        self.parts: tuple[tuple[Command[Any], _Ending | None], ...] = ()
        """Of a group: its members and how each came to its end."""


class Walker:
    """Goes one way through a workflow's function.

    Args:
        choices: which outcome to take at each decision; the first one after its end.
        depth: decisions after which the way is cut off.
        may_fail: whether a step's failure is to be tried, too.
        start: the moment at which the journey begins, milliseconds since 1970.
        pulse: is called at each command.
        trace: is told when the function begins to run where no other way was, and when it stops.
    """

    def __init__(
        self,
        workflow: Workflow,
        samples: Samples,
        choices: Sequence[int],
        *,
        depth: int,
        may_fail: Callable[[Place], bool],
        start: int,
        pulse: Callable[[], None],
        trace: Callable[[bool], None],
    ) -> None:
        self.workflow = workflow
        self.samples = samples
        self.moves: list[Move] = []
        self.journey: Journey | None = None
        self._choices = choices
        self._depth = depth
        self._may_fail = may_fail
        self._pulse = pulse
        self._trace = trace
        self._user = str(samples.user.get("id", USER))
        self._taken: list[int] = []
        self._widths: list[int] = []
        self._over: WayEnd | None = None
        self._impossible: list[Impossible] = []
        self._missed: tuple[str, str] | None = None
        """The field that was asked for last and is not in a sample, and where it was looked for."""
        self._unknown_step: str | None = None
        """The newest step whose result nobody knows."""
        self._start = self._now = start
        self._seq = 0
        self._events: list[Event] = []
        self._data: dict[int, dict[str, Any]] = {}
        self._coming: list[Event] = []
        """Events that the journey sent and that are no cause yet."""
        self._sent: set[int] = set()
        """Events that the journey sent, by their seq."""
        self._ids: set[str] = set()
        self._profiles: list[tuple[int, dict[str, Any]]] = []
        self._profile: dict[str, Any] | None = None
        """The profile that was asked for last, and what was given of it."""
        self._shown: Mapping[str, Any] = {}
        self._once: dict[Key, Any] = {}
        self._key: tuple[str, Any] | None = None
        self._pass = 0
        self._outside = False
        """Something came from outside in this pass, so that it is no runaway."""
        self._said = 0
        # Of one pass:
        self._done: dict[Key, _Ending] = {}
        self._seen: dict[tuple[str, str | None], int] = {}
        self._resolved: list[tuple[Names, Mapping[str, Any] | None, int, int]] = []

    # -- the passes ------------------------------------------------------------------------

    def walk(self) -> Way:
        """Go to the end, or to where the way is cut off."""
        return self.cut(self._walk())

    def cut(self, end: WayEnd) -> Way:
        """The way as far as it was gone, with this end."""
        if end.kind == "bound reached" and goes_round([move.turn for move in self.moves], ROUNDS):
            end = WayEnd("never ends", f"it still goes round after {end.text}", end.line)
        return Way(
            tuple(self._taken),
            tuple(self._widths),
            self.moves,
            end,
            self._now - self._start,
            self._pass,
            self._impossible,
            [
                (event.at_ms - self._start, event.name, self._data[event.seq])
                for event in self._events
                if event.seq not in self._sent
            ],
        )

    def _walk(self) -> WayEnd:
        workflow, known, user = self.workflow, self.samples.user, self._user
        profile = {name: value for name, value in known.items() if name != "id"}
        self._profiles.append((0, profile))
        trigger = self._begin_event(first=True)
        if not self._profiles[-1][1].get("email") and "email" not in profile:
            # Somebody who can be written to; a profile of one's own may leave it out with null.
            self._profiles.append((trigger.seq, {**self._profiles[-1][1], "email": f"{user}@example.com"}))
        bound, begun_at, still = trigger.seq, self._now, 0
        while True:
            self._pass += 1
            self._done, self._seen, self._resolved = {}, {}, []
            if self._pass > 1:
                self._move("pass", f"pass {self._pass}", (workflow.path, workflow.line))
            if still >= MAX_PASSES:
                what = f"runaway: {MAX_PASSES} passes without time moving"
                return WayEnd("failed", what, _line((workflow.path, workflow.line)))
            key = f"/{self._key[1]}" if self._key is not None else ""
            journey = self.journey = Journey(
                f"{workflow.name}/{user}{key}",
                user,
                partial(self._given, trigger),
                self,
                log=self._log,
                salt="explorer",
                pass_number=self._pass,
                at=self._now,
                bound=bound,
            )
            journey._live = True
            start_seq = bound
            self._trace(self._is_new)
            ended: End = drive(workflow, journey, self._answer)
            self._trace(False)
            if self._over is not None:
                return self._over
            if isinstance(ended, Failed):
                return self._failed(ended)
            if isinstance(ended, Again):
                bound = journey._bound
            elif isinstance(ended, Ended):
                if ended.result is not None:
                    return self._completed(ended.result)
                try:
                    trigger = self._next_trigger(start_seq)
                except _Over as over:
                    return over.end
                bound = max(trigger.seq, journey._bound)
            still = 0 if self._outside or self._now != begun_at else still + 1
            begun_at, self._outside = self._now, False

    def _completed(self, result: Any) -> WayEnd:
        try:
            return WayEnd("completed", result=jsontext.loads(jsontext.dumps(result)))
        except jsontext.NotJson as error:
            place = (self.workflow.path, self.workflow.line)
            return WayEnd("failed", f"it returned what cannot be stored: {error}", _line(place))

    def _failed(self, failed: Failed) -> WayEnd:
        text = f"{failed.type}: {failed.message}" if failed.message else failed.type
        hint = ""
        if (
            failed.type == "KeyError"
            and self._missed is not None
            and repr(self._missed[0].rpartition(".")[2]) in text
        ):
            field_name, source = self._missed
            hint = f"No sample of {source} has the field {field_name}. {_sample_for(source, field_name)}"
        elif failed.type in ("TypeError", "AttributeError", "KeyError", "IndexError") and self._unknown_step:
            name = self._unknown_step
            hint = f'It is not known what the step "{name}" gives. {_sample_for(f"step:{name}", "")}'
        return WayEnd("failed", text, failed.line, hint=hint)

    def _next_trigger(self, start_seq: int) -> Event:
        """The event that begins the next pass."""
        assert self.journey is not None
        for event in reversed(self._events):
            if event.seq <= start_seq or event in self._coming or not self._starts(event):
                continue
            if not any(
                after < event.seq <= bound
                and wanted.meets(event.name)
                and meets(match, self._data[event.seq])
                for wanted, match, after, bound in self._resolved
            ):
                return event
        coming, self._coming = self._coming, []
        for at, event in enumerate(coming):
            self._check_exit(event)
            if self._starts(event) and event.seq > start_seq:
                self._coming = coming[at + 1 :]
                return event
        place = (self.workflow.path, self.workflow.line)
        if self._choose(2, place) == 1:
            trigger = self.workflow.trigger.text
            what = "any event" if trigger == "*" else trigger
            raise _Over(WayEnd("waits for ever", f"for {what}, which begins the next pass", _line(place)))
        self._outside = True
        return self._begin_event()

    def _starts(self, event: Event) -> bool:
        return self.workflow.trigger.meets(event.name) and self._concerns(
            self._data[event.seq], strictly=True
        )

    def _begin_event(self, *, first: bool = False) -> Event:
        workflow = self.workflow
        name, data = self.samples.trigger(workflow, self._key)
        if first and workflow.key is not None:
            self._key = (workflow.key, look_up(data, workflow.key))
        return self._come(name, data)

    # -- the history -----------------------------------------------------------------------

    def _come(self, name: str, data: dict[str, Any], *, id: str | None = None) -> Event:
        """An event is there now."""
        self._seq += 1
        event = Event(name, self._user, self._now, None, id, self._seq)
        self._events.append(event)
        self._data[event.seq] = data
        known = self._profiles[-1][1]
        learned = known
        if name == IDENTIFY:
            learned = {**known, **data}
        elif "email" not in known and isinstance(data.get("email"), str):
            learned = {**known, "email": data["email"]}
        if learned is not known:
            learned.pop("id", None)
            self._profiles.append((event.seq, learned))
        return event

    def _given(self, event: Event) -> Event:
        """A copy for the author, which notes what is missing in it."""
        given = event.copy()
        given._text = jsontext.dumps(self._data[event.seq])
        given._data = self._noting(self._data[event.seq], event.name)
        return given

    def _noting(self, data: Mapping[str, Any], source: str) -> Sampled:
        def note(name: str) -> None:
            self._missed = (name, source)

        return Sampled(data, note)

    def _concerns(self, data: Mapping[str, Any], *, strictly: bool = False) -> bool:
        if self._key is None:
            return True
        value = look_up(data, self._key[0])
        if value is MISSING:
            return not strictly
        return bool(value == self._key[1])

    def events(
        self, wanted: Names, match: Mapping[str, Any] | None, past: Literal[True, "ever"], bound: int
    ) -> list[Event]:
        """The events of the history up to a position, oldest first."""
        return [self._given(event) for event in self._matching(wanted, match, past, 0, bound)]

    def profile(self, bound: int) -> Mapping[str, Any]:
        """The profile as of a position."""
        known = next(profile for seq, profile in reversed(self._profiles) if seq <= bound)
        if known is not self._profile:
            self._profile, self._shown = known, self._noting(known, "the user")
        return self._shown

    def _matching(
        self, wanted: Names, match: Mapping[str, Any] | None, past: bool | str, after: int, bound: int
    ) -> list[Event]:
        found = []
        for event in self._events:
            if after < event.seq <= bound and wanted.meets(event.name):
                data = self._data[event.seq]
                if meets(match, data) and (past == "ever" or self._concerns(data)):
                    found.append(event)
        return found

    # -- what is told ----------------------------------------------------------------------

    def _log(self, journey: Journey, level: str, message: str, place: Place) -> None:
        self._said += 1
        if self._said <= MAX_SAID:
            self._move("log", message[:1000], place, outcome=level)

    def hear(self, level: str, message: str, place: Place) -> bool:
        """Take what is printed while the function is driven."""
        journey = self.journey
        if journey is not None and journey._live and not journey._closing:
            journey._say(level, message, place)
        return True

    def _move(self, kind: MoveKind, name: str, place: Place, **more: Any) -> None:
        at = more.pop("at", self._now)
        self.moves.append(Move(kind, name, _line(place), at - self._start, self._pass, **more))
        if len(self.moves) > MAX_MOVES and kind != "log":
            self._over = WayEnd("bound reached", f"{MAX_MOVES:,} moves", _line(place))

    # -- answers ---------------------------------------------------------------------------

    def _choose(self, options: int, place: Place) -> int:
        """Which of several outcomes it is; not a decision when there is only one."""
        if options < 2:
            return 0
        at = len(self._taken)
        if at >= self._depth:
            raise _Over(WayEnd("bound reached", f"{self._depth} decisions", _line(place)))
        pick = self._choices[at] if at < len(self._choices) else 0
        self._taken.append(pick)
        self._widths.append(options)
        return pick

    def _answer(self, command: Command[Any]) -> Outcome | None:
        self._trace(False)
        self._pulse()
        if self._over is not None:
            return None
        try:
            outcome = self._attempt(command)
        except _Over as over:
            self._over = over.end
            return None
        self._trace(self._is_new)
        return outcome

    @property
    def _is_new(self) -> bool:
        """Whether the way has turned off the one before it."""
        return len(self._taken) >= len(self._choices)

    def _attempt(self, command: Command[Any]) -> Outcome | None:
        journey = self.journey
        assert journey is not None
        if isinstance(command, NewPass):
            return None
        ending = self._at_once(command)
        if ending is None:
            for event in self._coming:
                self._check_exit(event)
            self._coming = []
            ending = self._later(command, None)
            if ending.at is None:
                self._tell(command, ending)
                raise _Over(WayEnd("waits for ever", f"for {_title(command)}", _line(command.place)))
            self._now = max(self._now, ending.at)
            self._seq += 1
            ending.bound = self._seq
            self._keep(command, ending, ending.at)
        bound = max(journey._bound, ending.bound)
        self._tell(command, ending)
        return Outcome(ending.value, self._now, bound, error=ending.error, hit=ending.hit)

    def _keep(self, command: Command[Any], ending: _Ending, until: int) -> None:
        """Remember what has ended, for a command that is awaited once more."""
        self._done[command.key] = ending
        for member, each in ending.parts:
            if each is not None and each.at is not None and each.at <= until:
                self._keep(member, each, until)

    def _at_once(self, command: Command[Any]) -> _Ending | None:
        """What the history answers, or needs no wait."""
        if (known := self._done.get(command.key)) is not None:
            return known
        ending: _Ending | None = None
        if isinstance(command, Wait):
            ending = self._look(command)
        elif isinstance(command, Ingest):
            ending = self._send(command)
        elif isinstance(command, Step) and command.once and command.key in self._once:
            ending = _Ending(self._now, True, self._once[command.key], "done before")
        elif isinstance(command, Group):
            members = [self._at_once(member) for member in command.members]
            hit = any(each is not None and each.hit for each in members)
            if all(members) or (hit and not command.all):
                ending = self._group_ending(command, members, self._now, hit)
        if ending is not None:
            self._done[command.key] = ending
        return ending

    def _look(self, wait: Wait) -> _Ending | None:
        journey = self.journey
        assert journey is not None
        slot = _slot(wait)
        after = journey._bound if wait.past is False else 0
        after = max(after, self._seen.get(slot, 0))
        found = self._matching(wait.names, wait.match, wait.past, after, journey._bound)
        if not found:
            return None
        return self._matched(wait, found, after, journey._bound, "matched before")

    def _matched(self, wait: Wait, found: list[Event], after: int, bound: int, outcome: str) -> _Ending:
        self._seen[_slot(wait)] = bound
        self._resolved.append((wait.names, wait.match, after, bound))

        def load(limit: int | None) -> list[Event]:
            return [self._given(event) for event in found[:limit]]

        return _Ending(self._now, True, Waited(len(found), load), outcome, bound=bound)

    def _send(self, command: Ingest) -> _Ending:
        journey = self.journey
        assert journey is not None
        bound = journey._bound
        if command.event_id is not None:
            if command.event_id in self._ids:
                return _Ending(self._now, True, None, "sent before", bound=bound)
            self._ids.add(command.event_id)
        if command.user == self._user:
            event = self._come(command.name, jsontext.loads(command.text), id=command.event_id)
            self._coming.append(event)
            self._sent.add(event.seq)
            bound = event.seq
        return _Ending(self._now, True, None, "sent", bound=bound)

    def _later(self, command: Command[Any], until: int | None, *, must_hit: bool = False) -> _Ending:
        """How a command ends that has to wait.

        Args:
            until: the moment at which the group around it ends.
            must_hit: it is the member that ends its group.
        """
        if (known := self._done.get(command.key)) is not None:
            return known
        if isinstance(command, Wait):
            return self._wait(command, until, must_hit)
        if isinstance(command, Step):
            return self._step(command)
        if isinstance(command, Group):
            wait = self._wait_all if command.all else self._wait_any
            return wait(command, until, must_hit)
        return self._lapse(command, until)

    def _wait(self, wait: Wait, until: int | None, must_hit: bool) -> _Ending:
        name = self.samples.event_name(wait.names)
        data = self.samples.event_data(name, wait.match, None if wait.past == "ever" else self._key)
        if self._may_match(wait, name, data) and (must_hit or self._choose(2, wait.place) == 0):
            assert self.journey is not None
            after = max(self.journey._bound, self._seen.get(_slot(wait), 0))
            self._outside = True
            event = self._come(name, data)
            self._check_exit(event)
            return self._matched(wait, [event], after, event.seq, "matched")
        return self._lapse(wait, until)

    def _may_match(self, wait: Wait, name: str, data: dict[str, Any]) -> bool:
        why = ""
        if not meets(wait.match, data):
            why = "its match contradicts itself"
        elif wait.past != "ever" and not self._concerns(data):
            assert self._key is not None
            why = f"its match asks for another {self._key[0]} than the journey's own"
        elif not wait.names.meets(name):
            why = "no event can have this name"
        if why:
            self._impossible.append(Impossible(wait.names.text, _line(wait.place), why))
        return not why

    def _check_exit(self, event: Event) -> None:
        exits = self.workflow.exit_on
        if exits is not None and exits.meets(event.name) and self._concerns(self._data[event.seq]):
            raise _Over(WayEnd("exited", f"by {event.name}"))

    def _step(self, step: Step[Any]) -> _Ending:
        if self._may_fail(step.place) and self._choose(2, step.place) == 1:
            pauses = sum(min(step.pause * 2**n, MAX_PAUSE) for n in range(min(step.retries, 64)))
            error = StepFailed(step.name, "Exception", "as the explorer supposes")
            error.key = step.key
            return _Ending(self._now + pauses, True, None, "failed", error=error)
        result = self.samples.step_result(step.name, step.function)
        if result is None and not self.samples.knows_step(step.name):
            self._unknown_step = step.name
        if step.once:
            self._once[step.key] = result
        given = self._noting(result, f"step:{step.name}") if isinstance(result, dict) else result
        return _Ending(self._now, True, given, "done")

    def _wait_any(self, group: Group, until: int | None, must_hit: bool) -> _Ending:
        own = None if group.timeout is None else self._now + group.timeout
        limit = _sooner(own, until)
        members = group.members
        first = [n for n, each in enumerate(members) if self._may_come_first(each)]
        steps = any(isinstance(each, Step) for each in members)
        # A step takes no time here, so that with one the group never runs out.
        options = len(first) + (0 if must_hit or steps else 1)
        pick = self._choose(options, group.place) if options else 0
        endings: list[_Ending | None] = [self._done.get(each.key) for each in members]
        if pick < len(first):
            at = first[pick]
            ending = self._later(members[at], limit, must_hit=True)
            if ending.hit and ending.at is not None:
                endings[at] = ending
                return self._group_ending(group, endings, ending.at, True)
        return self._run_out(group, limit, own, until)

    def _may_come_first(self, member: Command[Any]) -> bool:
        if member.key in self._done:
            return False
        if isinstance(member, Wait):
            key = None if member.past == "ever" else self._key
            name = self.samples.event_name(member.names)
            return self._may_match(member, name, self.samples.event_data(name, member.match, key))
        if isinstance(member, Group):
            return any(self._may_come_first(each) for each in member.members)
        return isinstance(member, Step)

    def _wait_all(self, group: Group, until: int | None, must_hit: bool) -> _Ending:
        own = None if group.timeout is None else self._now + group.timeout
        limit = _sooner(own, until)
        endings: list[_Ending | None] = []
        for member in group.members:
            endings.append(self._later(member, limit, must_hit=must_hit))
        hit = any(each is not None and each.at is not None and each.hit for each in endings)
        ends = [each.at for each in endings if each is not None]
        if None not in ends:
            return self._group_ending(group, endings, max(at for at in ends if at is not None), hit)
        over = own if own is not None and own == limit else None
        return self._group_ending(group, endings, over, hit)

    def _lapse(self, command: Command[Any], until: int | None) -> _Ending:
        """How a command ends when no event comes."""
        if (known := self._done.get(command.key)) is not None:
            return known
        if isinstance(command, Sleep):
            at = self._now + command.duration
            if until is None or at <= until:
                return _Ending(at, True, command.value, "done")
            return _Ending(None, False, None, "open")
        if isinstance(command, Wait):
            due = None if command.timeout is None else self._now + command.timeout
            if due is not None and (until is None or due <= until):
                return _Ending(due, False, Waited(), "timed out")
            outcome = "open" if until is not None else "waits for ever"
            return _Ending(None, False, Waited(over=False), outcome)
        if isinstance(command, Group):
            own = None if command.timeout is None else self._now + command.timeout
            return self._run_out(command, _sooner(own, until), own, until)
        return _Ending(None, False, None, "open")

    def _run_out(self, group: Group, limit: int | None, own: int | None, until: int | None) -> _Ending:
        endings = [self._lapse(member, limit) for member in group.members]
        hits = [each.at for each in endings if each.hit and each.at is not None]
        ends = [each.at for each in endings if each.at is not None]
        at: int | None
        if hits and not group.all:
            at = min(hits)
        elif len(ends) == len(endings):
            at = max(ends)
        else:
            at = own if own is not None and (until is None or own <= until) else None
        over = [each if each.at is not None and (at is None or each.at <= at) else None for each in endings]
        return self._group_ending(group, list(over), at, bool(hits))

    def _group_ending(
        self, group: Group, endings: Sequence[_Ending | None], at: int | None, hit: bool
    ) -> _Ending:
        values: list[Any] = []
        for member, each in zip(group.members, endings, strict=True):
            if each is None or each.at is None:
                values.append(Waited(over=False) if isinstance(member, Wait) else None)
            elif isinstance(member, Sleep) and each.value is None:
                values.append(True)
            else:
                values.append(each.value if each.error is None else None)
        error = next((each.error for each in endings if each is not None and each.error is not None), None)
        outcome = "matched" if hit else "timed out" if at is not None else "waits for ever"
        ending = _Ending(at, hit, values, outcome, error=error)
        ending.bound = max((each.bound for each in endings if each is not None), default=0)
        ending.parts = tuple(zip(group.members, endings, strict=True))
        return ending

    def _tell(self, command: Command[Any], ending: _Ending) -> None:
        if isinstance(command, Wait):
            self._move(
                "wait",
                command.names.text,
                command.place,
                outcome=ending.outcome,
                match=command.match,
                timeout=command.timeout,
            )
        elif isinstance(command, Group):
            self._move(
                "all" if command.all else "any",
                _title(command),
                command.place,
                outcome=ending.outcome,
                timeout=command.timeout,
                members=tuple(_member(member, each) for member, each in ending.parts),
            )
        elif isinstance(command, Sleep):
            self._move("sleep", "sleep", command.place, outcome=ending.outcome, timeout=command.duration)
        elif isinstance(command, Step):
            self._move("step", command.name, command.place, outcome=ending.outcome)
        elif isinstance(command, Ingest):
            other = command.user if command.user != self._user else None
            self._move(
                "send",
                command.name,
                command.place,
                outcome=ending.outcome,
                data=jsontext.loads(command.text),
                user=other,
            )


@lru_cache(maxsize=4096)
def _line(place: Place) -> str:
    return f"{os.path.basename(place[0])}:{place[1]}"


def _title(command: Command[Any]) -> str:
    if isinstance(command, Wait):
        return command.names.text
    if isinstance(command, Group):
        shown = [_title(member) for member in command.members[:MOST_NAMED]]
        if len(command.members) > MOST_NAMED:
            shown.append(f"{len(command.members) - MOST_NAMED:,} more")
        return (" and " if command.all else " or ").join(shown)
    return command.name if isinstance(command, Step | Ingest) else command.key[0]


def _slot(wait: Wait) -> tuple[str, str | None]:
    return wait.names.text, None if wait.match is None else jsontext.dumps(wait.match)


def _sooner(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else min(one, other)


_KINDS: tuple[tuple[type[Command[Any]], str], ...] = (
    (Wait, "wait"),
    (Step, "step"),
    (Ingest, "send"),
    (Sleep, "sleep"),
)


def _member(command: Command[Any], ending: _Ending | None) -> Member:
    kind = next((kind for of, kind in _KINDS if isinstance(command, of)), "group")
    outcome = "open" if ending is None or ending.at is None else ending.outcome
    if isinstance(command, Wait):
        return Member(kind, _title(command), outcome, command.match, command.timeout)
    return Member(kind, _title(command), outcome)


def _sample_for(source: str, field_name: str) -> str:
    """What to write so that it is there."""
    data = f'{{"{field_name}": …}}' if field_name else "…"
    if source == "the user":
        return f"Give --user '{data}'."
    return f"Give --sample '{source}={data}'."
