"""What a reload asks of the loop in whose turns it goes on: batches of its own, between those of all else."""

from __future__ import annotations

from studio.engine.loop.batches import Batches
from studio.engine.loop.committer import Committer
from studio.engine.loop.recovery import Recovery
from studio.engine.loop.state import LoopState
from studio.engine.reload.migration import LEAST_SECONDS, SLICE_SECONDS
from studio.engine.work.batch import Batch
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.kernel.ports import Part
from studio.store.sqlite import Store


class ReloadTurns:
    """Makes and writes the batches of a reload (`reload/migration.py`, `Turns`)."""

    def __init__(self, state: LoopState, batches: Batches, committer: Committer, recovery: Recovery) -> None:
        self._state = state
        self._batches = batches
        self._committer = committer
        self._recovery = recovery

    def new_batch(self, store: Store, watch: ThreadMonitor, part: Part = "other") -> Batch:
        """A batch that workflows may be driven in."""
        return self._batches.new(store, watch, part)

    def commit(self, store: Store, batch: Batch) -> bool:
        """Write a batch. False when it came to nothing."""
        return self._committer.commit(store, batch, [])

    def blame(self, store: Store, watch: ThreadMonitor, error: Exception) -> None:
        """A batch broke: the journey at which it broke fails."""
        self._committer.blame(store, watch, error, [])

    def return_missing(self, store: Store, watch: ThreadMonitor) -> None:
        """Workflows that were missing are there: what came meanwhile counts again."""
        self._recovery.return_missing(store, watch)

    def is_enough(self, gone: int, seconds: float) -> bool:
        """Whether a batch of the background is to be written: it is long, or something else is to be done."""
        if gone >= self._state.quarantine.size("move"):
            return True
        return seconds > SLICE_SECONDS or (seconds > LEAST_SECONDS and self._state.queued > 0)
