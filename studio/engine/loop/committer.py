"""The end of a turn: its batch is written, then answered; or it came to nothing, and is put back."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from studio.clocks.clock import wall_ms
from studio.engine.effects.log_forwarding import LogForwarding
from studio.engine.loop.batches import Batches
from studio.engine.loop.state import LoopState
from studio.engine.work.batch import Batch
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.futures import Answers, answer, refuse
from studio.engine.work.heartbeat import Heartbeat
from studio.engine.work.jump import Jump, JumpEnd
from studio.engine.work.work_items import (
    Advance,
    Entry,
    ExclusiveOperation,
    Item,
    OperatorCommand,
    QueuedEvent,
    fail,
    is_kept,
)
from studio.errors import StoreDamaged, StoreError, StoreGone, StoreRefusal, StoreUnsure, StudioError
from studio.kernel.drive import Abandoned, Failed
from studio.kernel.records import Ask, Launch, StepResult
from studio.store.changes import Changes
from studio.store.connect import examined
from studio.store.engine_metrics import ENGINE_METRICS
from studio.store.inbox import JUMP, JUMP_ENDED
from studio.store.paused import put_sign, take_sign
from studio.store.slow import SLOW
from studio.store.sqlite import Store
from studio.store.stuck import STUCK
from studio.text.source_code import error_text
from studio.text.syntax import traceback_lines

RETRY = 0.5
"""Seconds between two tries when the store cannot be written."""


class Committer:
    """Writes the batches of one engine, and finds out what is to blame for those that break.

    Args:
        launch: runs a step whose start is durable.
        ask: asks `check_event` what is durably asked.
        tell_ready: whoever waits for the start need not wait any longer.
    """

    def __init__(
        self,
        state: LoopState,
        batches: Batches,
        heartbeat: Heartbeat,
        log_forwarding: LogForwarding,
        launch: Callable[[Launch], None],
        ask: Callable[[list[Ask]], None],
        tell_ready: Callable[[], None],
    ) -> None:
        self._state = state
        self._batches = batches
        self._heartbeat = heartbeat
        self._handing = log_forwarding
        self._launch = launch
        self._ask = ask
        self._tell_ready = tell_ready
        self._stored_state = self._new_state = ""

    def commit(self, store: Store, batch: Batch, finished: list[tuple[Item, Any]]) -> bool:
        """Write the batch, then answer, tell and start what waits for it to be durable."""
        state = self._state
        batch.journeys.leave_all()
        changes = batch.unit.changes
        now = state.clock.now()
        for item, result in finished:
            inbox = (
                item.inbox if isinstance(item, QueuedEvent | OperatorCommand | ExclusiveOperation) else None
            )
            if inbox is not None:
                changes.inbox.append((inbox,))
                if isinstance(item, OperatorCommand | ExclusiveOperation):
                    changes.answers.append((inbox, wall_ms(), _answer(result)))
            elif isinstance(item, Jump) and item.inbox is not None:
                changes.answers.append((item.inbox, wall_ms(), _answer(_jump_ended(item.inbox, result))))
        for ask in batch.asks or ():
            fields = {"user": ask.user, "events": ask.events, "match": ask.match}
            changes.meta.append((ask.key, json.dumps(fields)))
        end = next((result for _, result in finished if isinstance(result, JumpEnd)), None)
        if changes.answers and end is None:
            self._keep_answer(changes)
        for hook in self._batches.hooks:
            hook.before_commit(batch)
        self._set_clock(batch, finished, end)
        self._add_state(batch, now)
        if (told := self._heartbeat.row(len(finished), state.queued, len(state.running))) is not None:
            changes.meta.append(told)
        if store.fault is not None:
            # The author's code may have caught it, and gone on with what it did not know.
            raise store.fault
        with state.lock:
            if batch.watch.abandoned:
                raise Abandoned
            batch.watch.committing = True
        try:
            batch.unit.commit()
            # What went into a file that is not there any more is acknowledged to nobody.
            store.look()
        except StoreRefusal as error:
            self._fail(store, batch, error)
            return False
        except StoreError as error:
            self.drop()
            # Before anybody is told: who then asks how the engine is, hears why.
            self._complain(error)
            self._undo(finished, error)
            self.pause(error, store)
            return False
        except Exception as error:
            self._fail(store, batch, error)
            return False
        finally:
            batch.watch.committing = False
        self._take_over(store, batch, len(finished))
        if batch.lines:
            self._handing.put(batch.lines)
        try:
            for launch in batch.steps.launches:
                self._launch(launch)
            if batch.asks:
                self._ask(batch.asks)
        finally:
            # Whatever happens from here on: it is durable, and whoever waits for that hears so.
            self._answer_all(finished)
        state.clock_control.tell_jump(store, len(state.running), end)
        state.announce()
        return True

    def _keep_answer(self, changes: Changes) -> None:
        """Answers are kept for a minute, until the next is given: who asked for a jump may wait longer."""
        jump = self._state.clock_control.next_jump
        if jump is not None and jump.inbox is not None:
            changes.answers.append((jump.inbox, wall_ms(), _answer({JUMP: jump.inbox})))

    def _take_over(self, store: Store, batch: Batch, causes: int) -> None:
        """The batch is durable: what is in memory goes on from it. Asks the store nothing that may fail."""
        state = self._state
        state.batch = None
        state.next_due = store.nearest
        state.in_flight = []
        batch.unit.release()
        for hook in self._batches.hooks:
            hook.after_commit(batch)
        state.one_by_one = max(0, state.one_by_one - 1)
        if state.fault is not None:
            take_sign(state.path)
        state.problem = state.fault = None
        state.last_batch = causes
        self._stored_state = self._new_state

    def _fail(self, store: Store, batch: Batch, error: Exception) -> None:
        """It cannot be written, however often it is tried."""
        if not self._state.one_by_one:
            # Its newest cause is no more to blame than any other.
            batch.watch.subject = None
        self.blame(store, batch.watch, error, list(self._state.in_flight))

    def _add_state(self, batch: Batch, now: int) -> None:
        """What is to be found at the next start: the clock, and how far `set_event` was told."""
        state = self._state
        meta = batch.unit.changes.meta
        meta.append(("last_at", str(now)))
        clock = self._new_state = json.dumps(state.clock.state())
        if clock != self._stored_state:
            meta.append(("clock", clock))
        if state.outbox is not None:
            meta.append(("told", str(state.outbox.delivered)))

    def _set_clock(self, batch: Batch, finished: list[tuple[Item, Any]], end: JumpEnd | None) -> None:
        """What holds the clock once the batch is written: steps that run, a jump."""
        state = self._state
        ended = {item.launch.which for item, _ in finished if isinstance(item, StepResult)}
        starting = any(not state.rewinds.approvals.keeps(launch) for launch in batch.steps.launches)
        state.clock_control.hold(bool(starting or state.running - ended))
        state.clock_control.lead_on(end is not None)

    def forget_state(self) -> None:
        """The store holds another state than was written last."""
        self._stored_state = ""

    def save_state(self, store: Store) -> None:
        """The engine ends in good order: write where it stands."""
        state = self._state
        if state.clock_control.studio is not None:
            state.clock_control.studio.stop()
        batch = self._batches.plain(store)
        self._add_state(batch, state.clock.now())
        batch.unit.changes.ended_meta += [("engine",), (ENGINE_METRICS,), (STUCK,), (SLOW,)]
        try:
            batch.unit.commit()
        except StoreError:
            # The next start finds its place without it: from the history, and by telling again.
            state.problem = state.problem or "the last state could not be written"

    def _answer_all(self, finished: list[tuple[Item, Any]]) -> None:
        state = self._state
        answers = Answers()
        for item, result in finished:
            if isinstance(item, QueuedEvent):
                if item.delivery is not None:
                    item.delivery.put(item.index, result, answers)
            elif isinstance(item, StepResult):
                if item.launch.epoch == state.rewinds.epoch:
                    state.running.discard(item.launch.which)
            elif isinstance(item, Jump) or item.future is None:
                continue
            elif isinstance(result, BaseException):
                refuse(item.future, result)
            else:
                answer(item.future, state.next_due is None if isinstance(item, Advance) else result)
        answers.hand_over()

    # -- when it comes to nothing --------------------------------------------------------------

    def drop(self) -> None:
        """The newest batch came to nothing: what it has done outside the store is taken back."""
        state = self._state
        batch, state.batch = state.batch, None
        if batch is None:
            return
        for take_back in reversed(batch.take_backs):
            take_back()
        state.rewinds.approvals.begin()
        # The end of a jump was not written: it goes on.
        state.clock_control.lead_on(False)
        state.clock_control.hold(bool(state.running))

    def _undo(self, finished: list[tuple[Item, Any]], error: StoreError) -> None:
        """Nothing was written: those who wait are told, and what nobody can hand in again is kept."""
        state = self._state
        # Each with its moment: the batch may have moved the clock before it came to nothing.
        taken, now = {id(item): at for at, item in state.in_flight}, state.clock.now()
        # A jump goes on as soon as the store can be written again.
        kept = [(taken.get(id(item), now), item) for item, _ in finished if is_kept(item)]
        with state.lock:
            state.in_flight = []
            self._give_back(kept)
        self._refuse([i for i, _ in finished if not is_kept(i) and not isinstance(i, Jump)], error)

    def wait_out(self, error: StoreError, store: Store | None = None) -> None:
        """The store could not be read in the midst of a turn: it is tried again after a pause.

        What fails a second time is told to those who handed it in, as when it cannot be written.

        Args:
            store: what was read from, when that is open.

        Raises:
            StoreError: it is no use to wait.
        """
        state = self._state
        self.drop()
        tried = {id(item) for _, item in state.in_flight}
        self.put_back()
        if state.problem is not None:
            with state.lock:
                given_up = [item for _, item in state.queue if id(item) in tried and not is_kept(item)]
                gone = {id(item) for item in given_up}
                state.queue = deque(entry for entry in state.queue if id(entry[1]) not in gone)
            self._refuse(given_up, error)
        self.pause(error, store)

    def _refuse(self, items: list[Item], error: StudioError) -> None:
        """They come to nothing, and with events those that were handed in together with them."""
        state = self._state
        ended = {id(item.delivery) for item in items if isinstance(item, QueuedEvent) and item.delivery}
        with state.lock:
            state.queue = deque(entry for entry in state.queue if not _is_of(entry[1], ended))
        for item in items:
            fail(item, error)

    def pause(self, error: StoreError, store: Store | None = None) -> None:
        """The store cannot be used just now; what is to be done is tried again.

        Raises:
            StoreError: it is no use to wait: the store is gone, or an examination finds it damaged.
        """
        state = self._state
        if isinstance(error, StoreGone | StoreDamaged):
            raise error
        self._complain(error)
        if state.changed is not None:
            state.changed()
        if isinstance(error, StoreUnsure):
            self._examine(store)
        if state.stopping:
            return
        time.sleep(RETRY)

    def tell_waiting(self, error: StoreError) -> None:
        """Another writer is waited for, in the midst of a turn; whoever looks sees why nothing happens."""
        self._complain(error)
        self._tell_ready()
        if self._state.changed is not None:
            self._state.changed()

    def _complain(self, error: StoreError) -> None:
        state = self._state
        if state.problem != str(error):
            put_sign(state.path, str(error))
        state.problem, state.fault = str(error), error

    def _examine(self, store: Store | None) -> None:
        """Tell a damaged store from a page that was read wrongly once."""
        damage: StoreDamaged | None = None
        # What cannot be looked at now is looked at when it comes again.
        with suppress(StoreError):
            if store is not None:
                store.freshen()
            damage = examined(self._state.path)
        if damage is not None:
            raise damage

    def try_writing(self, store: Store) -> None:
        """Paused and nothing to do: see whether the store can be written again."""
        batch = self._batches.plain(store)
        self.commit(store, batch, [])

    def blame(self, store: Store, watch: ThreadMonitor, error: Exception, entries: list[Entry]) -> None:
        """A batch broke. Put it back; the journey at which it broke fails, or the cause is singled out."""
        state = self._state
        subject = watch.journey if watch.journey is not None else watch.subject
        watch.over()
        text = "".join(traceback_lines(error, error.__traceback__))
        self.drop()
        if subject is not None and subject not in state.quarantined:
            what = f"the engine could not go on with it: {error_text(error)}"
            state.quarantined[subject] = Failed("EngineError", what, "", "", text)
            self.put_back()
        elif state.one_by_one:
            # One cause alone, and no journey to blame: it is given up, and its sender told.
            wrong = StudioError(f"the engine could not handle it: {error_text(error)}")
            state.one_by_one -= 1
            if not entries:
                state.problem = str(wrong)
                time.sleep(RETRY)
                return
            item = entries[0][1]
            state.in_flight = [entry for entry in state.in_flight if entry[1] is not item]
            self.put_back()
            if isinstance(item, Jump):
                state.clock_control.fail(wrong)
                if item.inbox is None:
                    return
            else:
                self._refuse([item], wrong)
            # What came through the inbox would come again, had it no answer.
            self.commit(store, self._batches.new(store, watch), [(item, wrong)])
        else:
            state.one_by_one = max(len(entries), 1)
            self.put_back()

    def put_back(self) -> None:
        """A turn came to nothing: what it took is taken again."""
        state = self._state
        with state.lock:
            mine = {id(item) for _, item in state.in_flight}
            # Some of it may have been put back as not reached.
            while state.queue and id(state.queue[0][1]) in mine:
                state.queue.popleft()
            taken, state.in_flight = state.in_flight, []
            self._give_back(taken)

    def _give_back(self, entries: list[Entry]) -> None:
        """They are taken again, and come before what was handed in later."""
        state = self._state
        if state.clock_control.moved:
            # A step that held the clock took no time: nothing comes before its result, no row of the inbox.
            state.returned += [entry for entry in entries if isinstance(entry[1], StepResult)]
            entries = [entry for entry in entries if not isinstance(entry[1], StepResult)]
        state.queue.extendleft(reversed(entries))
        # Rows of the inbox have stayed there, and nobody's commit will tell of them again.
        state.backlog = True


def _is_of(item: Item, deliveries: set[int]) -> bool:
    return isinstance(item, QueuedEvent) and id(item.delivery) in deliveries


def _jump_ended(inbox: int, result: JumpEnd | BaseException) -> dict[str, Any] | BaseException:
    if isinstance(result, BaseException):
        return result
    return {JUMP: inbox, JUMP_ENDED: "stopped" if result.stopped else "there"}


def _answer(result: Any) -> str:
    if not isinstance(result, BaseException):
        return json.dumps({"ok": True, **(result if isinstance(result, dict) else {})})
    said = {"error": str(result)}
    if isinstance(result, StudioError):
        # In its parts, too: who asked may have other words for what to do.
        parts = {"what": result.what, "where": result.where, "fix": result.fix, "advice": result.advice}
        return json.dumps({**said, **parts})
    return json.dumps(said)
