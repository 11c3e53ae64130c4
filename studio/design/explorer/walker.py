"""One path through a journey: the real function, with a cause chosen for each place where it stands.

A decision is which cause comes next: the event that a wait is for, or none, so that time goes on to
the next deadline; a step that gives its result, or fails; the arm of a split; a message that is sent, or
not; another trigger, or none. `choices` says which path each goes. What a cause comes to is the kernel's to
say (`path.py`). An event that
answers a wait comes at once, so that the time of a path is the least that it takes.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from studio.design.explorer.explored_path import ROUNDS, ExploredPath, Impossible, PathEnd, goes_round
from studio.design.explorer.hints import Hints
from studio.design.explorer.lines import uses_value
from studio.design.explorer.path import Onlooker, Path
from studio.design.explorer.path_steps import line_of, title_of
from studio.design.explorer.samples import Samples
from studio.design.explorer.trail import FOLLOWED, CutOff, Trail
from studio.kernel.drive import Outcome
from studio.kernel.matching import meets
from studio.kernel.message_rules import SEND, Verdict
from studio.kernel.records import Cause, Launch, StepResult
from studio.kernel.resolver import CommandResolver
from studio.kernel.state import JourneyState, Row, WaitState
from studio.kernel.woken import ended_by
from studio.language.commands import Command, Group, Key, Message, Place, Split, Step, Wait
from studio.language.definition import Workflow
from studio.language.event import Event
from studio.language.incoming import incoming
from studio.language.journey import Journey
from studio.language.kinds import Kind, Status
from studio.text import json_text as jsontext

MAX_CAUSES = 2_000
"""Causes of one path: journeys that the one has begun may go on for ever."""
PATH_SECONDS = 30.0
"""A path is cut off after so long: thousands of waits that run out one by one take their time."""


class Walker(Onlooker):
    """Goes one path through a workflow's function.

    Args:
        depth: decisions after which the path is cut off.
        may_fail: whether a step's failure is to be tried, too.
        start: the moment at which the journey begins, milliseconds since 1970.
        seconds: how long all paths together may take; one alone has `PATH_SECONDS` in any case.
    """

    def __init__(
        self,
        workflow: Workflow,
        samples: Samples,
        *,
        depth: int,
        may_fail: Callable[[Place], bool],
        start: int,
        seconds: float,
    ) -> None:
        self.workflow = workflow
        self.samples = samples
        self.forks: list[Walker] = []
        """What stands at each decision that was met beyond `choices`, to go on from there another way."""
        self._depth = depth
        self._may_fail = may_fail
        self._start = start
        self._seconds = max(seconds, PATH_SECONDS)
        self._hints = Hints(samples)
        self._path = Path({workflow.name: workflow}, start, self)
        self._place: Place = (workflow.path, workflow.line)
        self._trail = Trail(self._place, start)
        # Of this walk:
        self._choices: Sequence[int] = ()
        self._keep_forks = False
        self._until = 0.0
        self._heartbeat: Callable[[], None] = _nothing
        self._trace: Callable[[bool], None] = _nothing
        # Of the path:
        self._taken: list[int] = []
        self._widths: list[int] = []
        self._impossible: list[Impossible] = []
        self._events: list[tuple[int, str, dict[str, Any]]] = []
        """What came from outside."""
        self._causes = 0
        self._key: tuple[str, Any] | None = None
        """The field of `@workflow(key=…)`, and the journey's value."""
        self._arms: dict[str, str] = {}
        """Into which arms of splits the user is drawn."""
        self._asked: frozenset[tuple[int, Key]] = frozenset()
        self._unsent: frozenset[tuple[int, Key]] = frozenset()
        """Messages that are not sent, by pass."""
        self._cause_there: Cause | None = None
        """What drove the journey to where it stands."""
        # What is settled of the command at which it stands, in this pass:
        self._settled: tuple[int, Key] | None = None
        self._lapsing: set[Key] = set()
        """Waits and groups to which no event comes any more."""
        self._first: dict[Key, int] = {}
        """Which member ends a `wait_any`."""
        self._failing: dict[Key, bool] = {}
        """Whether a step fails."""

    def fork(self) -> Walker:
        """One that stands where this one stands, to go on another way from there."""
        other = copy.copy(self)
        other.forks, other._trail = [], self._trail.fork()
        other._hints = copy.copy(self._hints)
        other._path = self._path.fork(other)
        other._taken, other._widths = self._taken[:], self._widths[:]
        other._impossible, other._events = self._impossible[:], self._events[:]
        other._lapsing, other._first = set(self._lapsing), dict(self._first)
        other._failing = dict(self._failing)
        return other

    # -- the path ---------------------------------------------------------------------------

    @property
    def journey(self) -> Journey | None:
        """The journey whose function runs, or is left, at this moment."""
        return self._path.monitor.speaker

    def walk(
        self,
        choices: Sequence[int],
        heartbeat: Callable[[], None],
        trace: Callable[[bool], None],
        *,
        keep_forks: bool,
    ) -> ExploredPath:
        """Go to the end, or to where the path is cut off.

        Args:
            choices: which outcome to take at each decision; the first one after its end.
            pulse: is called at each command and at each cause.
            trace: is told when the function begins to run where no other path was, and when it stops.
            keep_forks: somebody may go on from the decisions that are met.
        """
        self._keep_forks = keep_forks
        self._choices, self._heartbeat, self._trace = choices, heartbeat, trace
        self._until = time.monotonic() + self._seconds
        self._path.listen()
        try:
            return self.cut(self._walk())
        except CutOff as over:
            return self.cut(over.end)
        finally:
            self._path.close()

    def cut(self, end: PathEnd) -> ExploredPath:
        """The path as far as it was gone, with this end."""
        steps = self._trail.steps
        if end.kind == "bound reached" and goes_round([step.turn for step in steps], ROUNDS):
            end = PathEnd("never ends", f"it still goes round after {end.text}", end.line)
        journeys = self._path.history.journeys
        return ExploredPath(
            tuple(self._taken),
            tuple(self._widths),
            steps,
            end,
            self._path.now - self._start,
            journeys[0].pass_no if journeys else 1,
            self._impossible,
            self._events,
        )

    def _walk(self) -> PathEnd:
        if not self._events:
            begins = self.samples.beginning(self.workflow)
            self._cause()
            self._events.append((0, begins.name, jsontext.loads(begins.text)))
            self._path.event(begins)
            if self.workflow.key is not None:
                self._key = (self.workflow.key, jsontext.loads(self._state.key))
        while (end := self._end()) is None:
            command = self._trail.standing
            if self._state.status == Status.IDLE or command is None:
                self._begin_pass()
            else:
                self._pass_command(command)
        return end

    @property
    def _state(self) -> JourneyState:
        """The journey that is followed."""
        return self._path.history.journeys[FOLLOWED - 1]

    def _end(self) -> PathEnd | None:
        """How the journey has ended, if it has."""
        self._trail.read(self._path.history)
        status = self._state.status
        if status in (Status.WAITING, Status.IDLE):
            return None
        row = next(row for row in reversed(self._path.history.history) if self._is_end(row))
        data = jsontext.loads(row[13]) if row[13] else {}
        if status == Status.COMPLETED:
            return PathEnd("completed", result=data["result"])
        if status == Status.EXITED:
            return PathEnd("exited", f"by {self._path.history.event(row[9]).name}")
        kind, message = data.get("type", ""), data.get("message", "")
        text = f"{kind}: {message}" if message else kind
        return PathEnd("failed", text, data.get("line", ""), hint=self._hints.for_failure(kind, text))

    def _is_end(self, row: Row) -> bool:
        return row[4] == self._state.id and row[2] in (Kind.COMPLETED, Kind.EXITED, Kind.FAILED)

    # -- decisions -------------------------------------------------------------------------

    def _choose(self, options: int, place: Place) -> int:
        """Which of several outcomes it is; not a decision when there is only one."""
        if options < 2:
            return 0
        at = len(self._taken)
        if at >= self._depth:
            raise CutOff(PathEnd("bound reached", f"{self._depth} decisions", line_of(place)))
        if at < len(self._choices):
            pick = self._choices[at]
        else:
            pick = 0
            if self._keep_forks:
                self.forks.append(self.fork())
        self._taken.append(pick)
        self._widths.append(options)
        return pick

    def _begin_pass(self) -> None:
        """The last pass is over: another trigger comes, or none."""
        if self._choose(2, self._place) == 1:
            trigger = self.workflow.trigger.text
            what = "any event" if trigger == "*" else trigger
            end = PathEnd("waits for ever", f"for {what}, which begins the next pass", line_of(self._place))
            raise CutOff(end)
        self._send(*self.samples.trigger(self.workflow, self._key))

    def _pass_command(self, command: Command[Any]) -> None:
        """Give causes until the journey has passed the command at which it stands."""
        if isinstance(command, Split):
            self._pass_split(command)
            return
        number = self._state.pass_no
        if self._settled != (number, command.key):
            self._settled = (number, command.key)
            self._lapsing, self._first, self._failing = set(), {}, {}

        for message in _messages(command):
            self._settle_message(message, number)

        def stands() -> bool:
            state = self._state
            if state.status != Status.WAITING or state.pass_no != number:
                return False
            standing = self._trail.standing
            return standing is not None and standing.key == command.key

        for _ in self._answers(command, must_hit=False):
            if not stands():
                return
        # No event comes any more: steps end, and time passes.
        while stands():
            if (launch := next(iter(self._path.launches), None)) is not None:
                self._end_step(launch)
            elif any(wait.due is not None for wait in self._state.opened.values()):
                wait = self._path.next_due()
                assert wait is not None
                self._cause()
                self._path.deadline(wait)
            else:
                self._trail.tell(command, self._state, self._path.now)
                raise CutOff(PathEnd("waits for ever", f"for {title_of(command)}", line_of(command.place)))

    def _settle_message(self, message: Message, number: int) -> None:
        """Decide whether a message is sent; where nobody asks what came of it, it is."""
        slot = (number, message.key)
        if message.key in self._state.outcomes or slot in self._asked:
            return
        if uses_value(*message.place) and self._choose(2, message.place) == 1:
            self._unsent = self._unsent | {slot}
        self._asked = self._asked | {slot}

    def _pass_split(self, split: Split) -> None:
        """Draw the user into an arm that gets anybody."""
        arms = [arm for arm, share in split.arms.items() if share > 0]
        arm = arms[self._choose(len(arms), split.place)]
        self._arms = {**self._arms, split.name: arm}
        assert self._cause_there is not None
        self._cause()
        self._path.go_on(self._state, self._cause_there)

    def _answers(self, command: Command[Any], *, must_hit: bool) -> Iterator[None]:
        """Decide what answers a command, and have it come: once for each event, and each end of a step.

        Args:
            must_hit: it is the member that ends its group.
        """
        if command.key in self._state.outcomes or command.key in self._lapsing:
            return
        if isinstance(command, Wait):
            name, data = self._event_for(command)
            ended = self._ended_with(command, name, data)
            if ended and (must_hit or self._choose(2, command.place) == 0):
                self._send(name, data)
                yield
            else:
                self._lapsing.add(command.key)
        elif isinstance(command, Step):
            if (launch := self._launch_of(command.key)) is not None:
                self._end_step(launch)
                yield
        elif isinstance(command, Group) and command.all:
            for member in command.members:
                yield from self._answers(member, must_hit=must_hit)
        elif isinstance(command, Group):
            if command.key not in self._first:
                self._first[command.key] = self._choose_first(command, must_hit)
            if (at := self._first[command.key]) >= 0:
                yield from self._answers(command.members[at], must_hit=True)
            self._lapse(command)

    def _choose_first(self, group: Group, must_hit: bool) -> int:
        """Which member ends a `wait_any`; -1 when no event comes to it."""
        first = self._may_come_first(group.members)
        # A step takes no time here, so that with one the group never runs out.
        never_runs_out = must_hit or any(isinstance(each, Step) for each in group.members)
        options = len(first) + (0 if never_runs_out else 1)
        pick = self._choose(options, group.place) if options else 0
        return first[pick] if pick < len(first) else -1

    def _lapse(self, command: Command[Any]) -> None:
        """No event ends the waits of a command any more."""
        self._lapsing.add(command.key)
        if isinstance(command, Group):
            for member in command.members:
                self._lapse(member)

    def _may_come_first(self, members: Sequence[Command[Any]]) -> list[int]:
        """The members that may end a group; of those that one event ends together, one."""
        found: list[int] = []
        together: list[list[WaitState]] = []
        for at, member in enumerate(members):
            if member.key in self._state.outcomes:
                continue
            if isinstance(member, Wait):
                ended = self._ended_with(member, *self._event_for(member))
                if not ended or ended in together:
                    continue
                if len(ended) > 1:
                    together.append(ended)
                found.append(at)
            elif isinstance(member, Step) or (
                isinstance(member, Group) and self._may_come_first(member.members)
            ):
                found.append(at)
        return found

    # -- causes ----------------------------------------------------------------------------

    def _cause(self) -> None:
        """A cause is about to come."""
        self._heartbeat()
        self._causes += 1
        if self._causes > MAX_CAUSES:
            raise CutOff(PathEnd("bound reached", f"{MAX_CAUSES:,} causes", line_of(self._place)))
        if self._causes > 1 and time.monotonic() > self._until:
            raise CutOff(PathEnd("bound reached", f"{self._seconds:g} s", line_of(self._place)))

    def _send(self, name: str, data: dict[str, Any]) -> None:
        """An event comes from outside."""
        self._cause()
        self._events.append((self._path.now - self._start, name, data))
        self._path.event(incoming(name, self._state.user.name, data))

    def _event_for(self, wait: Wait) -> tuple[str, dict[str, Any]]:
        """The event that is to end a wait: its name and data."""
        name = self.samples.event_name(wait.names)
        return name, self.samples.event_data(name, wait.match, self._key)

    def _ended_with(self, wait: Wait, name: str, data: dict[str, Any]) -> list[WaitState]:
        """The waits that an event ends together with this one, oldest first, itself among them.

        Empty when it does not end it, or would end one of which it is settled that no event ends it.
        """
        path, state = self._path, self._state
        event = Event(name, state.user.name, path.now, jsontext.dumps(data), None, path.history.seq)
        ended = ended_by(path.history, state, event)
        if all(each.key != wait.key for each in ended):
            why = ""
            if not meets(wait.match, data):
                why = "its match contradicts itself"
            elif not state.concerns(data):
                why = f"its match asks for another {self.workflow.key} than the journey's own"
            elif not wait.names.meets(name):
                why = "no event can have this name"
            if why:
                self._impossible.append(Impossible(wait.names.text, line_of(wait.place), why))
            return []
        return ended if all(each.key not in self._lapsing for each in ended) else []

    def _launch_of(self, key: Key) -> Launch | None:
        mine = self._state.id
        return next((each for each in self._path.launches if (each.journey, each.key) == (mine, key)), None)

    def _end_step(self, launch: Launch) -> None:
        """An attempt of a step gives its result, or fails as each attempt of it does."""
        step, key = launch.command, launch.key
        if launch.journey == self._state.id and key in self._state.opened:
            fails = self._failing.get(key)
            if fails is None:
                fails = self._may_fail(step.place) and self._choose(2, step.place) == 1
                self._failing[key] = fails
        else:
            # Another journey's, or one that the journey went on without.
            fails = False
        self._cause()
        if fails:
            failed = StepResult(launch, type="Exception", message="as the explorer supposes")
            self._path.step_ends(failed)
            return
        result = self.samples.step_result(step.name, step.function)
        if result is None and not self.samples.knows_step(step.name):
            self._hints.unknown_step = step.name
        self._path.step_ends(StepResult(launch, jsontext.dumps(result)))

    # -- what is seen ----------------------------------------------------------------------

    @property
    def _is_new(self) -> bool:
        """Whether the path has turned off the one before it."""
        return len(self._taken) >= len(self._choices)

    def runs(self, journey: Journey) -> None:
        """The function begins to run: what was run before in this pass is known."""
        self._heartbeat()
        self._trace(self._is_new and journey._live)

    def rests(self) -> None:
        """The function asks for something, or has come to its end."""
        self._trace(False)
        self._heartbeat()

    def passes(self, resolver: CommandResolver, command: Command[Any], outcome: Outcome) -> None:
        """A command has an outcome."""
        if isinstance(command, Step | Group):
            outcome.value = self._hints.noting(command, outcome.value)
        if resolver.state.id == FOLLOWED:
            self._trail.passes(resolver, command, self._path.history)
        self._trace(self._is_new and (resolver.journey._live or outcome.fresh))

    def stands(self, resolver: CommandResolver, command: Command[Any]) -> None:
        """The function stands at a command."""
        if resolver.state.id == FOLLOWED:
            self._cause_there = resolver.cause
            self._trail.stands(resolver, command)

    def judges(self, resolver: CommandResolver, message: Message, verdict: Verdict) -> Verdict:
        """Quiet hours take their time; whether it is sent at last is one of two ways of the path."""
        if resolver.state.id != FOLLOWED or verdict.what == "defer":
            return verdict
        if (resolver.state.pass_no, message.key) in self._unsent:
            return Verdict("drop", "as the explorer supposes")
        return SEND

    def draws(self, resolver: CommandResolver, split: Split) -> str | None:
        """Somebody is to be drawn into an arm: the user of this path into each, one after another."""
        if resolver.state.id != FOLLOWED:
            return super().draws(resolver, split)
        return self._arms.get(split.name)

    def lacks(self, field_name: str, source: str) -> None:
        """A field was asked for that no sample has."""
        self._hints.missed = (field_name, source)


def _messages(command: Command[Any]) -> Iterator[Message]:
    """A command, and the members of a group, as far as they are messages."""
    if isinstance(command, Message):
        yield command
    elif isinstance(command, Group):
        for member in command.members:
            yield from _messages(member)


def _nothing(*_: object) -> None:
    """Before a walk."""
