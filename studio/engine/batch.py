"""One batch: causes handled one by one, in order, on top of what the store holds.

A cause is an event, a timer, a step's result or an act of the operator. It is carried
to its end, with all the events that journeys send on the way, before the next begins:
so a batch of 1,000 gives the very history of 1,000 batches of one (DESIGN rule 1).
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from studio import jsontext
from studio.commands import Command, Group, Key, Place, key_text
from studio.definition import Workflow
from studio.engine.answers import MAX_PAUSE, Answers, Ask, Launch
from studio.engine.cause import Cause, StepResult
from studio.engine.drive import Abandoned, Again, Blocked, Ended, Failed, drive, printable
from studio.engine.lookup import Lookup
from studio.engine.matching import MISSING, look_up
from studio.engine.overlay import Overlay
from studio.engine.routes import Routes
from studio.engine.state import (
    CLOSED_BY,
    CLOSED_STEP,
    OPEN_STATUSES,
    JourneyState,
    Record,
    UserState,
    WaitState,
)
from studio.engine.watch import Watch
from studio.event import Event
from studio.incoming import Incoming
from studio.journey import Journey
from studio.names import START
from studio.store import sqlite as sql
from studio.store.holds import idempotency_key
from studio.store.schema import LEVELS, Kind, Status

if TYPE_CHECKING:
    from studio.engine.moves import Moving

MAX_PASSES = 100
"""Passes without time moving, before it is a runaway."""
MAX_MESSAGE = 64 * 1024
"""Characters of a log entry."""

TIMER_KINDS = {
    Kind.WAIT_OPENED: Kind.WAIT_TIMEOUT,
    Kind.GROUP_OPENED: Kind.GROUP_TIMEOUT,
    Kind.SLEEP_OPENED: Kind.SLEEP_DONE,
}


class Batch:
    """Handles causes; what they change stands in `overlay`."""

    def __init__(
        self,
        overlay: Overlay,
        routes: Routes,
        *,
        watch: Watch | None = None,
        running: frozenset[tuple[int, int, Key, int]] | set[tuple[int, int, Key, int]] = frozenset(),
        ask: bool = False,
    ) -> None:
        self.overlay = overlay
        self.routes = routes
        self.watch = watch or Watch()
        self.queue: deque[tuple[Event, int]] = deque()
        """Events that journeys sent and that are still to be causes, with their chain."""
        self.launches: list[Launch] = []
        self.asks: list[Ask] | None = [] if ask else None
        self.once_done: dict[tuple[int, str, str, int], Record] = {}
        self.timers: list[tuple[int, int, WaitState]] = []
        """A heap of deadlines that were opened in this batch."""
        self.failures = 0
        self.relaunch: set[int] = set()
        """Started steps that never ran here: a drive launches them as they stand."""
        self.on_hold: Collection[int] = ()
        """Started steps that wait for a yes."""
        self.moving: Moving | None = None
        """A reload that is under way: journeys that a cause comes to go over to the new code first."""
        self._running = running
        self._salt = overlay.store.salt
        self._ids: dict[str, int] = {}
        self._ids_asked: set[str] = set()
        self._current: tuple[JourneyState, Cause] | None = None
        # What answers the next drive, when that is not `Answers` itself.
        self._answering: Callable[[Batch, JourneyState, Journey, Cause], Answers] | None = None

    # -- getting ready ---------------------------------------------------------------------

    def prefetch(self, events: list[Incoming]) -> None:
        """Read what these events will need, a statement for all in place of one for each."""
        overlay = self.overlay
        overlay.load_users([event.user for event in events])
        if ids := [event.id for event in events if event.id is not None]:
            self._load_ids(ids)
        known = [(overlay.users[event.user], event) for event in events if not overlay.users[event.user].new]
        if not known:
            return
        overlay.load_waits([(user, overlay.name_id(event.name)) for user, event in known])
        keyed = []
        for user, event in known:
            for workflow in self.routes.of(event.name)[1]:
                key = "" if workflow.key is None else _key_value(workflow, jsontext.loads(event.text))
                keyed.append((user, overlay.name_id(workflow.name), key))
        overlay.load_keyed(keyed)
        ready = [wait.journey for wait in overlay.waits.values() if wait.open and wait.name is not None]
        ready += [journey for journey in overlay.journeys.values() if journey.status == Status.IDLE]
        overlay.load_passes(ready)

    def _load_ids(self, ids: list[str]) -> None:
        fresh = [id for id in ids if id not in self._ids_asked]
        self._ids_asked.update(fresh)
        for id, seq in self.overlay.known_ids(fresh).items():
            self._ids[id] = seq

    def is_known(self, id: str) -> bool:
        """Whether an event with this id was taken before."""
        if id not in self._ids_asked:
            self._load_ids([id])
        return id in self._ids

    def took_id(self, id: str | None, seq: int) -> None:
        """An event with this id was taken now."""
        if id is not None:
            self._ids_asked.add(id)
            self._ids[id] = seq

    # -- causes ----------------------------------------------------------------------------

    def event(self, incoming: Incoming, at: int) -> Event:
        """An event from outside. A duplicate is given back as such and changes nothing."""
        overlay = self.overlay
        if incoming.id is not None and self.is_known(incoming.id):
            event = overlay.event(self._ids[incoming.id])
            event.duplicate = True
            return event
        self._move_to(at, outside=True)
        user = overlay.user(incoming.user)
        if self.moving is not None:
            self.moving.user(user, at)
            self.drain()
        text = None if incoming.text == "{}" else incoming.text
        meta = None
        if incoming.profile is not None or incoming.sent_at is not None or incoming.extra is not None:
            meta = _meta(incoming)
        seq = overlay.append(
            at,
            Kind.EVENT,
            user.id,
            None,
            overlay.name_id(incoming.name),
            None,
            None,
            None,
            text,
            None,
            incoming.id,
            meta,
        )
        event = Event(incoming.name, user.name, at, text, incoming.id, seq, incoming.sent_at)
        self.took_id(incoming.id, seq)
        overlay.add_event(user, event)
        overlay.learn(event, meta)
        self._deliver(event, user, Cause(at, seq, True))
        if self.queue:
            self.drain()
        return event

    def timer(self, wait: WaitState, late: int) -> None:
        """A deadline has come. Its entries carry it as their moment, however late it is served."""
        overlay, journey = self.overlay, wait.journey
        if not wait.open or wait.due is None:
            return
        if journey.workflow is None:
            overlay.park(wait)
            return
        overlay.load_passes((journey,))
        if self.moving is not None:
            due = wait.due
            self.moving.journey(journey, due)
            if not wait.open or wait.due != due:
                self.drain()
                return
        self._move_to(wait.due)
        # A wait of no time moves no time.
        chain = wait.chain + 1 if 0 in (wait.spec.get("timeout"), wait.spec.get("duration")) else 0
        lateness = late or None
        if wait.kind == Kind.STEP_RETRY:
            wait.fired = True
            self.drive(journey, Cause(wait.due, wait.id, late=lateness))
        else:
            fields = self.ended_without(wait)
            data = jsontext.dumps(fields) if fields else None
            kind = TIMER_KINDS[wait.kind]
            seq = self.end_wait(wait, kind, Cause(wait.due, None), data, lateness)
            self.drive(journey, Cause(wait.due, seq, late=lateness, chain=chain))
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
        overlay, launch = self.overlay, result.launch
        journey = overlay.journey_by_id(launch.journey)
        if journey is None or journey.pass_no != launch.pass_no or journey.status != Status.WAITING:
            return False
        overlay.load_passes((journey,))
        if self.moving is not None:
            self.moving.journey(journey, at)
            self.drain()
        wait = journey.opened.get(launch.key)
        if wait is None or wait.id != launch.start:
            return False
        label = wait.label
        for level, message, place in result.said:
            kind = LEVELS.get(level, Kind.LOG)
            overlay.append(
                at,
                kind,
                journey.user.id,
                journey,
                label,
                None,
                overlay.place_id(place),
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
                self.once_done[(journey.id, *wait.key)] = journey.outcomes[wait.key]
        else:
            attempt, retries = spec.get("attempt", 1), spec.get("retries", 0)
            failure: dict[str, Any] = {
                "attempt": attempt,
                "type": result.type,
                "message": printable(result.message, MAX_MESSAGE),
                **shared,
            }
            if attempt <= retries:
                pause = min(spec.get("pause", 1000) * 2 ** (attempt - 1), MAX_PAUSE)
                self._retry_step(wait, at, {**failure, "pause": pause})
                return True
            data = jsontext.dumps(
                {**failure, "traceback": printable(result.traceback[-MAX_MESSAGE:], MAX_MESSAGE)}
            )
            seq = self.end_wait(wait, Kind.STEP_FAILED, Cause(at, None), data)
        # In virtual time a step takes no time.
        self.drive(journey, Cause(at, seq, chain=launch.chain + 1 if at == launch.at else 0))
        self.drain()
        return True

    def recover(self, wait: WaitState, at: int) -> None:
        """A step was started and its process is gone: drive to it, which starts it again."""
        if wait.open and wait.journey.workflow is not None:
            self.overlay.load_passes((wait.journey,))
            if self.moving is not None:
                self.moving.journey(wait.journey, at)
            if wait.open:
                self.drive(wait.journey, Cause(at, wait.id))
            self.drain()

    def look_again(self, journey: JourneyState, cause: Cause) -> None:
        """A workflow is there again that was missing for a while: its waits look at what came since."""
        if journey.status == Status.WAITING and journey.workflow is not None:
            self.overlay.load_passes((journey,))
            if self.moving is not None:
                self.moving.journey(journey, cause.at, cause.seq)
            if journey.status == Status.WAITING:
                self.drive(journey, cause)
            self.drain()

    def go_over(
        self,
        state: JourneyState,
        cause: Cause,
        answering: Callable[[Batch, JourneyState, Journey, Cause], Answers],
    ) -> None:
        """Drive a journey by code that it did not wait by; `drain` carries what it sends to its end."""
        self._answering = answering
        try:
            self.drive(state, cause)
        finally:
            self._answering = None

    # -- events ----------------------------------------------------------------------------

    def _move_to(self, at: int, *, outside: bool = False) -> None:
        """A cause begins; as long as time stands, what journeys send in answer to one another adds up."""
        watch = self.watch
        if outside or at != watch.moment:
            watch.moment, watch.echoes = at, 0

    def drain(self) -> None:
        """Carry all events that journeys sent to their ends."""
        while self.queue:
            event, chain = self.queue.popleft()
            user = self.overlay.user(event.user)
            if self.moving is not None:
                self.moving.user(user, event.at_ms, event.seq)
            self._deliver(event, user, Cause(event.at_ms, event.seq, chain=chain))

    def _deliver(self, event: Event, user: UserState, cause: Cause) -> None:
        """An event ends journeys that leave at it, wakes waits, then starts passes."""
        overlay = self.overlay
        exits, starts = self.routes.of(event.name)
        for workflow in exits:
            for journey in overlay.open_journeys(user, overlay.name_id(workflow.name)):
                if journey.concerns(event.data):
                    self.finish(journey, Status.EXITED, Kind.EXITED, cause, None)
        woken: set[JourneyState] = set()
        waits = overlay.waits_for(user, overlay.name_id(event.name))
        if waits:
            matching: dict[JourneyState, list[WaitState]] = {}
            for wait in waits:
                if wait.journey.workflow is None:
                    overlay.missed(wait.journey)
                elif wait.meets(event):
                    matching.setdefault(wait.journey, []).append(wait)
            if len(matching) > 1:
                overlay.load_passes(matching)
                matching = dict(sorted(matching.items(), key=lambda pair: _order(pair[0])))
            for journey, found in matching.items():
                if len(found) > 1:
                    found = _first_of_each(found)
                woken.add(journey)
                if not journey.loaded:
                    overlay.load_passes((journey,))
                for wait in found:
                    if wait.open:
                        data = None if wait.key[2] >= 0 else jsontext.dumps({"id": wait.key[1][1:]})
                        self.end_wait(wait, Kind.WAIT_MATCHED, cause, data)
                self.drive(journey, cause)
        for workflow in starts:
            key = "" if workflow.key is None else _key_value(workflow, event.data)
            newest = overlay.keyed(user, overlay.name_id(workflow.name), key)
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
        overlay = self.overlay
        workflow_id = overlay.name_id(workflow.name)
        assert cause.seq is not None
        journey = overlay.add_journey(user, workflow, workflow_id, key, n, overlay.seq, cause.seq)
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
        overlay.append(cause.at, Kind.STARTED, user.id, journey, workflow_id, None, None, cause.seq, data)
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
        overlay = self.overlay
        workflow = self.routes.workflows.get(event.name.removeprefix(START))
        if workflow is None:
            return
        trigger = event
        if not event.data:
            for seq in overlay.event_seqs(user, workflow.trigger, 0, event.seq - 1, 1):
                trigger = overlay.event(seq)
        key = "" if workflow.key is None else _key_value(workflow, trigger.data)
        newest = overlay.keyed(user, overlay.name_id(workflow.name), key)
        if newest is None:
            self.start(user, workflow, key, 1, trigger.seq, cause)
        elif workflow.again and newest.status not in OPEN_STATUSES:
            self.start(user, workflow, key, newest.n + 1, trigger.seq, cause)

    def _begin_pass(self, journey: JourneyState, trigger: int, cause: Cause, bound: int) -> None:
        """Begin the next pass.

        Args:
            bound: the position at which the last one ended, when it ended just now.
        """
        overlay = self.overlay
        overlay.load_passes((journey,))
        # Time moved, or something came from outside: not the same standing moment any more.
        moved = journey.pass_at != cause.at or (cause.outside and journey.pass_cause != cause.seq)
        journey.still = 0 if moved else journey.still + 1
        journey.pass_no += 1
        fields: dict[str, int] = {}
        if trigger != cause.seq:
            fields["trigger"] = trigger
        own = cause.seq if cause.seq is not None else overlay.seq
        start = max(own, bound)
        if start != own:
            fields["bound"] = start
        data = jsontext.dumps(fields) if fields else None
        seq = overlay.append(
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
            if state.still >= MAX_PASSES:
                what = f"runaway: {MAX_PASSES} passes without time moving"
                self._fail(state, cause, Failed("WorkflowError", what, _line(workflow), "", ""))
                return
            if (poison := self.watch.poisoned.get(state.id)) is not None:
                self._fail(state, cause, poison)
                return
            name = state.user.name
            id = f"{workflow.name}/{name}" if state.n == 1 and not state.key else state.text_id(workflow.name)
            reader = Lookup(self.overlay, state)
            journey = Journey(
                id, name, reader.trigger, reader, self.log, self._salt, state.pass_no, *state.start
            )
            journey._live = state.begun
            if self._answering is None:
                answers = Answers(self, state, journey, cause)
            else:
                answers, self._answering = self._answering(self, state, journey, cause), None
            if state.resuming:
                self.mute_what_was_said(state, journey)
            self._current = (state, cause)
            watch = self.watch
            watch.since, watch.speaker, watch.journey = monotonic(), journey, state.id
            end = drive(workflow, journey, answers)
            watch.journey = watch.speaker = None
            if watch.abandoned:
                raise Abandoned
            self._current = None
            state.begun = False
            if state.fresh:
                state.fresh = set()
            if isinstance(end, Blocked):
                if state.opened:
                    self._close_strays(state, end.command, cause)
                return
            if isinstance(end, Failed):
                self._fail(state, cause, end)
                return
            if isinstance(end, Again):
                self.close_waits(state, cause)
                self._begin_pass(state, state.trigger, cause, journey._bound)
                continue
            if end.result is not None:
                self._complete(state, cause, end)
                return
            self.close_waits(state, cause)
            missed = self._missed_trigger(state, answers)
            if missed is None:
                state.status, state.touched = Status.IDLE, True
                return
            self._begin_pass(state, missed, cause, journey._bound)

    def reader(self, state: JourneyState) -> Lookup:
        """What a journey may look up while it is driven."""
        return Lookup(self.overlay, state)

    def _missed_trigger(self, state: JourneyState, answers: Answers) -> int | None:
        """The newest trigger that came during the pass and is in no result of it."""
        overlay, workflow = self.overlay, state.workflow
        assert workflow is not None
        user, start, now = state.user, state.start[1], overlay.seq
        seqs = overlay.event_seqs(user, workflow.trigger, start, now)
        if not seqs:
            return None
        # What a journey has just sent is a cause of its own, and comes next.
        coming = {event.seq for event, _ in self.queue}
        for seq in seqs:
            if seq in coming:
                continue
            event = overlay.event(seq)
            if workflow.key is not None and _key_value(workflow, event.data) != state.key:
                continue
            if not any(resolved.holds(event) for resolved in answers.resolved):
                return seq
        return None

    def _complete(self, state: JourneyState, cause: Cause, end: Ended) -> None:
        try:
            result = jsontext.dumps(end.result)
        except jsontext.NotJson as error:
            workflow = state.workflow
            assert workflow is not None
            what = f"it returned what cannot be stored: {error}"
            self._fail(state, cause, Failed("WorkflowError", what, _line(workflow), "", ""))
            return
        self.finish(state, Status.COMPLETED, Kind.COMPLETED, cause, f'{{"result":{result}}}')

    def _fail(self, state: JourneyState, cause: Cause, failed: Failed) -> None:
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
        place = self.overlay.name_id(failed.line) if failed.line else None
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
        overlay = self.overlay
        if not state.loaded:
            overlay.load_passes((state,))
        if state.opened:
            self.close_waits(state, self.to_come(cause, state))
        overlay.append(
            cause.at, kind, state.user.id, state, state.workflow_id, None, place, cause.seq, data, cause.late
        )
        state.status, state.touched = status, True

    def to_come(self, cause: Cause, state: JourneyState) -> Cause:
        """An act's own entry stands behind those of the waits that it ends."""
        if cause.seq is not None:
            return cause
        return replace(cause, seq=self.overlay.seq + len(state.opened))

    def mute_what_was_said(self, state: JourneyState, journey: Journey, since: int = 0) -> None:
        """After `resume` the end of the pass runs once more: it says again only what is new.

        Args:
            since: this batch has no entry of the journey before this seq.
        """
        said: dict[str, int] = {}
        now = [
            row[13:14]
            for row in self.unwritten(state, since)
            if Kind.LOG_DEBUG <= row[2] <= Kind.NOTE and row[0] >= state.pass_seq
        ]
        for (message,) in self.overlay.store.rows(sql.SAID, state.id, state.pass_seq) + now:
            said[message] = said.get(message, 0) + 1
        journey._muted = said
        journey._live = True
        state.resuming = False

    def unwritten(self, state: JourneyState, since: int = 0) -> list[sql.Row]:
        """What this batch adds to a journey's history, oldest first."""
        rows = self.overlay.changes.history
        first = max(0, len(rows) - (self.overlay.seq - since))
        return [row for row in rows[first:] if row[4] == state.id]

    # -- waits -----------------------------------------------------------------------------

    def add_timer(self, wait: WaitState) -> None:
        """A deadline was opened in this batch, and may come in it."""
        assert wait.due is not None
        heapq.heappush(self.timers, (wait.due, wait.id, wait))

    def end_wait(
        self, wait: WaitState, kind: int, cause: Cause, data: str | None, late: int | None = None
    ) -> int:
        """Record the outcome of an open wait; gives its seq."""
        overlay, journey = self.overlay, wait.journey
        overlay.end_wait(wait)
        seq = overlay.append(
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
        overlay, journey = self.overlay, wait.journey
        kind = CLOSED_BY[wait.kind]
        fields: dict[str, Any] = {} if wait.key[2] >= 0 else {"id": wait.key[1][1:]}
        if kind == Kind.STEP_FAILED:
            fields.update(jsontext.loads(CLOSED_STEP))
            if "once" in wait.spec:
                fields["once"] = True
        data = jsontext.dumps(fields) if fields else None
        overlay.end_wait(wait)
        overlay.append(
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
        overlay, journey = self.overlay, wait.journey
        overlay.end_wait(wait)
        data = jsontext.dumps(failure)
        kind, label, place = Kind.STEP_RETRY, wait.label, wait.place
        seq = overlay.append(at, kind, journey.user.id, journey, label, wait.key[2], place, wait.id, data)
        due = at + failure["pause"]
        self.add_timer(
            overlay.open_wait(journey, seq, kind, None, due, wait.key, data, wait.id, label, place)
        )

    def interrupt_step(self, wait: WaitState, cause: Cause) -> None:
        """A step whose process died under it time and again is given up."""
        fields = {"type": "interrupted", "message": "the process ended while it ran, four times"}
        fields |= {name: wait.spec[name] for name in ("once", "id") if name in wait.spec}
        self.end_wait(wait, Kind.STEP_FAILED, Cause(cause.at, None), jsontext.dumps(fields))

    def is_running(self, journey: int, pass_no: int, key: Key, start: int) -> bool:
        """Whether this start of a step is being run by this process, or will be after this batch."""
        if start in self.on_hold or (journey, pass_no, key, start) in self._running:
            return True
        return any(launch.start == start for launch in self.launches)

    def token(self, scope: str) -> str:
        """An idempotency key: the same for the same journey, pass and step in this store."""
        return idempotency_key(self.overlay.store.salt, scope)

    # -- what journeys say -----------------------------------------------------------------

    def log(self, journey: Journey, level: str, message: str, place: Place) -> None:
        """Write what the driven journey says to its log."""
        assert self._current is not None
        state, cause = self._current
        message = printable(message, MAX_MESSAGE)
        kind = LEVELS[level]
        if kind == Kind.NOTE:
            state.note, state.touched = message, True
        overlay = self.overlay
        overlay.append(
            cause.at,
            kind,
            state.user.id,
            state,
            None,
            None,
            overlay.place_id(place),
            cause.seq,
            message,
            cause.late,
        )

    def id_of(self, journey: JourneyState) -> str:
        """The text id of a journey."""
        return journey.text_id(self.overlay.store.name_text(journey.workflow_id))


def _order(journey: JourneyState) -> tuple[str, int]:
    """Journeys of one user take their turns by their workflows' names, then by age."""
    assert journey.workflow is not None
    return journey.workflow.name, journey.id


def _first_of_each(waits: list[WaitState]) -> list[WaitState]:
    """Of waits for the same event and match the first: a second goes on behind it (DESIGN rule 9)."""
    first: dict[tuple[int | None, str], WaitState] = {}
    for wait in waits:
        first.setdefault((wait.label, jsontext.dumps(wait.spec.get("match"))), wait)
    return list(first.values())


def _keys(command: Command[Any]) -> list[Key]:
    found = [command.key]
    if isinstance(command, Group):
        for member in command.members:
            found += _keys(member)
    return found


def _key_value(workflow: Workflow, data: Mapping[str, Any]) -> str:
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
