"""The causes of a batch, one after the other in order of time: items and deadlines."""

from __future__ import annotations

import heapq
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from studio.engine.batch import Batch
from studio.engine.cause import StepResult
from studio.engine.items import Act, Advance, Alone, Arrival, Entry, Item, left
from studio.engine.jump import Jump
from studio.engine.state import WaitState
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.engine.runner import Runner

LEAST_REACH = 4
"""Deadlines that are read at once in moved time, and what was handed in of virtual time, at the least."""


class Serving:
    """Lets the causes of one runner come into its batches."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.reach = LEAST_REACH
        """Deadlines worth reading at once in moved time."""

    def serve(self, batch: Batch, entries: deque[Entry], limit: int) -> list[tuple[Item, Any]]:
        """Serve causes in order of time until the batch is full; gives what was done, with its results."""
        runner = self._runner
        virtual, clock = runner.deck.moved, runner.clock
        size = runner.size()
        if runner.deck.jump is not None:
            runner.deck.jump.serving = 0
        batch.prefetch([item.incoming for _, item in entries if isinstance(item, Arrival)])
        # Deadlines of the same moment as an event come after it, and later events may still
        # come in this millisecond: so only those before it.
        last = max((at for at, _ in entries), default=0) if virtual else limit - 1
        reach = min(size, self.reach) if virtual else size
        due = deque(batch.overlay.due_waits(last, reach))
        cut = len(due) == reach
        batch.overlay.load_passes([wait.journey for wait in due])
        finished: list[tuple[Item, Any]] = []
        served, began = 0, time.monotonic()
        for _ in range(size):
            served += 1
            wait = _next_timer(batch, due)
            if cut and not due:
                # More deadlines may stand in the store before whatever comes next.
                break
            if entries:
                at, item = entries[0]
                first = wait is not None and _before(wait, item, at, virtual)
            else:
                first = wait is not None and not virtual and _due(wait) <= last
            if first:
                assert wait is not None
                runner.reached = max(runner.reached, _due(wait))
                self._serve_timer(batch, wait, due)
            elif entries:
                if isinstance(item, Alone):
                    # It has a turn of its own.
                    break
                entries.popleft()
                runner.reached = max(runner.reached, at)
                if virtual and not (isinstance(item, Advance) and not item.move):
                    clock.move(at)
                if virtual and not isinstance(item, StepResult):
                    # A result keeps its moment, also when a batch that came to nothing moved the clock.
                    at = max(at, clock.now())
                finished.append((item, self.serve_one(batch, item, at)))
            else:
                break
            if virtual and (batch.launches or batch.asks or runner.deck.enough(began)):
                break
        # Each step ends a batch of moved time: what was read of the deadlines behind it was for nothing.
        self.reach = max(LEAST_REACH, 2 * served)
        with runner.lock:
            # What was not reached keeps its place; rows of the inbox stay there by themselves.
            runner.queue.extendleft(reversed(left(entries)))
        return finished

    def _serve_timer(self, batch: Batch, wait: WaitState, due: deque[WaitState]) -> None:
        runner = self._runner
        if due and due[0] is wait:
            due.popleft()
        else:
            heapq.heappop(batch.timers)
        late = 0
        if runner.deck.moved:
            runner.clock.move(_due(wait))
            if runner.deck.jump is not None:
                runner.deck.jump.serving += 1
        else:
            late = runner.deck.late(_due(wait))
        batch.watch.subject = wait.journey.id
        runner.beat.late(late)
        batch.timer(wait, late)

    def serve_one(self, batch: Batch, item: Item, at: int) -> Any:
        """Let one item come into the batch; gives what its sender is told."""
        runner = self._runner
        batch.watch.subject = None
        before = batch.overlay.seq
        if isinstance(item, Arrival):
            event = batch.event(item.incoming, at)
            if item.by_hand:
                runner.rewinds.note_act(batch, before)
            return event
        if isinstance(item, StepResult):
            batch.watch.subject = item.launch.journey
            return runner.rewinds.take_result(batch, item, at)
        if isinstance(item, Act):
            try:
                result = item.run(batch, at)
            except StudioError as error:
                return error
            runner.rewinds.note_act(batch, before)
            return result
        if isinstance(item, Jump):
            return runner.deck.arrive(batch, at)
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


def _next_timer(batch: Batch, due: deque[WaitState]) -> WaitState | None:
    """The nearest deadline among those that were read and those of this batch."""
    while due and (not due[0].open or due[0].due is None):
        due.popleft()
    timers = batch.timers
    while timers and not timers[0][2].open:
        heapq.heappop(timers)
    if not timers:
        return due[0] if due else None
    if not due or timers[0][:2] < (_due(due[0]), due[0].id):
        return timers[0][2]
    return due[0]
