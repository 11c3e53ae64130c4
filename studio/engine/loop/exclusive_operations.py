"""What has a turn of its own, between two batches: rewind, restore, undo, redo, pauses of workflows."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from studio.engine.loop.batches import Batches
from studio.engine.loop.committer import Committer
from studio.engine.loop.held_clock import HeldClock
from studio.engine.loop.recovery import Recovery
from studio.engine.loop.state import LoopState
from studio.engine.rewind.rewind import Rewinds
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.futures import answer
from studio.engine.work.work_items import Advance, Entry, ExclusiveOperation, Item, QueuedEvent, fail, left
from studio.errors import ClockError, JourneyError, StoreError, StudioError
from studio.store.connect import store_error
from studio.store.sqlite import Store
from studio.store.under_way import Change, WatchedChange
from studio.text.source_code import error_text

PAUSES = ("pause", "unpause")
WHOLE = ("rewind", "restore", "undo", "redo", *PAUSES)
"""By the name under which another process asks for it."""


class ExclusiveOperations:
    """Does it for one engine, in its thread."""

    def __init__(
        self, state: LoopState, batches: Batches, committer: Committer, recovery: Recovery, holding: HeldClock
    ) -> None:
        self._state = state
        self._batches = batches
        self._committer = committer
        self._recovery = recovery
        self._holding = holding

    def act(self, kind: str, body: dict[str, Any] | str) -> Callable[[ExclusiveOperation], Any]:
        """What changes the store as a whole, by the name under which it is asked for."""
        state = self._state

        def run(item: ExclusiveOperation) -> Any:
            assert state.store is not None
            facts = facts_of(kind, body)
            if state.clock_control.jump is not None:
                raise ClockError("a jump is under way", fix="Stop it, or wait for its end.")
            if kind in PAUSES:
                return self._say_pause(state.store, kind, facts, item)
            change = _change(state.rewinds, state.store, kind, facts, item)
            with WatchedChange(state.store.connection, state.path, cast(Change, kind)):
                return change()

        return run

    def _say_pause(
        self, store: Store, kind: str, facts: dict[str, Any], item: ExclusiveOperation
    ) -> dict[str, Any]:
        """Have the history say that a workflow is paused, or goes on; it takes hold by `follow_up`."""
        batch = self._recovery.pauses.say(store, ThreadMonitor(), kind, facts)
        # Whoever asked from here is answered when it has taken hold.
        told = ExclusiveOperation(item.run, None, item.inbox)
        if not self._committer.commit(store, batch, [(told, {})]):
            raise StoreError("the store cannot be written just now", where=str(self._state.path))
        if kind == "pause":
            item.follow_up = partial(self._recovery.stand_still, name=facts["workflow"])
        else:
            item.follow_up = self._recovery.go_on
        return {}

    def run(self, store: Store, watch: ThreadMonitor, entries: list[Entry]) -> None:
        """Change the store as a whole, and make what is in memory agree with it."""
        state = self._state
        (_, item), *others = entries
        assert isinstance(item, ExclusiveOperation)
        with state.lock:
            state.queue.extendleft(reversed(left(others)))
            state.in_flight = []
        epoch = state.rewinds.epoch
        try:
            result = item.run(item)
        except Exception as error:
            error = store_error(error, state.path)
            if not isinstance(error, StudioError):
                error = StudioError(f"the engine could not do it: {error_text(error)}")
            # Nothing was written; what came through the inbox is told so, and taken away.
            if item.inbox is None:
                fail(item, error)
            else:
                self._committer.commit(store, self._batches.new(store, watch), [(item, error)])
            return
        except BaseException:
            fail(item, StudioError("the engine ended while it was done"))
            raise
        try:
            if item.follow_up is not None:
                item.follow_up(store, watch)
            else:
                self._agree(store, watch, state.rewinds.epoch != epoch)
        except BaseException:
            # It is done; what follows from it is left to the next start.
            fail(item, StudioError("the engine ended right after it was done"))
            raise
        if item.future is not None:
            answer(item.future, result)
        state.announce()

    def _agree(self, store: Store, watch: ThreadMonitor, over: bool) -> None:
        """Rows were taken away or replaced.

        Args:
            over: what runs now does not count any more.
        """
        state = self._state
        self._recovery.patiently(lambda: state.rewinds.reread(store), store)
        state.quarantined.clear()
        if over:
            self._holding.forget()
        with state.lock:
            now = state.clock.now()
            if over:
                state.running.clear()
                state.held.clear()
            state.watermark = now
            # What waits was stamped by a time that is taken back.
            state.queue = deque(
                (at if isinstance(item, Advance) or _brings_time(item) else min(at, now), item)
                for at, item in state.queue
            )
        self._committer.forget_state()
        self._recovery.register(store, watch)
        self._recovery.relaunch_steps(store, watch)
        state.next_due = self._recovery.patiently(store.next_due, store)


def _change(
    rewinds: Rewinds, store: Store, kind: str, facts: dict[str, Any], item: ExclusiveOperation
) -> Callable[[], Any]:
    match kind, facts:
        case "rewind", {"seq": int(seq)}:
            return lambda: rewinds.rewind(store, seq, item)
        case "restore", {"number": int(number)}:
            return lambda: rewinds.restore(store, number, item)
        case "undo", _:
            return lambda: rewinds.undo(store, item)
        case "redo", _:
            return lambda: rewinds.redo(store, item)
    raise JourneyError(f"{kind!r} lacks what it needs")


def facts_of(kind: str, body: dict[str, Any] | str) -> dict[str, Any]:
    """What is asked for, as another process may have written it."""
    try:
        facts = json.loads(body) if isinstance(body, str) else body
    except ValueError:
        facts = None
    if not isinstance(facts, dict):
        raise JourneyError(f"{kind!r} lacks what it needs")
    return facts


def _brings_time(item: Item) -> bool:
    return isinstance(item, QueuedEvent) and item.incoming.at is not None
