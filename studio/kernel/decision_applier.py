"""What was decided on a command of a journey is done, decision by decision."""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import Any

from studio.errors import WorkflowError
from studio.kernel.decisions import (
    Close,
    Decision,
    HandOver,
    Interrupt,
    Open,
    Over,
    RecordHere,
    RecordOutcome,
    Repeat,
    Run,
    Say,
    SendEvent,
    Speak,
)
from studio.kernel.drive import Outcome
from studio.kernel.journey_log import JourneyLog
from studio.kernel.ports import DriveMonitor, UnitOfWork
from studio.kernel.records import Ask, Cause, Chain, Launch
from studio.kernel.resolver import CommandResolver
from studio.kernel.state import JourneyState, Record, WaitState
from studio.kernel.steps_under_way import StepsUnderWay
from studio.kernel.taken_ids import TakenIds
from studio.kernel.wait_changes import WaitChanges
from studio.language.commands import Command, Ingest, Step, Wait, key_text
from studio.language.event import Event
from studio.language.idempotency import StepKeys, idempotency_key, scope_of, step_keys
from studio.language.journey_ids import Parts
from studio.language.kinds import Kind
from studio.language.step_info import StepInfo
from studio.language.user import User
from studio.language.waited import Waited
from studio.text import json_text as jsontext

MAX_CAUSATION_DEPTH = 1_000
"""Events that journeys send one after another without time moving, before it is a runaway."""
MAX_FAN_OUT = 10_000
"""Events that journeys send on account of a single cause, not counting those of the journeys that it
woke itself: two events in answer to each would be without end long before a chain is too long."""


class DecisionApplier:
    """Does what a resolver decides on the commands of the journey that is driven now.

    Args:
        ask: note what is to be asked outside (`check_event`).
    """

    def __init__(
        self,
        work: UnitOfWork,
        monitor: DriveMonitor,
        waits: WaitChanges,
        log: JourneyLog,
        steps: StepsUnderWay,
        *,
        ask: bool,
    ) -> None:
        self._work = work
        self._monitor = monitor
        self._waits = waits
        self._log = log
        self._steps = steps
        self.ids = TakenIds(work)
        self.queue: deque[tuple[Event, int]] = deque()
        """Events that journeys sent and that are still to be causes, with their causation depth."""
        self.chains: dict[int, Chain] = {}
        """Of events for users who are not here, by entry: what they go on with there."""
        self.asks: list[Ask] | None = [] if ask else None

    def answer(self, resolver: CommandResolver, command: Command[Any]) -> Outcome | None:
        """The outcome of a command of the driven journey; None when it has to wait for it.

        Each decision is applied before the next is made: the number of an entry, an id that is taken
        now, a log line in between count for what comes behind.

        Raises:
            WorkflowError: the command cannot be done at all.
        """
        if command.key in resolver.state.outcomes:
            outcome = resolver.at_once(command)
            if outcome is not None:
                return outcome
        deciding = resolver.resolve(command)
        came: Any = None
        while True:
            try:
                decision = deciding.send(came)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            came = self._apply(resolver, decision)

    def _apply(self, resolver: CommandResolver, decision: Decision) -> Any:
        """Do what was decided; gives what the decision says that it gives."""
        state, cause = resolver.state, resolver.cause
        kind = type(decision)
        if kind is Open:
            return self._open(state, cause, decision)  # type: ignore[arg-type]
        if kind is RecordOutcome:
            return self._record(state, cause, decision)  # type: ignore[arg-type]
        match decision:
            case Over(wait):
                self._work.end_wait(wait)
            case Close(wait):
                self._waits.close(wait, cause)
            case SendEvent(command):
                return self._send(state, cause, command)
            case Repeat(command):
                return self._repeat(resolver, command)
            case RecordHere():
                return self._record_here(resolver, decision)
            case HandOver(command, data):
                work = self._work
                label, place = work.name_id(command.name), work.place_id(command.place)
                user, started = state.user.id, Kind.MESSAGE_STARTED
                work.append(cause.at, started, user, state, label, None, place, cause.seq, data, cause.late)
            case Run(command, attempt, start):
                self._launch(resolver, command, attempt, start)
            case Interrupt(wait):
                self._waits.interrupt_step(wait, cause)
            case Say(level, message, place):
                self._log.write(resolver.journey, level, message, place)
            case Speak(since):
                self._log.mute_what_was_said(state, resolver.journey, since)
        return None

    def _open(self, state: JourneyState, cause: Cause, opening: Open) -> WaitState:
        command, kind, text, wanted, duration, data, late = opening
        work = self._work
        label = None if text is None else work.name_id(text)
        place = work.place_id(command.place)
        seq = work.append(
            cause.at, kind, state.user.id, state, label, command.key[2], place, cause.seq, data, late
        )
        name = None if wanted is None else label if wanted.simple else 0
        due = None if duration is None else cause.at + duration
        wait = work.open_wait(state, seq, kind, name, due, command.key, data, cause.seq, label, place)
        if due is not None:
            if kind != Kind.GROUP_OPENED:
                wait.causation_depth = cause.causation_depth
            self._waits.add_timer(wait)
        if wanted is not None and self.asks is not None:
            assert isinstance(command, Wait)
            self.asks.append(Ask(seq, state.user.name, wanted.parts, command.match))
        return wait

    def _record(self, state: JourneyState, cause: Cause, recording: RecordOutcome) -> Record:
        """Append the outcome of a command that came at once."""
        command, kind, text, data = recording
        work = self._work
        label = work.name_id(text)
        place = work.place_id(command.place)
        seq = work.append(cause.at, kind, state.user.id, state, label, command.key[2], place, cause.seq, data)
        record = Record(kind, seq, cause.at, cause.seq, None, data)
        state.outcomes[command.key] = record
        state.fresh.add(command.key)
        return record

    def _send(self, state: JourneyState, cause: Cause, command: Ingest) -> Record:
        """The event and the outcome of sending it are one entry (DESIGN rule 12)."""
        work, monitor = self._work, self._monitor
        if cause.causation_depth:
            monitor.fan_out += 1
        if cause.causation_depth >= MAX_CAUSATION_DEPTH:
            raise _runaway(command, f"{MAX_CAUSATION_DEPTH:,} events were sent one after another")
        if monitor.fan_out > MAX_FAN_OUT:
            raise _runaway(command, f"{MAX_FAN_OUT:,} events were sent in answer to one another")
        if command.user != state.user.name and work.is_away(command.user):
            path, line = command.place
            raise WorkflowError(
                f"{command.user!r} was handed over to another engine",
                path=path.rpartition("/")[2],
                line=line,
                fix="Hand over together who sends to one another, and resume the journey there.",
            )
        target = state.user if command.user == state.user.name else work.user(command.user)
        text = None if command.text == "{}" else command.text
        seq = work.append(
            cause.at,
            Kind.EVENT,
            target.id,
            state,
            work.name_id(command.name),
            command.key[2],
            work.place_id(command.place),
            cause.seq,
            text,
            None,
            command.event_id,
        )
        event = Event(command.name, target.name, cause.at, text, command.event_id, seq)
        work.add_event(target, event)
        work.learn(event, None)
        if target is state.user or work.carries(target):
            self.queue.append((event, cause.causation_depth + 1))
        else:
            self.chains[seq] = Chain(cause.causation_depth + 1, monitor.fan_out)
        self.ids.take(command.event_id, seq)
        record = state.outcomes[command.key] = Record(Kind.EVENT, seq, cause.at, cause.seq, None, None)
        state.fresh.add(command.key)
        return record

    def _repeat(self, resolver: CommandResolver, command: Ingest) -> Record:
        """Record that an event's id was taken: its event may be erased or pruned before the next replay.

        The position stays where it is. A journey that came past here before this was recorded does so again.
        """
        data = jsontext.dumps({"id": command.event_id, "bound": resolver.journey._bound})
        return self._append_here(resolver, command, Kind.EVENT_DUPLICATE, command.name, data)

    def _record_here(self, resolver: CommandResolver, recording: RecordHere) -> Record:
        record = self._append_here(resolver, *recording)
        # What is said behind it has not been said before.
        resolver.state.fresh.add(recording.command.key)
        return record

    def _append_here(
        self, resolver: CommandResolver, command: Command[Any], kind: int, name: str | None, data: str
    ) -> Record:
        """Append the outcome of a command at the position of the journey, which stays."""
        work, state, journey = self._work, resolver.state, resolver.journey
        label = None if name is None else work.name_id(name)
        place, late = work.place_id(command.place), journey._late or None
        cause, n = resolver.cause.seq, command.key[2]
        seq = work.append(journey._at, kind, state.user.id, state, label, n, place, cause, data, late)
        record = state.outcomes[command.key] = Record(kind, seq, journey._at, cause, late, data)
        return record

    def _launch(self, resolver: CommandResolver, step: Step[Any], attempt: int, start: int) -> None:
        """Have a step run once this is durable."""
        state, cause, journey = resolver.state, resolver.cause, resolver.journey
        step.args = tuple(_settled(value) for value in step.args)
        step.kwargs = {name: _settled(value) for name, value in step.kwargs.items()}
        # One key for all attempts, and with once= for all passes.
        keys = self._step_keys(state, step)
        late = timedelta(milliseconds=max(journey._late, cause.late or 0))
        info = StepInfo(journey.id, step.name, keys.own, attempt, late)
        # Once: another step of this journey may be let go in the same batch, and drives past here again.
        self._steps.relaunch.discard(start)
        self._steps.launches.append(
            Launch(
                state.id,
                state.pass_no,
                step.key,
                start,
                step,
                info,
                cause.at,
                cause.causation_depth,
                keys=keys,
                cause=cause.seq or 0,
            )
        )

    def _step_keys(self, journey: JourneyState, step: Step[Any]) -> StepKeys:
        """A step's idempotency key: the same for the same journey, pass and step in this store."""
        assert journey.workflow is not None
        work, text = self._work, key_text(step.key)
        if not journey.key and journey.user.plain and journey.n == 1 and "/" not in text and "~" not in text:
            # There is no mark in it, and so nothing to tell apart: most steps.
            id = f"{journey.workflow.name}/{journey.user.name}"
            return StepKeys(idempotency_key(work.salt, scope_of(id, journey.pass_no, text, step.once)))
        parts = Parts(journey.workflow.name, journey.user.name, journey.key, journey.n)
        mixed = work.has_plain_ids
        return step_keys(work.salt, parts, journey.escaped, journey.pass_no, text, step.once, mixed=mixed)


def _settled(value: Any) -> Any:
    """An argument that a step may read in another thread, after the drive."""
    if isinstance(value, Waited):
        _ = value.events
    elif isinstance(value, User):
        return dict(value)
    return value


def _runaway(command: Ingest, what: str) -> WorkflowError:
    path, line = command.place
    return WorkflowError(
        f"runaway: {what} without time moving",
        path=path.rpartition("/")[2],
        line=line,
        fix="Put a wait or a sleep between them.",
    )
