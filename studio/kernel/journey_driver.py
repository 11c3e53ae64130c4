"""Journeys begin, are driven as far as they go, and end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from studio.kernel.decision_applier import DecisionApplier
from studio.kernel.drive import Abandoned, Again, Blocked, End, Ended, Failed, drive, printable
from studio.kernel.entering import hold_out
from studio.kernel.goal_events import had_already
from studio.kernel.journey_log import MAX_MESSAGE, JourneyLog
from studio.kernel.journey_reader import JourneyReader
from studio.kernel.live_coroutines import LiveCoroutine, LiveCoroutines
from studio.kernel.ports import DriveMonitor, Quarantine, UnitOfWork
from studio.kernel.records import Cause
from studio.kernel.resolver import CommandResolver
from studio.kernel.results import Results
from studio.kernel.state import JourneyState, UserState
from studio.kernel.steps_under_way import StepsUnderWay
from studio.kernel.taken_ids import TakenIds
from studio.kernel.triggers import key_value
from studio.kernel.wait_changes import WaitChanges
from studio.language.definition import Workflow
from studio.language.journey import Journey
from studio.language.kinds import Kind, Status
from studio.text import json_text as jsontext

MakeResolver = Callable[[UnitOfWork, JourneyState, Journey, Cause, StepsUnderWay, TakenIds], CommandResolver]
MAX_PASSES = 100
"""Passes without time moving, before it is a runaway."""


class JourneyDriver:
    """Begins journeys and their passes, drives them, ends them.

    Args:
        resolver: what resolves commands in place of `CommandResolver`, for a driver that is to see each.
    """

    def __init__(
        self,
        work: UnitOfWork,
        monitor: DriveMonitor,
        live: LiveCoroutines,
        waits: WaitChanges,
        steps: StepsUnderWay,
        *,
        ask: bool = False,
        resolver: MakeResolver | None = None,
    ) -> None:
        self._work = work
        self._monitor = monitor
        self._live = live
        self._waits = waits
        self._steps = steps
        self._log = JourneyLog(work)
        self._applier = DecisionApplier(work, monitor, waits, self._log, steps, ask=ask)
        self.sent, self.ids, self.asks = self._applier.queue, self._applier.ids, self._applier.asks
        self.chains = self._applier.chains
        self.failures = 0
        self.invested = 0.0
        """Seconds in which functions were driven from their tops to be left standing."""
        self.quarantine: Quarantine | None = None
        """Names each journey that is driven in this batch, since one may kill the process."""
        self._seed = work.seed
        self._resolver = resolver

    def start(
        self, user: UserState, workflow: Workflow, key: str, n: int, trigger: int, cause: Cause
    ) -> JourneyState:
        """Begin a journey, and drive it."""
        work = self._work
        workflow_id = work.name_id(workflow.name)
        assert cause.seq is not None
        journey = work.add_journey(user, workflow, workflow_id, key, n, work.seq, cause.seq)
        data = None
        had = None if workflow.goal is None else had_already(work, user, workflow, cause.seq - 1)
        if key or n > 1 or trigger != cause.seq or had is not None:
            fields: dict[str, Any] = {} if had is None else {"had": had}
            if key:
                fields["key"] = jsontext.loads(key)
            if n > 1:
                fields["n"] = n
            if trigger != cause.seq:
                fields["trigger"] = trigger
                journey.trigger = journey.since = trigger
            data = jsontext.dumps(fields)
        work.append(cause.at, Kind.STARTED, user.id, journey, workflow_id, None, None, cause.seq, data)
        journey.entered = (journey.pass_seq, cause.at)
        journey.start = (cause.at, cause.seq, 0)
        journey.pass_at, journey.pass_cause = cause.at, cause.seq
        journey.begun = True
        if workflow.holdout is not None:
            hold_out(work, journey, workflow, cause)
        self.drive(journey, cause)
        return journey

    def begin_pass(self, journey: JourneyState, trigger: int, cause: Cause, bound: int) -> None:
        """Begin the next pass.

        Args:
            bound: the position at which the last one ended, when it ended just now.
        """
        work = self._work
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

    def drive(self, state: JourneyState, cause: Cause, make: MakeResolver | None = None) -> None:
        """Drive a journey as far as it goes: through its pass, and those that follow at once.

        Args:
            make: what resolves the commands of the first drive, when that is another.
        """
        while True:
            workflow = state.workflow
            if workflow is None:
                # What came for it is recorded, and takes it on when its workflow is there again.
                self._work.missed(state)
                return
            if state.runaway_count >= MAX_PASSES:
                what = f"runaway: {MAX_PASSES} passes without time moving"
                self.fail(state, cause, Failed("WorkflowError", what, _line(workflow), "", ""))
                return
            if (poison := self._monitor.quarantined.get(state.id)) is not None:
                self.fail(state, cause, poison)
                return
            if self.quarantine is not None and (killed := self.quarantine.name(state)) is not None:
                self.fail(state, cause, killed)
                return
            stand = None
            if make is None and not state.resuming and not cause.again:
                # Where it goes on, or is left standing; None: it is closed where it blocks.
                stand = self._live.stand(state)
            else:
                # It does not go the way that is recorded: what stands knows another.
                self.leave(state, cause)
            if state.status == Status.FAILED:
                # It would not let itself be left.
                return
            went_on = stand is not None and stand.coroutine is not None
            if stand is not None and went_on:
                journey, resolver = stand.journey, stand.resolver
                resolver.cause = cause
            else:
                journey = self._begin_drive(state, workflow)
                made, make = make or self._resolver or CommandResolver, None
                resolver = made(self._work, state, journey, cause, self._steps, self._applier.ids)
                if state.resuming:
                    self._log.mute_what_was_said(state, journey)
                if resolver.mute_since is not None:
                    self._log.mute_what_was_said(state, journey, resolver.mute_since)
            self._log.begin(state, cause)
            monitor = self._monitor
            monitor.begin(journey, state.id)
            if stand is None:
                end = drive(workflow, journey, partial(self._applier.answer, resolver), code=monitor.code)
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
            self._log.over()
            state.begun = False
            if state.fresh:
                state.fresh = set()
            if isinstance(end, Blocked):
                if state.opened:
                    self._waits.close_strays(state, end.command, cause)
                return
            if isinstance(end, Failed):
                self.fail(state, cause, end)
                return
            if isinstance(end, Again):
                self._waits.close_all(state, cause)
                self.begin_pass(state, state.trigger, cause, journey._bound)
                continue
            if end.result is not None:
                self._complete(state, cause, end)
                return
            self._waits.close_all(state, cause)
            missed = self._missed_trigger(state, resolver)
            if missed is None:
                state.status, state.touched = Status.IDLE, True
                return
            self.begin_pass(state, missed, cause, journey._bound)

    def _begin_drive(self, state: JourneyState, workflow: Workflow) -> Journey:
        """What a function is given that is driven from its top."""
        name = state.user.name
        simple = state.n == 1 and not state.key and state.user.plain
        id = f"{workflow.name}/{name}" if simple else state.text_id(workflow.name)
        exact = None if not state.key else state.exact_id(workflow.name)
        reader = JourneyReader(self._work, state)
        journey = Journey(
            id, name, reader.trigger, reader, self._log.write, self._seed, state.pass_no, *state.start, exact
        )
        journey._live = state.begun
        return journey

    def _drive_on(self, stand: LiveCoroutine, workflow: Workflow) -> End:
        """Drive a function that is left standing where it blocks."""
        launched = len(self._steps.launches)
        code = self._monitor.code
        end = stand.drive(workflow, stand.journey, partial(self._applier.answer, stand.resolver), code)
        if stand.coroutine is None:
            return end
        if len(self._steps.launches) == launched or self._live.stands_at_steps:
            self._live.keep(stand)
            return end
        # What a step was given to work on may not change before it runs.
        return stand.leave(stand.journey, workflow, code) or end

    def leave(self, state: JourneyState, cause: Cause) -> None:
        """Close a journey's function where it stands. The journey fails that does not let itself be left."""
        if (failed := self._live.leave(state)) is not None:
            self.fail(state, cause, failed)

    def leave_all(self) -> None:
        """Close all functions that stand, before the batch is written."""
        for stand in self._live.standing():
            cause = stand.cause
            self.leave(stand.state, Cause(max(self._monitor.moment, cause.at), cause.seq, late=cause.late))
            if self._monitor.abandoned:
                raise Abandoned
        self._live.end()

    def _missed_trigger(self, state: JourneyState, resolver: CommandResolver) -> int | None:
        """The newest trigger that came during the pass and is in no result of it."""
        work, workflow = self._work, state.workflow
        assert workflow is not None
        user, start, now = state.user, state.start[1], work.seq
        seqs = work.event_seqs(user, workflow.trigger, start, now)
        if not seqs:
            return None
        # What a journey has just sent is a cause of its own, and comes next.
        coming = {event.seq for event, _ in self.sent}
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
        place = self._work.name_id(failed.line) if failed.line else None
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
        why: str | None = None,
    ) -> None:
        """A journey ends: so do its waits.

        Args:
            why: what a message is dropped for that it had asked for; None: how it ends says so.
        """
        work = self._work
        stuck = self._live.leave(state)
        if not state.loaded:
            work.load_passes((state,))
        if state.opened:
            self._waits.close_all(state, self.to_come(cause, state), why or self._why(kind, cause))
        seq = work.append(
            cause.at, kind, state.user.id, state, state.workflow_id, None, place, cause.seq, data, cause.late
        )
        state.status, state.touched = status, True
        if stuck is not None:
            # It has ended all the same, and says what it would not leave.
            self._say_stuck(state, cause, seq, stuck)

    def _why(self, kind: int, cause: Cause) -> str:
        """What a message was dropped for that a journey had asked for when it ended."""
        if kind == Kind.EXITED and cause.seq is not None:
            return f"exited by {self._work.event(cause.seq).name}"
        return {Kind.CANCELLED: "cancelled", Kind.FAILED: "the journey failed"}.get(kind, "the journey ended")

    def _say_stuck(self, state: JourneyState, cause: Cause, seq: int, stuck: Failed) -> None:
        place = self._work.name_id(stuck.line)
        message = printable(stuck.message, MAX_MESSAGE)
        self._work.append(
            cause.at, Kind.LOG_ERROR, state.user.id, state, None, None, place, seq, message, cause.late
        )

    def to_come(self, cause: Cause, state: JourneyState) -> Cause:
        """An act's own entry stands behind those of the waits that it ends."""
        if cause.seq is not None:
            return cause
        return replace(cause, seq=self._work.seq + len(state.opened))


def _line(workflow: Workflow) -> str:
    return f"{workflow.path.rpartition('/')[2]}:{workflow.line}"
