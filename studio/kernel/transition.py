"""One batch: causes handled one by one, in order, on top of what the store holds.

A cause is an event, a timer, a step's result or an act of the operator. It is carried
to its end, with all the events that journeys send on the way, before the next begins:
so a batch of 1,000 gives the very history of 1,000 batches of one (DESIGN rule 1).
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from studio.errors import WorkflowError
from studio.kernel.decisions import (
    Close,
    Decision,
    Interrupt,
    Open,
    Over,
    RecordOutcome,
    Repeat,
    Run,
    Say,
    SendEvent,
    Speak,
)
from studio.kernel.drive import Abandoned, Again, Blocked, End, Ended, Failed, Outcome, drive, printable
from studio.kernel.journey_reader import JourneyReader
from studio.kernel.live_coroutines import LiveCoroutine, LiveCoroutines
from studio.kernel.log_limit import Bound
from studio.kernel.matching import MISSING, look_up
from studio.kernel.ports import DriveMonitor, Migration, Quarantine, UnitOfWork
from studio.kernel.records import Ask, Cause, Launch, StepResult
from studio.kernel.resolver import CommandResolver
from studio.kernel.results import Results
from studio.kernel.state import (
    CLOSED_BY,
    CLOSED_STEP,
    OPEN_STATUSES,
    JourneyState,
    Record,
    UserState,
    WaitState,
)
from studio.kernel.steps_under_way import StepsUnderWay
from studio.kernel.taken_ids import TakenIds
from studio.kernel.triggers import Routes
from studio.kernel.woken import first_of_each
from studio.language.commands import Command, Group, Ingest, Key, Place, Step, Wait, key_text
from studio.language.definition import Workflow
from studio.language.event import Event
from studio.language.idempotency import StepKeys, idempotency_key, scope_of, step_keys
from studio.language.incoming import Incoming
from studio.language.journey import Journey
from studio.language.journey_ids import Parts
from studio.language.kinds import LEVELS, Kind, Status
from studio.language.names import START
from studio.language.step_info import StepInfo
from studio.language.user import User
from studio.language.waited import Waited
from studio.text import json_text as jsontext

MakeResolver = Callable[[UnitOfWork, JourneyState, Journey, Cause, StepsUnderWay, TakenIds], CommandResolver]
MAX_CAUSATION_DEPTH = 1_000
"""Events that journeys send one after another without time moving, before it is a runaway."""
MAX_FAN_OUT = 10_000
"""Events that journeys send on account of a single cause, not counting those of the journeys that it
woke itself: two events in answer to each would be without end long before a chain is too long."""
MAX_PAUSE = 3_600_000
"""Milliseconds: retries of a step never wait longer than an hour."""
MAX_PASSES = 100
"""Passes without time moving, before it is a runaway."""
MAX_MESSAGE = 64 * 1024
"""Characters of a log entry."""

TIMER_KINDS = {
    Kind.WAIT_OPENED: Kind.WAIT_TIMEOUT,
    Kind.GROUP_OPENED: Kind.GROUP_TIMEOUT,
    Kind.SLEEP_OPENED: Kind.SLEEP_DONE,
}


class Transition:
    """Handles causes; what they change stands in `work`.

    Args:
        ask: note what is to be asked outside (`check_event`).
        resolver: what resolves commands in place of `CommandResolver`, for a driver that is to see each.
    """

    def __init__(
        self,
        work: UnitOfWork,
        routes: Routes,
        *,
        monitor: DriveMonitor,
        live: LiveCoroutines,
        running: Set[tuple[int, int, Key, int]] = frozenset(),
        ask: bool = False,
        resolver: MakeResolver | None = None,
    ) -> None:
        self.work = work
        self.routes = routes
        self.monitor = monitor
        self.live = live
        """Functions that stand where they wait, until the batch ends."""
        self.queue: deque[tuple[Event, int]] = deque()
        """Events that journeys sent and that are still to be causes, with their chain."""
        self.steps = StepsUnderWay(running)
        self._bound = Bound()
        self.asks: list[Ask] | None = [] if ask else None
        self.timers: list[tuple[int, int, WaitState]] = []
        """A heap of deadlines that were opened in this batch."""
        self.failures = 0
        self.invested = 0.0
        """Seconds in which functions were driven from their tops to be left standing."""
        self.quarantine: Quarantine | None = None
        """Names each journey that is driven in this batch, since one may kill the process."""
        self.migration: Migration | None = None
        """A reload that is under way: journeys that a cause comes to go over to the new code first."""
        self._seed = work.seed
        self.ids = TakenIds(work)
        self._current: tuple[JourneyState, Cause] | None = None
        self._resolver = resolver
        # What resolves the commands of the next drive, when that is another.
        self._make: MakeResolver | None = None

    # -- causes ----------------------------------------------------------------------------

    def event(self, incoming: Incoming, at: int) -> Event:
        """An event from outside. A duplicate is given back as such and changes nothing."""
        work = self.work
        if incoming.id is not None and (known := self.ids.find(incoming.id)) is not None:
            # A copy: the first may be of this batch, and is given back as what it is.
            event = work.event(known).copy()
            event.duplicate = True
            return event
        self._move_to(at, outside=True)
        user = work.user(incoming.user)
        if self.migration is not None:
            self.migration.user(user, at)
            self.drain()
        text = None if incoming.text == "{}" else incoming.text
        meta = None
        if incoming.profile is not None or incoming.sent_at is not None or incoming.extra is not None:
            meta = _meta(incoming)
        seq = work.append(
            at,
            Kind.EVENT,
            user.id,
            None,
            work.name_id(incoming.name),
            None,
            None,
            None,
            text,
            None,
            incoming.id,
            meta,
        )
        event = Event(incoming.name, user.name, at, text, incoming.id, seq, incoming.sent_at)
        self.ids.take(incoming.id, seq)
        work.add_event(user, event)
        work.learn(event, meta)
        self._deliver(event, user, Cause(at, seq, True))
        if self.queue:
            self.drain()
        return event

    def timer(self, wait: WaitState, late: int) -> None:
        """A deadline has come. Its entries carry it as their moment, however late it is served."""
        work, journey = self.work, wait.journey
        if not wait.open or wait.due is None:
            return
        if journey.workflow is None:
            work.suspend_timer(wait)
            return
        work.load_passes((journey,))
        if self.migration is not None:
            due = wait.due
            self.migration.journey(journey, due)
            if not wait.open or wait.due != due:
                self.drain()
                return
        self._move_to(wait.due)
        # A wait of no time moves no time.
        causation_depth = (
            wait.causation_depth + 1 if 0 in (wait.spec.get("timeout"), wait.spec.get("duration")) else 0
        )
        # What had passed before it was asked for is as late as if it had been served now.
        lateness = (late or 0) + wait.spec.get("late", 0) or None
        if wait.kind == Kind.STEP_RETRY:
            wait.fired = True
            self.drive(journey, Cause(wait.due, wait.id, late=lateness))
        else:
            fields = self.ended_without(wait)
            data = jsontext.dumps(fields) if fields else None
            kind = TIMER_KINDS[wait.kind]
            seq = self.end_wait(wait, kind, Cause(wait.due, None), data, lateness)
            self.drive(journey, Cause(wait.due, seq, late=lateness, causation_depth=causation_depth))
        self.drain()

    def ended_without(self, wait: WaitState) -> dict[str, Any]:
        """What is recorded of a wait that ends without an event."""
        fields: dict[str, Any] = {} if wait.key[2] >= 0 else {"id": wait.key[1][1:]}
        if wait.kind == Kind.GROUP_OPENED:
            ended = {key_text(key) for key in wait.journey.outcomes}
            fields["ended"] = [name for name in wait.spec.get("members", ()) if name in ended]
        return fields

    def step_result(self, result: StepResult, at: int) -> bool:
        """A step's attempt has ended. False when nothing waits for it any more."""
        work, launch = self.work, result.launch
        journey = work.journey_by_id(launch.journey)
        if journey is None or journey.pass_no != launch.pass_no or journey.status != Status.WAITING:
            return False
        work.load_passes((journey,))
        if self.migration is not None:
            self.migration.journey(journey, at)
            self.drain()
        wait = journey.opened.get(launch.key)
        if wait is None or wait.id != launch.start:
            return False
        label = wait.label
        for level, message, place in result.said:
            kind = LEVELS.get(level, Kind.LOG)
            work.append(
                at,
                kind,
                journey.user.id,
                journey,
                label,
                None,
                work.place_id(place),
                wait.id,
                printable(message, MAX_MESSAGE),
            )
        self._move_to(at)
        spec = wait.spec
        shared: dict[str, Any] = {name: spec[name] for name in ("once", "id") if name in spec}
        if result.result is not None:
            data = f'{{"result":{result.result}{_more(shared)}}}'
            seq = self.end_wait(wait, Kind.STEP_DONE, Cause(at, None), data)
            if "once" in shared:
                self.steps.once_done[(journey.id, *wait.key)] = journey.outcomes[wait.key]
        else:
            attempt, retries = spec.get("attempt", 1), spec.get("retries", 0)
            failure: dict[str, Any] = {
                "attempt": attempt,
                "type": printable(result.type, MAX_MESSAGE),
                "message": printable(result.message, MAX_MESSAGE),
                **shared,
            }
            if attempt <= retries and not result.is_final:
                pause = min(spec.get("pause", 1000) * 2 ** (attempt - 1), MAX_PAUSE)
                self._retry_step(wait, at, {**failure, "pause": pause})
                return True
            data = jsontext.dumps(
                {**failure, "traceback": printable(result.traceback[-MAX_MESSAGE:], MAX_MESSAGE)}
            )
            seq = self.end_wait(wait, Kind.STEP_FAILED, Cause(at, None), data)
        # In virtual time a step takes no time.
        self.drive(
            journey, Cause(at, seq, causation_depth=launch.causation_depth + 1 if at == launch.at else 0)
        )
        self.drain()
        return True

    def recover(self, wait: WaitState, at: int) -> None:
        """A step was started and its process is gone: drive to it, which starts it again."""
        if wait.open and wait.journey.workflow is not None:
            self.work.load_passes((wait.journey,))
            if self.migration is not None:
                self.migration.journey(wait.journey, at)
            if wait.open:
                self.drive(wait.journey, Cause(at, wait.id))
            self.drain()

    def look_again(self, journey: JourneyState, cause: Cause) -> None:
        """A workflow is there again that was missing for a while: its waits look at what came since."""
        if journey.status == Status.WAITING and journey.workflow is not None:
            self.work.load_passes((journey,))
            if self.migration is not None:
                self.migration.journey(journey, cause.at, cause.seq)
            if journey.status == Status.WAITING:
                self.drive(journey, cause)
            self.drain()

    def go_over(self, state: JourneyState, cause: Cause, make: MakeResolver) -> None:
        """Drive a journey by code that it did not wait by; `drain` carries what it sends to its end."""
        self._make = make
        try:
            self.drive(state, cause)
        finally:
            self._make = None

    # -- events ----------------------------------------------------------------------------

    def _move_to(self, at: int, *, outside: bool = False) -> None:
        """A cause begins; as long as time stands, what journeys send in answer to one another adds up."""
        monitor = self.monitor
        if outside or at != monitor.moment:
            monitor.moment, monitor.fan_out = at, 0

    def drain(self) -> None:
        """Carry all events that journeys sent to their ends."""
        while self.queue:
            event, causation_depth = self.queue.popleft()
            user = self.work.user(event.user)
            if self.migration is not None:
                self.migration.user(user, event.at_ms, event.seq)
            self._deliver(event, user, Cause(event.at_ms, event.seq, causation_depth=causation_depth))

    def _deliver(self, event: Event, user: UserState, cause: Cause) -> None:
        """An event ends journeys that leave at it, wakes waits, then starts passes."""
        work = self.work
        exits, starts = self.routes.of(event.name)
        for workflow in exits:
            for journey in work.open_journeys(user, work.name_id(workflow.name)):
                if journey.concerns(event.data):
                    self.finish(journey, Status.EXITED, Kind.EXITED, cause, None)
        woken: set[JourneyState] = set()
        waits = work.waits_for(user, work.name_id(event.name))
        if waits:
            matching: dict[JourneyState, list[WaitState]] = {}
            for wait in waits:
                if wait.journey.workflow is None:
                    work.missed(wait.journey)
                elif wait.meets(event):
                    matching.setdefault(wait.journey, []).append(wait)
            if len(matching) > 1:
                work.load_passes(matching)
                matching = dict(sorted(matching.items(), key=lambda pair: _order(pair[0])))
            for journey, found in matching.items():
                if len(found) > 1:
                    found = first_of_each(found)
                woken.add(journey)
                if not journey.loaded:
                    work.load_passes((journey,))
                for wait in found:
                    if wait.open:
                        data = None if wait.key[2] >= 0 else jsontext.dumps({"id": wait.key[1][1:]})
                        self.end_wait(wait, Kind.WAIT_MATCHED, cause, data)
                self.drive(journey, cause)
        for workflow in starts:
            key = "" if workflow.key is None else key_value(workflow, event.data)
            newest = work.keyed(user, work.name_id(workflow.name), key)
            if newest is None:
                self.start(user, workflow, key, 1, event.seq, cause)
            elif newest.status == Status.IDLE:
                # What its last pass has seen, or had in a result, starts no other.
                if newest not in woken and not (newest.loaded and event.seq <= newest.start[1]):
                    self._begin_pass(newest, event.seq, cause, 0)
                    self.drive(newest, cause)
            elif workflow.again and newest.status not in OPEN_STATUSES and newest not in woken:
                self.start(user, workflow, key, newest.n + 1, event.seq, cause)
        if event.name.startswith(START):
            self._start_asked(event, user, cause)

    # -- journeys --------------------------------------------------------------------------

    def start(
        self, user: UserState, workflow: Workflow, key: str, n: int, trigger: int, cause: Cause
    ) -> JourneyState:
        """Begin a journey, and drive it."""
        work = self.work
        workflow_id = work.name_id(workflow.name)
        assert cause.seq is not None
        journey = work.add_journey(user, workflow, workflow_id, key, n, work.seq, cause.seq)
        data = None
        if key or n > 1 or trigger != cause.seq:
            fields: dict[str, Any] = {}
            if key:
                fields["key"] = jsontext.loads(key)
            if n > 1:
                fields["n"] = n
            if trigger != cause.seq:
                fields["trigger"] = trigger
                journey.trigger = journey.since = trigger
            data = jsontext.dumps(fields)
        work.append(cause.at, Kind.STARTED, user.id, journey, workflow_id, None, None, cause.seq, data)
        journey.start = (cause.at, cause.seq, 0)
        journey.pass_at, journey.pass_cause = cause.at, cause.seq
        journey.begun = True
        self.drive(journey, cause)
        return journey

    def _start_asked(self, event: Event, user: UserState, cause: Cause) -> None:
        """Begin the journey that an event asks for by the workflow's name, unless it is there already.

        Its trigger is the newest event of the user that the workflow begins at; when there is
        none, or the one that asks brings data of its own, it is the latter.
        """
        work = self.work
        workflow = self.routes.workflows.get(event.name.removeprefix(START))
        if workflow is None:
            return
        trigger = event
        if not event.data:
            for seq in work.event_seqs(user, workflow.trigger, 0, event.seq - 1, 1):
                trigger = work.event(seq)
        key = "" if workflow.key is None else key_value(workflow, trigger.data)
        newest = work.keyed(user, work.name_id(workflow.name), key)
        if newest is None:
            self.start(user, workflow, key, 1, trigger.seq, cause)
        elif workflow.again and newest.status not in OPEN_STATUSES:
            self.start(user, workflow, key, newest.n + 1, trigger.seq, cause)

    def _begin_pass(self, journey: JourneyState, trigger: int, cause: Cause, bound: int) -> None:
        """Begin the next pass.

        Args:
            bound: the position at which the last one ended, when it ended just now.
        """
        work = self.work
        work.load_passes((journey,))
        # Time moved, or something came from outside: not the same standing moment any more.
        moved = journey.pass_at != cause.at or (cause.outside and journey.pass_cause != cause.seq)
        journey.runaway_count = 0 if moved else journey.runaway_count + 1
        journey.pass_no += 1
        fields: dict[str, int] = {}
        if trigger != cause.seq:
            fields["trigger"] = trigger
        own = cause.seq if cause.seq is not None else work.seq
        start = max(own, bound)
        if start != own:
            fields["bound"] = start
        data = jsontext.dumps(fields) if fields else None
        seq = work.append(
            cause.at,
            Kind.PASS,
            journey.user.id,
            journey,
            journey.workflow_id,
            None,
            None,
            cause.seq,
            data,
            cause.late,
        )
        journey.pass_seq, journey.trigger = seq, trigger
        journey.start = (cause.at, start, cause.late or 0)
        journey.pass_at, journey.pass_cause = cause.at, cause.seq
        journey.outcomes, journey.opened, journey.fresh = {}, {}, set()
        journey.status, journey.touched, journey.begun = Status.WAITING, True, True

    def drive(self, state: JourneyState, cause: Cause) -> None:
        """Drive a journey as far as it goes: through its pass, and those that follow at once."""
        while True:
            workflow = state.workflow
            if workflow is None:
                return
            if state.runaway_count >= MAX_PASSES:
                what = f"runaway: {MAX_PASSES} passes without time moving"
                self.fail(state, cause, Failed("WorkflowError", what, _line(workflow), "", ""))
                return
            if (poison := self.monitor.quarantined.get(state.id)) is not None:
                self.fail(state, cause, poison)
                return
            if self.quarantine is not None and (killed := self.quarantine.name(state)) is not None:
                self.fail(state, cause, killed)
                return
            stand = self._stand(state, cause)
            if state.status == Status.FAILED:
                # It would not let itself be left.
                return
            went_on = stand is not None and stand.coroutine is not None
            if stand is not None and went_on:
                journey, resolver = stand.journey, stand.resolver
                resolver.cause = cause
            else:
                journey = self._begin_drive(state, workflow)
                make, self._make = self._make or self._resolver or CommandResolver, None
                resolver = make(self.work, state, journey, cause, self.steps, self.ids)
                if state.resuming:
                    self._mute_what_was_said(state, journey)
                if resolver.mute_since is not None:
                    self._mute_what_was_said(state, journey, resolver.mute_since)
            self._current = (state, cause)
            if self._bound.lines:
                self._bound = Bound()
            monitor = self.monitor
            monitor.begin(journey, state.id)
            if stand is None:
                end = drive(workflow, journey, partial(self._answer, resolver), code=monitor.code)
            else:
                stand.journey, stand.resolver, stand.cause = journey, resolver, cause
                end = self._drive_on(stand, workflow)
            took = monitor.over()
            if stand is not None and not went_on:
                self.invested += took
            if monitor.abandoned:
                raise Abandoned
            if self.quarantine is not None:
                self.quarantine.came_back()
            self._current = None
            state.begun = False
            if state.fresh:
                state.fresh = set()
            if isinstance(end, Blocked):
                if state.opened:
                    self._close_strays(state, end.command, cause)
                return
            if isinstance(end, Failed):
                self.fail(state, cause, end)
                return
            if isinstance(end, Again):
                self.close_waits(state, cause)
                self._begin_pass(state, state.trigger, cause, journey._bound)
                continue
            if end.result is not None:
                self._complete(state, cause, end)
                return
            self.close_waits(state, cause)
            missed = self._missed_trigger(state, resolver)
            if missed is None:
                state.status, state.touched = Status.IDLE, True
                return
            self._begin_pass(state, missed, cause, journey._bound)

    def _begin_drive(self, state: JourneyState, workflow: Workflow) -> Journey:
        """What a function is given that is driven from its top."""
        name = state.user.name
        simple = state.n == 1 and not state.key and state.user.plain
        id = f"{workflow.name}/{name}" if simple else state.text_id(workflow.name)
        exact = None if not state.key else state.exact_id(workflow.name)
        reader = JourneyReader(self.work, state)
        journey = Journey(
            id, name, reader.trigger, reader, self.log, self._seed, state.pass_no, *state.start, exact
        )
        journey._live = state.begun
        return journey

    def _drive_on(self, stand: LiveCoroutine, workflow: Workflow) -> End:
        """Drive a function that is left standing where it blocks."""
        launched = len(self.steps.launches)
        code = self.monitor.code
        end = stand.drive(workflow, stand.journey, partial(self._answer, stand.resolver), code)
        if stand.coroutine is None:
            return end
        if len(self.steps.launches) == launched:
            self.live.keep(stand)
            return end
        # What a step was given to work on may not change before it runs.
        return stand.leave(stand.journey, workflow, code) or end

    def _stand(self, state: JourneyState, cause: Cause) -> LiveCoroutine | None:
        """Where a drive goes on, or leaves its function standing; None: it is closed where it blocks."""
        if self._make is None and not state.resuming and not cause.again:
            return self.live.stand(state)
        # It does not go the way that is recorded: what stands knows another.
        self.leave(state, cause)
        return None

    def leave(self, state: JourneyState, cause: Cause) -> None:
        """Close a journey's function where it stands. The journey fails that does not let itself be left."""
        if (failed := self.live.leave(state)) is not None:
            self.fail(state, cause, failed)

    def leave_all(self) -> None:
        """Close all functions that stand, before the batch is written."""
        for stand in self.live.standing():
            cause = stand.cause
            self.leave(stand.state, Cause(max(self.monitor.moment, cause.at), cause.seq, late=cause.late))
            if self.monitor.abandoned:
                raise Abandoned
        self.live.end()

    def reader(self, state: JourneyState) -> JourneyReader:
        """What a journey may look up while it is driven."""
        return JourneyReader(self.work, state)

    def _missed_trigger(self, state: JourneyState, resolver: CommandResolver) -> int | None:
        """The newest trigger that came during the pass and is in no result of it."""
        work, workflow = self.work, state.workflow
        assert workflow is not None
        user, start, now = state.user, state.start[1], work.seq
        seqs = work.event_seqs(user, workflow.trigger, start, now)
        if not seqs:
            return None
        # What a journey has just sent is a cause of its own, and comes next.
        coming = {event.seq for event, _ in self.queue}
        results = Results(resolver.resolved)
        for seq in seqs:
            if seq in coming:
                continue
            event = work.event(seq)
            if workflow.key is not None and key_value(workflow, event.data) != state.key:
                continue
            if not results.hold(event):
                return seq
        return None

    def _complete(self, state: JourneyState, cause: Cause, end: Ended) -> None:
        try:
            result = jsontext.dumps(end.result)
        except jsontext.NotJson as error:
            workflow = state.workflow
            assert workflow is not None
            what = f"it returned what cannot be stored: {error}"
            self.fail(state, cause, Failed("WorkflowError", what, _line(workflow), "", ""))
            return
        self.finish(state, Status.COMPLETED, Kind.COMPLETED, cause, f'{{"result":{result}}}')

    def fail(self, state: JourneyState, cause: Cause, failed: Failed) -> None:
        """A journey fails."""
        self.failures += 1
        fields = {
            "type": failed.type,
            "message": failed.message,
            "line": failed.line,
            "source": failed.source,
            "traceback": failed.traceback[-MAX_MESSAGE:],
        }
        if failed.step is not None:
            fields["step"] = failed.step
        data = jsontext.dumps(
            {name: printable(value, MAX_MESSAGE) for name, value in fields.items() if value}
        )
        place = self.work.name_id(failed.line) if failed.line else None
        state.fresh, state.begun, state.resuming = set(), False, False
        self.finish(state, Status.FAILED, Kind.FAILED, cause, data, place)

    def finish(
        self,
        state: JourneyState,
        status: int,
        kind: int,
        cause: Cause,
        data: str | None,
        place: int | None = None,
    ) -> None:
        """A journey ends: so do its waits."""
        work = self.work
        stuck = self.live.leave(state)
        if not state.loaded:
            work.load_passes((state,))
        if state.opened:
            self.close_waits(state, self.to_come(cause, state))
        seq = work.append(
            cause.at, kind, state.user.id, state, state.workflow_id, None, place, cause.seq, data, cause.late
        )
        state.status, state.touched = status, True
        if stuck is not None:
            # It has ended all the same, and says what it would not leave.
            self._say_stuck(state, cause, seq, stuck)

    def _say_stuck(self, state: JourneyState, cause: Cause, seq: int, stuck: Failed) -> None:
        place = self.work.name_id(stuck.line)
        message = printable(stuck.message, MAX_MESSAGE)
        self.work.append(
            cause.at, Kind.LOG_ERROR, state.user.id, state, None, None, place, seq, message, cause.late
        )

    def to_come(self, cause: Cause, state: JourneyState) -> Cause:
        """An act's own entry stands behind those of the waits that it ends."""
        if cause.seq is not None:
            return cause
        return replace(cause, seq=self.work.seq + len(state.opened))

    def _mute_what_was_said(self, state: JourneyState, journey: Journey, since: int = 0) -> None:
        """After `resume` the end of the pass runs once more: it says again only what is new.

        Args:
            since: this batch has no entry of the journey before this seq.
        """
        said: dict[str, int] = {}
        for message in self.work.said(state, since):
            said[message] = said.get(message, 0) + 1
        journey._muted = said
        journey._live = True
        state.resuming = False

    # -- waits -----------------------------------------------------------------------------

    def add_timer(self, wait: WaitState) -> None:
        """A deadline was opened in this batch, and may come in it."""
        assert wait.due is not None
        heapq.heappush(self.timers, (wait.due, wait.id, wait))

    def end_wait(
        self, wait: WaitState, kind: int, cause: Cause, data: str | None, late: int | None = None
    ) -> int:
        """Record the outcome of an open wait; gives its seq."""
        work, journey = self.work, wait.journey
        work.end_wait(wait)
        seq = work.append(
            cause.at,
            kind,
            journey.user.id,
            journey,
            wait.label,
            wait.key[2],
            wait.place,
            cause.seq,
            data,
            late,
        )
        journey.outcomes[wait.key] = Record(kind, seq, cause.at, cause.seq, late, data)
        journey.fresh.add(wait.key)
        return seq

    def close_wait(self, wait: WaitState, cause: Cause) -> None:
        """A wait is left without an outcome."""
        work, journey = self.work, wait.journey
        kind = CLOSED_BY[wait.kind]
        fields: dict[str, Any] = {} if wait.key[2] >= 0 else {"id": wait.key[1][1:]}
        if kind == Kind.STEP_FAILED:
            fields.update(jsontext.loads(CLOSED_STEP))
            if "once" in wait.spec:
                fields["once"] = True
        data = jsontext.dumps(fields) if fields else None
        work.end_wait(wait)
        work.append(
            cause.at, kind, journey.user.id, journey, wait.label, wait.key[2], wait.place, cause.seq, data
        )

    def close_waits(self, journey: JourneyState, cause: Cause) -> None:
        """End all that a journey waits for, without an outcome."""
        for wait in sorted(journey.opened.values(), key=lambda wait: wait.id):
            self.close_wait(wait, cause)

    def _close_strays(self, journey: JourneyState, command: Command[Any], cause: Cause) -> None:
        """Close what the journey no longer waits for: the code goes another way than it did."""
        if len(journey.opened) == 1 and command.key in journey.opened:
            return
        kept = set(_keys(command))
        for wait in [wait for key, wait in journey.opened.items() if key not in kept]:
            self.close_wait(wait, cause)

    def _retry_step(self, wait: WaitState, at: int, failure: dict[str, Any]) -> None:
        work, journey = self.work, wait.journey
        work.end_wait(wait)
        data = jsontext.dumps(failure)
        kind, label, place = Kind.STEP_RETRY, wait.label, wait.place
        seq = work.append(at, kind, journey.user.id, journey, label, wait.key[2], place, wait.id, data)
        due = at + failure["pause"]
        self.add_timer(work.open_wait(journey, seq, kind, None, due, wait.key, data, wait.id, label, place))

    def interrupt_step(self, wait: WaitState, cause: Cause) -> None:
        """A step whose process died under it time and again is given up."""
        fields = {"type": "interrupted", "message": "the process ended while it ran, four times"}
        fields |= {name: wait.spec[name] for name in ("once", "id") if name in wait.spec}
        self.end_wait(wait, Kind.STEP_FAILED, Cause(cause.at, None), jsontext.dumps(fields))

    def _step_keys(self, journey: JourneyState, step: Step[Any]) -> StepKeys:
        """A step's idempotency key: the same for the same journey, pass and step in this store."""
        assert journey.workflow is not None
        work, text = self.work, key_text(step.key)
        if not journey.key and journey.user.plain and journey.n == 1 and "/" not in text and "~" not in text:
            # There is no mark in it, and so nothing to tell apart: most steps.
            id = f"{journey.workflow.name}/{journey.user.name}"
            return StepKeys(idempotency_key(work.salt, scope_of(id, journey.pass_no, text, step.once)))
        parts = Parts(journey.workflow.name, journey.user.name, journey.key, journey.n)
        mixed = work.has_plain_ids
        return step_keys(work.salt, parts, journey.escaped, journey.pass_no, text, step.once, mixed=mixed)

    # -- what is decided on a command --------------------------------------------------------

    def _answer(self, resolver: CommandResolver, command: Command[Any]) -> Outcome | None:
        """The outcome of a command of the driven journey; None when it has to wait for it.

        Each decision is applied before the next is made: the number of an entry, an id that is taken
        now, a log line in between count for what comes behind.

        Raises:
            WorkflowError: the command cannot be done at all.
        """
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
                self.work.end_wait(wait)
            case Close(wait):
                self.close_wait(wait, cause)
            case SendEvent(command):
                return self._send(state, cause, command)
            case Repeat(command):
                return self._repeat(resolver, command)
            case Run(command, attempt, start):
                self._launch(resolver, command, attempt, start)
            case Interrupt(wait):
                self.interrupt_step(wait, cause)
            case Say(level, message, place):
                self.log(resolver.journey, level, message, place)
            case Speak(since):
                self._mute_what_was_said(state, resolver.journey, since)
        return None

    def _open(self, state: JourneyState, cause: Cause, opening: Open) -> WaitState:
        command, kind, text, wanted, duration, data, late = opening
        work = self.work
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
            self.add_timer(wait)
        if wanted is not None and self.asks is not None:
            assert isinstance(command, Wait)
            self.asks.append(Ask(seq, state.user.name, wanted.parts, command.match))
        return wait

    def _record(self, state: JourneyState, cause: Cause, recording: RecordOutcome) -> Record:
        """Append the outcome of a command that came at once."""
        command, kind, text, data = recording
        work = self.work
        label = work.name_id(text)
        place = work.place_id(command.place)
        seq = work.append(cause.at, kind, state.user.id, state, label, command.key[2], place, cause.seq, data)
        record = Record(kind, seq, cause.at, cause.seq, None, data)
        state.outcomes[command.key] = record
        state.fresh.add(command.key)
        return record

    def _send(self, state: JourneyState, cause: Cause, command: Ingest) -> Record:
        """The event and the outcome of sending it are one entry (DESIGN rule 12)."""
        work, monitor = self.work, self.monitor
        if cause.causation_depth:
            monitor.fan_out += 1
        if cause.causation_depth >= MAX_CAUSATION_DEPTH:
            raise _runaway(command, f"{MAX_CAUSATION_DEPTH:,} events were sent one after another")
        if monitor.fan_out > MAX_FAN_OUT:
            raise _runaway(command, f"{MAX_FAN_OUT:,} events were sent in answer to one another")
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
        self.ids.take(command.event_id, seq)
        record = state.outcomes[command.key] = Record(Kind.EVENT, seq, cause.at, cause.seq, None, None)
        state.fresh.add(command.key)
        return record

    def _repeat(self, resolver: CommandResolver, command: Ingest) -> Record:
        """Record that an event's id was taken: its event may be erased or pruned before the next replay.

        The position stays where it is. A journey that came past here before this was recorded does so again.
        """
        work, state, journey = self.work, resolver.state, resolver.journey
        kind, late = Kind.EVENT_DUPLICATE, journey._late or None
        data = jsontext.dumps({"id": command.event_id, "bound": journey._bound})
        name, place = work.name_id(command.name), work.place_id(command.place)
        seq = work.append(
            journey._at,
            kind,
            state.user.id,
            state,
            name,
            command.key[2],
            place,
            resolver.cause.seq,
            data,
            late,
        )
        record = Record(kind, seq, journey._at, resolver.cause.seq, late, data)
        state.outcomes[command.key] = record
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
        self.steps.relaunch.discard(start)
        self.steps.launches.append(
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
            )
        )

    # -- what journeys say -----------------------------------------------------------------

    def log(self, journey: Journey, level: str, message: str, place: Place) -> bool:
        """Write what the driven journey says to its log. False when it has said too much to be written."""
        assert self._current is not None
        state, cause = self._current
        message = printable(message, MAX_MESSAGE)
        if level == "note":
            state.note, state.touched = message, True
        if (taken := self._bound.take(level, message)) is None:
            return False
        kind, message = LEVELS[taken[0]], taken[1]
        work = self.work
        work.append(
            cause.at,
            kind,
            state.user.id,
            state,
            None,
            None,
            work.place_id(place),
            cause.seq,
            message,
            cause.late,
        )
        return True

    def id_of(self, journey: JourneyState) -> str:
        """The text id of a journey."""
        return journey.text_id(self.work.name_text(journey.workflow_id))


def _settled(value: Any) -> Any:
    """An argument that a step may read in another thread, after the drive."""
    if isinstance(value, Waited):
        _ = value.result
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


def _order(journey: JourneyState) -> tuple[str, int]:
    """Journeys of one user take their turns by their workflows' names, then by age."""
    assert journey.workflow is not None
    return journey.workflow.name, journey.id


def _keys(command: Command[Any]) -> list[Key]:
    found = [command.key]
    if isinstance(command, Group):
        for member in command.members:
            found += _keys(member)
    return found


def key_value(workflow: Workflow, data: Mapping[str, Any]) -> str:
    """The value of a workflow's `key=` field as JSON; null when an event does not carry it."""
    assert workflow.key is not None
    value = look_up(data, workflow.key)
    return "null" if value is MISSING else jsontext.dumps(value)


def _line(workflow: Workflow) -> str:
    return f"{workflow.path.rpartition('/')[2]}:{workflow.line}"


def _meta(incoming: Incoming) -> str:
    parts = []
    if incoming.profile is not None:
        parts.append(f'"profile":{incoming.profile}')
    if incoming.sent_at is not None:
        parts.append(f'"sent_at":{incoming.sent_at}')
    if incoming.extra is not None:
        parts.append(f'"extra":{incoming.extra}')
    return "{" + ",".join(parts) + "}"


def _more(fields: dict[str, Any]) -> str:
    return "".join(f",{jsontext.dumps(name)}:{jsontext.dumps(value)}" for name, value in fields.items())
