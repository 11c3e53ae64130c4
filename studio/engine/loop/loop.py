"""The loop that runs journeys: inbox, events, deadlines, step results, one transaction a batch.

It has a thread of its own, without an event loop, and its own connection. A turn takes
what is waiting, drives it with no transaction open, writes it, and only then answers
those who wait for it and starts the steps that it launched.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from studio.clocks.clock import Clock
from studio.engine.effects.approval import Approvals
from studio.engine.effects.capture import listen_to_drives
from studio.engine.effects.event_lookup import EventQuestions
from studio.engine.effects.hooks import CheckEventLookup, SetEventOutbox
from studio.engine.effects.log_forwarding import LogForwarding
from studio.engine.effects.steps import StandIn, Steps
from studio.engine.effects.stuck_calls import StuckCalls
from studio.engine.loop.batches import Batches
from studio.engine.loop.committer import RETRY, Committer
from studio.engine.loop.engine_thread import EngineThread
from studio.engine.loop.exclusive_operations import ExclusiveOperations
from studio.engine.loop.hand_in import HandIn
from studio.engine.loop.held_clock import HeldClock
from studio.engine.loop.idle_waiters import IdleWaiters
from studio.engine.loop.inbox_commands import InboxCommands
from studio.engine.loop.recovery import Recovery
from studio.engine.loop.reload_turns import ReloadTurns
from studio.engine.loop.scheduler import Scheduler
from studio.engine.loop.state import LoopState
from studio.engine.loop.turn_input import TurnInput
from studio.engine.reload.migration import Migrations
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.futures import answer, refuse
from studio.engine.work.garbage_collection import without_collection
from studio.engine.work.heartbeat import Heartbeat
from studio.engine.work.slow_causes import SlowCauses
from studio.engine.work.work_items import (
    Entry,
    ExclusiveOperation,
    fail,
)
from studio.errors import StoreError, StudioError
from studio.kernel.drive import Abandoned
from studio.kernel.records import Launch, StepResult
from studio.language.definition import Workflow
from studio.source.event_door import EventDoor
from studio.store.database import Durability
from studio.store.slow import SlowCause
from studio.store.sqlite import Store
from studio.store.wake_pipe import WakePipe
from studio.text.source_code import error_text

if TYPE_CHECKING:
    from studio.engine.effects.spans import Spans

POLL = 0.05
"""Seconds between two looks for what other processes have added. A look itself costs microseconds, to wake
the thread up for it some hundred."""
POLL_WOKEN = 0.25
"""The same where they wake it up: whoever cannot, and what else changes in the store, is seen by this."""
FILL_PAUSE = 0.05
"""Seconds between two of its looks while an engine that is idle keeps counts of the past."""
TRUNCATE_AFTER = 2.0
"""Seconds without work after which the write-ahead log is folded into the store."""
STOP_WORK = 1.0
"""Seconds that a stopping engine goes on taking from an inbox that does not get empty."""
HASTE = 0.2
"""Seconds that an engine in haste goes on with what was handed in."""
STEPS_END = 2.0
"""Seconds that running steps and hooks are given to end when the engine stops."""
LOG_END = 1.0
"""Seconds that the application's log handlers are given when the engine stops."""


class EngineLoop:
    """Runs journeys on one store."""

    def __init__(
        self,
        path: Path,
        workflows: Mapping[str, Workflow],
        clock: Clock,
        *,
        durability: Durability = "full",
        batch: int = 10_000,
        hang_after: float = 10.0,
        check_event_lookup: CheckEventLookup | None = None,
        outbox: SetEventOutbox | None = None,
        changed: Callable[[], None] | None = None,
        stand_in: StandIn | None = None,
        seed: str | None = None,
        reload: Callable[[], None] | None = None,
        on_end: Callable[[], None] | None = None,
        replay_always: bool = False,
        wake_pipe: WakePipe | None = None,
        spans: Spans | None = None,
        door: EventDoor | None = None,
    ) -> None:
        door = door or EventDoor(dict)
        state = self.state = LoopState(path, workflows, clock, batch, outbox, changed)
        self.durability: Durability = durability
        self.on_end = on_end
        """Called in the engine's thread when that ends by itself."""
        self.steps = Steps(stand_in, seed, spans)
        self.questions = EventQuestions(check_event_lookup, clock, state.hand_in, lambda: state.rewinds.epoch)
        for hook in (check_event_lookup, outbox):
            if hook is not None:
                hook.failed = state.hook_failed
        self.stuck = StuckCalls(
            self.steps.calls, self.questions.calls, lambda: [] if outbox is None else list(outbox.calls)
        )
        self.slow_causes = SlowCauses()
        self.migrations = Migrations(state.code, clock)
        # What goes along with each batch, in this order.
        hooks = (
            state.quarantine,
            state.clock_control,
            state.rewinds,
            self.migrations,
            self.stuck,
            self.slow_causes,
        )
        self.batches = Batches(state, hooks, self.questions.wanted)
        self.held_clock = HeldClock(state, self.steps, self.questions)
        self.log_forwarding = LogForwarding(state.wake.ring)
        heartbeat = Heartbeat()
        self.committer = Committer(
            state,
            self.batches,
            heartbeat,
            self.log_forwarding,
            self._launch,
            self.held_clock.ask,
            self._tell_ready,
        )
        self.recovery = Recovery(
            state, self.batches, self.committer, self.migrations, self._ask_again, self._tell_ready
        )
        self.exclusive = ExclusiveOperations(
            state, self.batches, self.committer, self.recovery, self.held_clock
        )
        self.requests = InboxCommands(
            state, self.exclusive.act, reload, door, self.migrations.stop, lambda: self._thread.monitor
        )
        self.scheduler = Scheduler(state, heartbeat, self.slow_causes)
        self.reload_turns = ReloadTurns(state, self.batches, self.committer, self.recovery)
        self._idle = IdleWaiters(state, self.migrations, self.log_forwarding, lambda: self._is_asking)
        self._input = TurnInput(state, self.scheduler, self.requests.item)
        self._thread = EngineThread(
            state, self._live, self.committer.put_back, self._die, hang_after, replay_always
        )
        handed = HandIn(state, self.migrations, self._idle, self.exclusive.act, door)
        self.submit = handed.submit
        self.submit_for = handed.submit_for
        self.act = handed.act
        self.alone = handed.alone
        self.swap = handed.swap
        self.advance = handed.advance
        self.turn_clock = handed.turn_clock
        self.jump = handed.jump
        self.stop_jump = handed.stop_jump
        self.stop_reload = handed.stop_reload
        self.go_on_reloading = handed.go_on_reloading
        self.idle = handed.idle
        self._stop_by = math.inf
        """Until when a stopping engine takes from the inbox."""
        self._leave_by = math.inf
        """Until when it goes on with what was handed in."""
        self.in_haste = False
        """Somebody waits for the end of the program."""
        self._wake_pipe = wake_pipe
        self._poll = POLL if wake_pipe is None else POLL_WOKEN
        self._ready: Future[None] = Future()
        self._prepared = False
        self._version = -1
        self._last_work = 0.0
        self._truncated = True
        self._fills = False
        """Counts of the past may still be to be kept."""

    # -- from other threads ----------------------------------------------------------------

    def start(self) -> None:
        """Open the store in the engine's thread and begin.

        Raises:
            StoreError: what opening it raised.
        """
        self._thread.start()
        try:
            self._ready.result()
        except BaseException:
            self.state.stopping = True
            raise
        if self._wake_pipe is not None:
            self._wake_pipe.listen(self.state.wake.ring)

    def stop(self, timeout: float = 30.0) -> None:
        """Finish what was handed in, give running steps a moment to end, and close the store."""
        self.state.clock_control.stop_jump()
        end = time.monotonic() + STEPS_END
        while (
            (self.state.running or self._is_asking) and self.state.problem is None and time.monotonic() < end
        ):
            if self._thread.is_hanging():
                # No step's result is taken meanwhile.
                break
            time.sleep(0.005)
        with self.state.lock:
            self.state.stopping = True
            self._stop_by = time.monotonic() + STOP_WORK
            if self.in_haste:
                self._stop_by = self._leave_by = time.monotonic() + HASTE
        self.state.wake.ring()
        self._thread.await_end(timeout)
        self.steps.stop()
        self.log_forwarding.drain(LOG_END)
        # What a thread has taken that was left behind comes to nothing, too.
        self._refuse_all(StudioError("the engine has stopped"))

    @property
    def problem(self) -> str | None:
        """Why the engine is paused; None while it runs."""
        return self.state.problem

    @property
    def approvals(self) -> Approvals:
        """The steps that wait for a yes."""
        return self.state.rewinds.approvals

    def next_due(self) -> int | None:
        """The nearest deadline, ms since 1970; None when nobody waits for time."""
        return self.state.next_due

    @property
    def is_reloading(self) -> bool:
        """A reload is asked for, or under way."""
        return self.migrations.busy

    def slow(self) -> SlowCause | None:
        """The newest cause that held up all others, or the one that does so now."""
        return self.slow_causes.find(self._thread.monitor)

    def _tell_ready(self) -> None:
        """Whoever waits for the start need not wait any longer."""
        answer(self._ready, None)

    # -- the thread ------------------------------------------------------------------------

    def _live(self, watch: ThreadMonitor) -> None:
        listen_to_drives(watch)
        store: Store | None = None
        try:
            watch.live.end()
            store = self.state.store = self._open()
            store.on_wait = self.committer.tell_waiting
            if not self._prepared:
                self.recovery.prepare(store, watch)
                self._prepared = True
            self._tell_ready()
            self._loop(store, watch)
            self.committer.save_state(store)
            store.close()
        except Abandoned:
            # Given up by the guard, and replaced; or stopped before the store took anything.
            watch.live.end()
            if store is not None:
                store.abandon()
        except BaseException as error:
            watch.live.end()
            if store is not None:
                store.abandon()
            if not self._ready.done():
                self._ready.set_exception(error)
                return
            # Nothing may end the engine silently: whoever waits is told, and the state says why.
            self._die(error)
            if not isinstance(error, StudioError):
                raise

    def _open(self) -> Store:
        """Open the store; again and again, when that is for a thread that takes the place of another."""
        if not self._ready.done():
            return Store(self.state.path, self.durability)
        return self.recovery.patiently(lambda: Store(self.state.path, self.durability))

    def _refuse_all(self, error: StudioError) -> None:
        """Tell everybody who waits for something that it does not come."""
        with self.state.lock:
            left = [item for _, item in [*self.state.in_flight, *self.state.queue]]
            self.state.queue.clear()
            self.state.in_flight = []
            idle = self._idle.take()
        for item in left:
            fail(item, error)
        for future in idle:
            refuse(future, error)
        self.state.clock_control.fail(error)
        self.migrations.fail(error)

    def _die(self, error: BaseException) -> None:
        ended = error
        if not isinstance(ended, StudioError):
            ended = StudioError(f"the engine's thread ended: {error_text(error)}")
        self.state.problem, self.state.ended = str(ended), ended
        with self.state.lock:
            self.state.stopping = True
        self._refuse_all(ended)
        if self.on_end is not None:
            self.on_end()
        if self.state.changed is not None:
            self.state.changed()

    def _loop(self, store: Store, watch: ThreadMonitor) -> None:
        while True:
            try:
                with without_collection():
                    busy = self._turn(store, watch)
                    # Whichever way its batch came to nothing.
                    watch.live.end()
                    if not self.state.clock_control.moved and self._moves_on:
                        # In turn with all else: neither waits long for the other.
                        self.migrations.turn(self.reload_turns, store, watch)
                        watch.live.end()
                        busy = True
            except StoreError as error:
                watch.live.end()
                self.committer.wait_out(error, store)
                busy = False
            if busy:
                self._last_work = time.monotonic()
                self._truncated = False
                # While others go on sending the inbox is never empty; what is in it stays there.
                if self._last_work > self._stop_by and (
                    not self.state.queue or self._last_work > self._leave_by
                ):
                    return
            elif self.state.stopping and (
                not self.state.queue or self.state.problem is not None or self.held_clock.holds
            ):
                return
            else:
                self._rest(store)

    def _rest(self, store: Store) -> None:
        """Wait for work: a wake-up, the next deadline, or the next look at the inbox."""
        pause = self._poll
        if self.state.problem is not None:
            pause = RETRY
        elif not self.state.clock_control.moved and self.state.next_due is not None:
            left = self.state.clock_control.seconds_until(self.state.next_due)
            pause = self._poll if left is None else min(self._poll, left)
        if not self._truncated and time.monotonic() - self._last_work > TRUNCATE_AFTER:
            store.truncate_wal()
            self._truncated = True
            self._fills = True
        if self._fills and self._truncated and self.state.problem is None:
            # A store of before there were any has none; every second slice of time stays for what comes.
            try:
                self._fills = store.fill_checkpoints()
            except StoreError:
                # Nothing depends on it: whoever writes next says what is wrong. Tried again after work.
                self._fills = False
            pause = min(pause, FILL_PAUSE) if self._fills else pause
        if self.state.problem is None and self.stuck.has_changed():
            self.committer.try_writing(store)
        if pause > 0:
            self.state.wake.wait(pause)

    # -- a turn ----------------------------------------------------------------------------

    def _turn(self, store: Store, watch: ThreadMonitor) -> bool:
        """Handle one batch. False when there was nothing to do."""
        clock_control = self.state.clock_control
        if clock_control.moved or clock_control.next_jump is not None:
            # Time that is moved waits for those who go over to other code, also where that was stopped.
            self.migrations.go_on()
            if self._moves_on:
                self.migrations.turn(self.reload_turns, store, watch)
                return True
        store.look()
        held, self.state.returned = self.state.returned, []
        if self.held_clock.holds and not self.state.clock_control.moved:
            self.held_clock.release()
        if not held and self.held_clock.holds:
            inner = bool(self.state.queue) and getattr(self.state.queue[0][1], "is_inner", False)
            if inner or (ended := self.held_clock.next()) is None:
                entries = self.held_clock.may_come_in(store, self.scheduler.size(), self.requests.item)
                return bool(entries) and self._serve(store, watch, entries, self.state.clock.now())
            held = [ended]
        # Should the turn come to nothing, the result goes to the queue like any other.
        self.state.in_flight = list(held)
        if self.state.held:
            # Others are still to run, and hold the clock.
            return self._take_result(store, watch, held)
        self.state.clock_control.begin_jump(store)
        wall = not self.state.clock_control.moved
        version = store.version()
        due = wall and self.state.next_due is not None and self.state.next_due < self.state.clock.now()
        goal = self.state.clock_control.goal(self._busy(held))
        changed = version != self._version or self.state.backlog
        if not (
            held or self.state.queue or due or goal is not None or changed or self.state.problem is not None
        ):
            self._idle.settle()
            return False
        entries, limit = self._input.take(store, goal, held)
        self._version = version
        due = wall and self.state.next_due is not None and self.state.next_due < limit
        if not entries and not due:
            if self.state.problem is not None:
                self.committer.try_writing(store)
            self._idle.settle()
            return False
        return self._serve(store, watch, entries, limit)

    def _serve(self, store: Store, watch: ThreadMonitor, entries: list[Entry], limit: int) -> bool:
        """Handle what was taken."""
        if entries and isinstance(entries[0][1], ExclusiveOperation):
            self.exclusive.run(store, watch, entries)
            return True
        batch = self.batches.new(store, watch, "serve")
        try:
            finished = self.scheduler.serve(batch, deque(entries), limit)
        except StoreError:
            # It cannot be read just now: nobody's fault.
            raise
        except Exception as error:
            self.committer.blame(store, watch, error, entries)
            return True
        return self.committer.commit(store, batch, finished)

    def _take_result(self, store: Store, watch: ThreadMonitor, held: list[Entry]) -> bool:
        """Write how a step ended that held the clock, and nothing else."""
        batch = self.batches.new(store, watch, "serve")
        try:
            finished = [(item, self.scheduler.serve_one(batch, item, at)) for at, item in held]
        except StoreError:
            raise
        except Exception as error:
            self.committer.blame(store, watch, error, held)
            return True
        self.committer.commit(store, batch, finished)
        return True

    @property
    def _moves_on(self) -> bool:
        """A reload has work to do. An engine that stops leaves it to the next start."""
        return self.migrations.busy and (not self.state.stopping or bool(self.state.queue))

    @property
    def _is_asking(self) -> bool:
        """`check_event` has not answered yet."""
        return self.questions.busy or self.held_clock.asks

    def _busy(self, ended: list[Entry]) -> bool:
        """Steps run, but for those whose results are at hand, or a hook is asked."""
        ends = {item.launch.which for _, item in ended if isinstance(item, StepResult)}
        return bool(self.state.running - ends) or self._is_asking

    # -- steps and hooks -------------------------------------------------------------------

    def _launch(self, launch: Launch) -> None:
        """Run a step whose start is durable; put it on hold after a cut."""
        state = self.state
        if state.rewinds.approvals.keeps(launch):
            return
        launch.epoch = state.rewinds.epoch
        state.running.add(launch.which)
        if state.clock_control.moved:
            state.held.append(launch)
        elif (known := state.rewinds.approvals.answer(launch)) is not None:
            state.report(known)
        else:
            self.steps.run(launch, state.report)

    def _ask_again(self, store: Store) -> None:
        """Ask `check_event` what it was asked when the engine ended."""
        if asks := self.questions.open_questions(store):
            self.held_clock.ask(asks)
