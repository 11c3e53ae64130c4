"""What changes the store as a whole, between two batches: rewind, restore, undo, redo."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from studio.engine.items import Advance, Alone, Arrival, Entry, Item, fail, left
from studio.engine.watch import Watch
from studio.errors import ClockError, JourneyError, StudioError
from studio.store.sqlite import Store

if TYPE_CHECKING:
    from studio.engine.runner import Runner

WHOLE = ("rewind", "restore", "undo", "redo")
"""By the name under which another process asks for it."""


class WholeStore:
    """Does it for one runner, in its thread."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def act(self, kind: str, body: dict[str, Any] | str) -> Callable[[Alone], Any]:
        """What changes the store as a whole, by the name under which it is asked for."""
        runner = self._runner

        def run(item: Alone) -> Any:
            assert runner.store is not None
            facts = facts_of(kind, body)
            if runner.deck.jump is not None:
                raise ClockError("a jump is under way", fix="Stop it, or wait for its end.")
            match kind, facts:
                case "rewind", {"seq": int(seq)}:
                    return runner.rewinds.rewind(runner.store, seq, item)
                case "restore", {"number": int(number)}:
                    return runner.rewinds.restore(runner.store, number, item)
                case "undo", _:
                    return runner.rewinds.undo(runner.store, item)
                case "redo", _:
                    return runner.rewinds.redo(runner.store, item)
            raise JourneyError(f"{kind!r} lacks what it needs")

        return run

    def run(self, store: Store, watch: Watch, entries: list[Entry]) -> None:
        """Change the store as a whole, and make what is in memory agree with it."""
        runner = self._runner
        (_, item), *others = entries
        assert isinstance(item, Alone)
        with runner.lock:
            runner.queue.extendleft(reversed(left(others)))
            runner.taken = []
        era = runner.rewinds.era
        try:
            result = item.run(item)
        except Exception as error:
            if not isinstance(error, StudioError):
                error = StudioError(f"the engine could not do it: {type(error).__name__}: {error}")
            # Nothing was written; what came through the inbox is told so, and taken away.
            if item.inbox is None:
                fail(item, error)
            else:
                runner.writing.commit(store, runner.new_batch(store, watch), [(item, error)])
            return
        try:
            self._agree(store, watch, runner.rewinds.era != era)
        except BaseException:
            # It is done; what follows from it is left to the next start.
            fail(item, StudioError("the engine ended right after it was done"))
            raise
        if item.future is not None and not item.future.done():
            item.future.set_result(result)
        runner.announce()

    def _agree(self, store: Store, watch: Watch, over: bool) -> None:
        """Rows were taken away or replaced.

        Args:
            over: what runs now does not count any more.
        """
        runner = self._runner
        runner.places.clear()
        runner.poisoned.clear()
        with runner.lock:
            now = runner.clock.now()
            if over:
                runner.running.clear()
                runner.held.clear()
            runner.reached = now
            # What waits was stamped by a time that is taken back.
            runner.queue = deque(
                (at if isinstance(item, Advance) or _brings_time(item) else min(at, now), item)
                for at, item in runner.queue
            )
        runner.writing.forget_state()
        runner.recovery.register(store, watch)
        runner.recovery.relaunch_steps(store, watch)
        runner.next_due = store.next_due()


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
    return isinstance(item, Arrival) and item.incoming.at is not None
