"""What a turn of the engine handles: rows of the inbox and what was handed in, in order of time."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from studio.engine.loop.scheduler import Scheduler
from studio.engine.loop.state import LoopState
from studio.engine.work.work_items import Entry, Item
from studio.store.inbox import queued
from studio.store.sqlite import Store


class TurnInput:
    """Takes what waits in the inbox and in the queue.

    Args:
        item: what a row of the inbox stands for, by its number, kind and body.
    """

    def __init__(self, state: LoopState, scheduler: Scheduler, item: Callable[[int, str, str], Item]) -> None:
        self._state = state
        self._scheduler = scheduler
        self._item = item

    def take(self, store: Store, goal: int | None, held: list[Entry]) -> tuple[list[Entry], int]:
        """What to handle now, in order of time, and the moment up to which deadlines may come.

        The horizon is taken inside the write lock: a sender stamps its events while
        holding it, so all that are older than the horizon are in the inbox now.

        Args:
            held: the result of a step that held the clock; it comes before all else.
        """
        size = self._scheduler.size()
        if self._state.clock.virtual and self._state.clock_control.jump is None:
            # Each step ends a batch of virtual time: what was read behind it was read for nothing.
            size = min(size, self._scheduler.look_ahead)
        store.begin()
        try:
            rows = queued(store, size)
            full = len(rows) == size
            with self._state.lock:
                limit = now = self._state.clock.now()
                if full:
                    limit = min(max(rows[-1].at, self._state.watermark), now)
                queue = self._state.queue
                entries: list[Entry] = []
                # Rows that were left in the inbox come before what was handed in later than those taken.
                while queue and len(entries) < size and not (full and queue[0][0] > limit):
                    entries.append(queue.popleft())
                self._state.in_flight = [*held, *entries]
                if queue and not self._state.clock_control.moved:
                    limit = min(limit, queue[0][0])
        finally:
            store.release()
        self._state.backlog = full
        if rows:
            # A sender's clock that was set back writes no moment that is over.
            inbox = [
                (min(max(row.at, self._state.watermark), now), self._item(row.id, row.kind, row.body))
                for row in rows
            ]
            if full:
                inbox = [entry for entry in inbox if entry[0] <= limit]
            entries = list(heapq.merge(inbox, entries, key=lambda entry: entry[0]))
        entries = [*held, *entries]
        # What was handed in comes first, then time goes on.
        if goal is not None and self._state.clock_control.jump is not None:
            entries.append((goal, self._state.clock_control.jump))
        return entries, limit
