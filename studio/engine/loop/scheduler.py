"""The causes of a batch, one after the other in order of time: items and deadlines."""

from __future__ import annotations

import heapq
import time
from collections import deque
from typing import Any

from studio.engine.loop.state import LoopState
from studio.engine.time.clock_control import JUMP_BATCH
from studio.engine.work.batch import Batch
from studio.engine.work.budget import BUDGET_SECONDS, Budget
from studio.engine.work.heartbeat import Heartbeat
from studio.engine.work.jump import Jump
from studio.engine.work.prefetch import prefetch
from studio.engine.work.slow_causes import LONG_SECONDS, SlowCauses
from studio.engine.work.work_items import (
    Advance,
    Entry,
    ExclusiveOperation,
    Item,
    OperatorCommand,
    QueuedEvent,
    left,
)
from studio.errors import StudioError
from studio.kernel.records import StepResult
from studio.kernel.state import WaitState

LEAST_LOOK_AHEAD = 4
"""Deadlines that are read at once in moved time, and what was handed in of virtual time, at the least."""


LEAST_PACE = 100
"""Causes that are read for a batch at the least, however few the last one had time for."""


class Scheduler:
    """Lets the causes of one engine come into its batches."""

    def __init__(self, state: LoopState, heartbeat: Heartbeat, slow_causes: SlowCauses) -> None:
        self._state = state
        self._heartbeat = heartbeat
        self._slowness = slow_causes
        self.look_ahead = LEAST_LOOK_AHEAD
        """Deadlines worth reading at once in moved time."""
        self.pace = state.batch_size
        """Causes worth reading for a batch: as many as fit into its time."""

    def size(self) -> int:
        """Causes in a batch, at the most."""
        state = self._state
        if state.one_by_one:
            return 1
        most = state.batch_size if state.clock_control.jump is None else min(JUMP_BATCH, state.batch_size)
        return state.quarantine.size("serve", min(most, self.pace))

    def serve(self, batch: Batch, entries: deque[Entry], limit: int) -> list[tuple[Item, Any]]:
        """Serve causes in order of time until the batch is full; gives what was done, with its results."""
        state = self._state
        virtual, clock = state.clock_control.moved, state.clock
        size = self.size()
        if state.clock_control.jump is not None:
            state.clock_control.jump.serving = 0
        prefetch(batch, [item.incoming for _, item in entries if isinstance(item, QueuedEvent)])
        # Deadlines of the same moment as an event come after it, and later events may still
        # come in this millisecond: so only those before it.
        last = max((at for at, _ in entries), default=0) if virtual else limit - 1
        ahead = min(size, self.look_ahead) if virtual else size
        due = deque((_due(wait), wait) for wait in batch.unit.due_waits(last, ahead))
        cut = len(due) == ahead
        batch.unit.load_passes([wait.journey for _, wait in due])
        finished: list[tuple[Item, Any]] = []
        served, is_over, budget, timers = 0, False, Budget(), batch.waits.timers
        for _ in range(size):
            served += 1
            wait = None
            if due or cut or not entries or (timers and timers[0][0] <= entries[0][0]):
                # Else all deadlines are behind what comes next, as nearly always in a flood.
                wait = _next_timer(batch, due)
            if cut and not due:
                # More deadlines may stand in the store before whatever comes next.
                break
            if entries:
                at, item = entries[0]
                first = wait is not None and _before(wait, item, at, virtual)
            else:
                first = wait is not None and not virtual and _due(wait) <= last
            cause: Item | WaitState
            batch.watch.longest, batch.watch.slowest = 0.0, ""
            if first:
                assert wait is not None
                cause = wait
                state.watermark = max(state.watermark, _due(wait))
                self._serve_timer(batch, wait, due)
            elif entries:
                if isinstance(item, ExclusiveOperation):
                    # It has a turn of its own.
                    break
                cause = item
                entries.popleft()
                if at > state.watermark:
                    state.watermark = at
                if virtual and not (isinstance(item, Advance) and not item.move):
                    clock.move(at)
                if virtual and not isinstance(item, StepResult):
                    # A result keeps its moment, also when a batch that came to nothing moved the clock.
                    at = max(at, clock.now())
                finished.append((item, self.serve_one(batch, item, at)))
            else:
                break
            is_over = budget.is_over(served, batch.journeys.invested)
            if budget.newest > LONG_SECONDS:
                self._slowness.note(batch, cause, budget.newest)
            if is_over or (
                virtual and (batch.steps.launches or batch.asks or state.clock_control.enough(budget.began))
            ):
                break
        batch.journeys.leave_all()
        self._set_pace(size, served, time.monotonic() - budget.began, is_over)
        # Each step ends a batch of moved time: what was read of the deadlines behind it was for nothing.
        self.look_ahead = max(LEAST_LOOK_AHEAD, 2 * served)
        waiting = left(entries)
        if len(waiting) < len(entries):
            # Nobody else's commit will say so again.
            state.backlog = True
        with state.lock:
            # What was not reached keeps its place; rows of the inbox stay there by themselves.
            state.queue.extendleft(reversed(waiting))
        return finished

    def _set_pace(self, size: int, served: int, took: float, is_over: bool) -> None:
        """How much the next batch reads: what a batch reads and does not serve, it reads for nothing."""
        if is_over:
            self.pace = max(LEAST_PACE, served)
        elif served >= size:
            more = size if took < BUDGET_SECONDS / 2 else size // 4 + 1
            self.pace = min(self._state.batch_size, max(self.pace, size + more))

    def _serve_timer(self, batch: Batch, wait: WaitState, due: deque[tuple[int, WaitState]]) -> None:
        state = self._state
        if due and due[0][1] is wait:
            due.popleft()
        else:
            heapq.heappop(batch.waits.timers)
        late = 0
        if state.clock_control.moved:
            state.clock.move(_due(wait))
            if state.clock_control.jump is not None:
                state.clock_control.jump.serving += 1
        else:
            late = state.clock_control.late(_due(wait))
        batch.watch.subject = wait.journey.id
        self._heartbeat.late(late)
        batch.timer(wait, late)

    def serve_one(self, batch: Batch, item: Item, at: int) -> Any:
        """Let one item come into the batch; gives what its sender is told."""
        state = self._state
        batch.watch.subject = None
        before = batch.unit.seq
        if isinstance(item, QueuedEvent):
            event = batch.event(item.incoming, at)
            if item.by_hand:
                state.rewinds.note_act(batch, before)
            return event
        if isinstance(item, StepResult):
            batch.watch.subject = item.launch.journey
            return state.rewinds.take_result(batch, item, at)
        if isinstance(item, OperatorCommand):
            try:
                result = item.run(batch, at)
            except StudioError as error:
                return error
            state.rewinds.note_act(batch, before)
            return result
        if isinstance(item, Jump):
            return state.clock_control.arrive(batch, at)
        return None


def _before(wait: WaitState, item: Item, at: int, virtual: bool) -> bool:
    """Whether a deadline comes before an item."""
    if virtual and isinstance(item, StepResult):
        # A step that holds the clock takes no time.
        return False
    due = _due(wait)
    # A jump that was stopped serves no more deadlines of the very moment.
    takes_in = isinstance(item, Advance) or (isinstance(item, Jump) and at == item.to)
    return due < at or (due == at and takes_in)


def _due(wait: WaitState) -> int:
    assert wait.due is not None
    return wait.due


def _next_timer(batch: Batch, due: deque[tuple[int, WaitState]]) -> WaitState | None:
    """The nearest deadline among those that were read and those of this batch.

    One that was moved since stands among the latter by its new moment.
    """
    while due and (not due[0][1].open or due[0][1].due != due[0][0]):
        due.popleft()
    timers = batch.waits.timers
    while timers and (not timers[0][2].open or timers[0][2].due != timers[0][0]):
        heapq.heappop(timers)
    if not timers:
        return due[0][1] if due else None
    if not due or timers[0][:2] < (due[0][0], due[0][1].id):
        return timers[0][2]
    return due[0][1]
