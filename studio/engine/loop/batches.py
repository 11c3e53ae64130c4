"""Making batches, with all that goes along with each."""

from __future__ import annotations

from collections.abc import Sequence

from studio.engine.loop.state import LoopState
from studio.engine.work.batch import Batch
from studio.engine.work.commit_hooks import CommitHook
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.unit_of_work import StoreUnit
from studio.kernel.ports import Part
from studio.store.sqlite import Store


class Batches:
    """Makes the batches of one engine.

    Args:
        hooks: told of each, in this order.
        ask: whether there is a `check_event` to ask.
    """

    def __init__(self, state: LoopState, hooks: Sequence[CommitHook], ask: bool) -> None:
        self._state = state
        self._ask = ask
        self.hooks = hooks

    def unit(self, store: Store) -> StoreUnit:
        """What a batch reads and changes."""
        code = self._state.code
        return StoreUnit(store, code.active, code.codes, code.standing)

    def plain(self, store: Store) -> Batch:
        """A batch that no workflow is driven in, and that nothing goes along with."""
        store.fault = None
        return Batch(self.unit(store), self._state.code.routes)

    def new(self, store: Store, watch: ThreadMonitor, part: Part = "other") -> Batch:
        """A batch that workflows may be driven in."""
        state = self._state
        watch.live.end()
        store.fault = None
        batch = state.batch = Batch(
            self.unit(store), state.code.routes, watch=watch, running=state.running, ask=self._ask
        )
        for hook in self.hooks:
            hook.begin(batch, part)
        return batch
