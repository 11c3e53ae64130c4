"""One batch: causes handled one by one, in order, on top of what the store holds.

A cause is an event, a timer, a step's result or an act of the operator. It is carried
to its end, with all the events that journeys send on the way, before the next begins:
so a batch of 1,000 gives the very history of 1,000 batches of one (DESIGN rule 1).
"""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from studio.kernel.collecting import collects, filled_meanwhile, is_over, takes
from studio.kernel.drive import printable
from studio.kernel.entering import may_enter
from studio.kernel.goal_events import goal_met
from studio.kernel.journey_driver import JourneyDriver, MakeResolver
from studio.kernel.journey_log import MAX_MESSAGE
from studio.kernel.live_coroutines import LiveCoroutines
from studio.kernel.ports import DriveMonitor, Migration, UnitOfWork
from studio.kernel.records import Cause, Chain, StepResult
from studio.kernel.reopening import reopen_asked
from studio.kernel.state import OPEN_STATUSES, JourneyState, UserState, WaitState
from studio.kernel.steps_under_way import StepsUnderWay
from studio.kernel.triggers import Routes, key_value
from studio.kernel.wait_changes import WaitChanges
from studio.kernel.woken import first_of_each
from studio.kernel.zone_changes import may_tell, zone_told
from studio.language.arguments import PRIORITY
from studio.language.commands import Key, Message, key_text
from studio.language.event import Event
from studio.language.incoming import Incoming
from studio.language.kinds import LEVELS, Kind, Status
from studio.language.names import REOPEN, START
from studio.text import json_text as jsontext

MAX_PAUSE = 3_600_000
"""Milliseconds: retries of a step never wait longer than an hour."""

TIMER_KINDS = {
    Kind.WAIT_OPENED: Kind.WAIT_TIMEOUT,
    Kind.GROUP_OPENED: Kind.GROUP_TIMEOUT,
    Kind.SLEEP_OPENED: Kind.SLEEP_DONE,
}


SHARED = ("once", "id", "channel", "asked", "priority", "transactional")
"""What an attempt hands on to what follows it."""


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
        self.steps = StepsUnderWay(running)
        self.waits = WaitChanges(work)
        self.journeys = JourneyDriver(work, monitor, live, self.waits, self.steps, ask=ask, resolver=resolver)
        self.ids, self.asks = self.journeys.ids, self.journeys.asks
        self._sent = self.journeys.sent
        self._told_sent: set[int] = set()
        self.migration: Migration | None = None
        """A reload that is under way: journeys that a cause comes to go over to the new code first."""

    def event(self, incoming: Incoming, at: int, chain: Chain | None = None) -> Event:
        """An event from outside. A duplicate is given back as such and changes nothing.

        Args:
            chain: a journey of a user who is carried on elsewhere sent it at this moment, in such a chain.
        """
        work = self.work
        if incoming.id is not None and (known := self.ids.find(incoming.id)) is not None:
            # A copy: the first may be of this batch, and is given back as what it is.
            event = work.event(known).copy()
            event.duplicate = True
            return event
        self._move_to(at, outside=chain is None)
        if chain is not None:
            self.monitor.fan_out = max(self.monitor.fan_out, chain.fan_out)
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
        if incoming.id is not None:
            self.ids.take(incoming.id, seq)
        work.add_event(user, event)
        cause = Cause(at, seq, True) if chain is None else Cause(at, seq, causation_depth=chain[0])
        if text is not None or meta is not None:
            # Else it says nothing of its user.
            work.learn(event, meta)
            if may_tell(event, meta):
                zone_told(work, self.waits, self.routes.workflows.values(), user, cause)
        self._deliver(event, user, cause)
        if self._sent:
            self.drain()
        return event

    def timer(self, wait: WaitState, late: int) -> None:
        """A deadline has come. Its entries carry it as their moment, however late it is served.

        A message is judged behind all else of its user and moment, and behind messages that come before it:
        one of these is served in its place, and its own deadline comes once more.
        """
        if wait.open and wait.due is not None and wait.judges:
            first = self._first_of(wait)
            if first is not wait:
                self.timer(first, late)
                if wait.open:
                    self.waits.add_timer(wait)
                return
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
        if wait.kind == Kind.STEP_RETRY or wait.judges:
            wait.fired = True
            self.journeys.drive(journey, Cause(wait.due, wait.id, late=lateness))
        else:
            kind = TIMER_KINDS[wait.kind]
            if collects(wait) and "begun" in wait.spec:
                data, kind = is_over(work, self.waits, wait), Kind.WAIT_MATCHED
                if data is None:
                    return
            else:
                fields = self.ended_without(wait)
                data = jsontext.dumps(fields) if fields else None
            seq = self.waits.end(wait, kind, Cause(wait.due, None), data, lateness)
            self.journeys.drive(journey, Cause(wait.due, seq, late=lateness, causation_depth=causation_depth))
        self.drain()

    def _first_of(self, message: WaitState) -> WaitState:
        """What comes first of a user and a moment: what is no message, then by priority, then the older."""
        assert message.due is not None
        found = self.work.due_at(message.journey.user, message.due)
        loaded = [wait for wait in found if wait.journey.workflow is not None]
        return min((*loaded, message), key=_turn_of)

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
        if journey is None:
            return False
        if journey.pass_no != launch.pass_no or journey.status != Status.WAITING:
            return self._left_behind(journey, result, at)
        work.load_passes((journey,))
        if self.migration is not None:
            self.migration.journey(journey, at)
            self.drain()
        wait = journey.opened.get(launch.key)
        if wait is None or wait.id != launch.start:
            return self._left_behind(journey, result, at)
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
        shared: dict[str, Any] = {name: spec[name] for name in SHARED if name in spec}
        if result.result is not None:
            data = f'{{"result":{result.result}{_more(shared)}}}'
            kind = Kind.STEP_DONE if wait.key[0] != "message" else Kind.MESSAGE_SENT
            seq = self.waits.end(wait, kind, Cause(at, None), data)
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
                self.waits.retry_step(wait, at, {**failure, "pause": pause})
                return True
            data = jsontext.dumps(
                {**failure, "traceback": printable(result.traceback[-MAX_MESSAGE:], MAX_MESSAGE)}
            )
            seq = self.waits.end(wait, Kind.STEP_FAILED, Cause(at, None), data)
        # In virtual time a step takes no time.
        self.journeys.drive(
            journey, Cause(at, seq, causation_depth=launch.causation_depth + 1 if at == launch.at else 0)
        )
        self.drain()
        return True

    def _left_behind(self, journey: JourneyState, result: StepResult, at: int) -> bool:
        """A message was under way when its journey left it: it is recorded, and drives nothing."""
        launch = result.launch
        family, name, n = launch.key
        if family != "message" or result.result is None or launch.start in self._told_sent:
            return False
        self._told_sent.add(launch.start)
        work = self.work
        label = work.name_id(name if n >= 0 else name.removeprefix("="))
        channel: dict[str, Any] = {}
        if isinstance(launch.command, Message):
            channel["channel"] = launch.command.channel.name
        given = {} if n >= 0 else {"id": name.removeprefix("=")}
        data = f'{{"result":{result.result}{_more({**channel, **given, "left": True})}}}'
        self._move_to(at)
        user = journey.user.id
        work.append(at, Kind.MESSAGE_SENT, user, journey, label, n, None, launch.start, data)
        return True

    def recover(self, wait: WaitState, at: int) -> None:
        """A step was started and its process is gone: drive to it, which starts it again."""
        if wait.open and wait.journey.workflow is not None:
            self.work.load_passes((wait.journey,))
            if self.migration is not None:
                self.migration.journey(wait.journey, at)
            if wait.open:
                self.journeys.drive(wait.journey, Cause(at, wait.id))
            self.drain()

    def look_again(self, journey: JourneyState, cause: Cause) -> None:
        """A workflow is there again that was missing, or paused: its waits look at what came since."""
        if journey.status == Status.WAITING and journey.workflow is not None:
            self.work.load_passes((journey,))
            if self.migration is not None:
                self.migration.journey(journey, cause.at, cause.seq)
            if journey.status == Status.WAITING:
                for wait in sorted(journey.opened.values(), key=lambda wait: wait.id):
                    if collects(wait) and (full := filled_meanwhile(self.work, wait, self.work.seq)):
                        self.waits.end(wait, Kind.WAIT_MATCHED, cause, full)
                self.journeys.drive(journey, cause)
            self.drain()

    def go_over(self, state: JourneyState, cause: Cause, make: MakeResolver) -> None:
        """Drive a journey by code that it did not wait by; `drain` carries what it sends to its end."""
        self.journeys.drive(state, cause, make)

    def id_of(self, journey: JourneyState) -> str:
        """The text id of a journey."""
        return journey.text_id(self.work.name_text(journey.workflow_id))

    # -- events ----------------------------------------------------------------------------

    def _move_to(self, at: int, *, outside: bool = False) -> None:
        """A cause begins; as long as time stands, what journeys send in answer to one another adds up."""
        monitor = self.monitor
        if outside or at != monitor.moment:
            monitor.moment, monitor.fan_out = at, 0

    def drain(self) -> None:
        """Carry all events that journeys sent to their ends."""
        while self._sent:
            event, causation_depth = self._sent.popleft()
            user = self.work.user(event.user)
            if self.migration is not None:
                self.migration.user(user, event.at_ms, event.seq)
            cause = Cause(event.at_ms, event.seq, causation_depth=causation_depth)
            if may_tell(event, None):
                zone_told(self.work, self.waits, self.routes.workflows.values(), user, cause)
            self._deliver(event, user, cause)

    def _deliver(self, event: Event, user: UserState, cause: Cause) -> None:
        """An event meets goals, ends journeys that leave at it, wakes waits, then starts passes."""
        work = self.work
        for workflow in self.routes.goals(event.name):
            goal_met(work, user, workflow, event, cause)
        exits, starts = self.routes.of(event.name)
        for workflow in exits:
            for journey in work.open_journeys(user, work.name_id(workflow.name)):
                if journey.concerns(event.data):
                    self.journeys.finish(journey, Status.EXITED, Kind.EXITED, cause, None)
        woken: set[JourneyState] = set()
        waits = work.waits_for(user, work.name_id(event.name))
        if waits:
            matching: dict[JourneyState, list[WaitState]] = {}
            full: dict[int, str] = {}
            for wait in waits:
                if wait.journey.workflow is None:
                    work.missed(wait.journey)
                    if wait.journey.paused is not None and collects(wait) and wait.meets(event):
                        # Its time runs from here on; whether it is full is seen when the workflow goes on.
                        takes(work, self.waits, wait, event, cause)
                elif wait.meets(event):
                    if collects(wait):
                        filled = takes(work, self.waits, wait, event, cause)
                        if filled is None:
                            continue
                        full[wait.id] = filled
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
                        self.waits.end(wait, Kind.WAIT_MATCHED, cause, full.get(wait.id, data))
                self.journeys.drive(journey, cause)
        for workflow in starts:
            key = "" if workflow.key is None else key_value(workflow, event.data)
            newest = work.keyed(user, work.name_id(workflow.name), key)
            if newest is None:
                if may_enter(work, user, workflow, event, cause, None):
                    self.journeys.start(user, workflow, key, 1, event.seq, cause)
            elif newest.status == Status.IDLE:
                # What its last pass has seen, or had in a result, starts no other.
                if newest not in woken and not (newest.loaded and event.seq <= newest.start[1]):
                    self.journeys.begin_pass(newest, event.seq, cause, 0)
                    self.journeys.drive(newest, cause)
            elif (
                workflow.again
                and newest.status not in OPEN_STATUSES
                and newest not in woken
                and may_enter(work, user, workflow, event, cause, newest)
            ):
                self.journeys.start(user, workflow, key, newest.n + 1, event.seq, cause)
        if event.name.startswith(START):
            self._start_asked(event, user, cause)
        elif event.name.startswith(REOPEN):
            asked = self.routes.asked(event.name.removeprefix(REOPEN))
            if asked is not None:
                reopen_asked(work, self.journeys, asked, event, user, cause)

    def _start_asked(self, event: Event, user: UserState, cause: Cause) -> None:
        """Begin the journey that an event asks for by the workflow's name, unless it is there already.

        Its trigger is the newest event of the user that the workflow begins at; when there is
        none, or the one that asks brings data of its own, it is the latter.
        """
        work = self.work
        workflow = self.routes.asked(event.name.removeprefix(START))
        if workflow is None:
            return
        trigger = event
        if not event.data:
            for seq in work.event_seqs(user, workflow.trigger, 0, event.seq - 1, 1):
                trigger = work.event(seq)
        key = "" if workflow.key is None else key_value(workflow, trigger.data)
        newest = work.keyed(user, work.name_id(workflow.name), key)
        if newest is not None and (not workflow.again or newest.status in OPEN_STATUSES):
            return
        if may_enter(work, user, workflow, event, cause, newest):
            n = 1 if newest is None else newest.n + 1
            self.journeys.start(user, workflow, key, n, trigger.seq, cause)


def _turn_of(wait: WaitState) -> tuple[bool, int, int]:
    if not wait.judges:
        return False, 0, wait.id
    return True, -wait.spec.get("priority", PRIORITY), wait.spec.get("first", wait.id)


def _order(journey: JourneyState) -> tuple[str, int]:
    """Journeys of one user take their turns by their workflows' names, then by age."""
    assert journey.workflow is not None
    return journey.workflow.name, journey.id


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
