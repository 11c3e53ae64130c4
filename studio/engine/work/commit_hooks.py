"""What goes along with every batch: told when it begins, before it is written, and when it is durable."""

from __future__ import annotations

from studio.engine.work.batch import Batch
from studio.kernel.ports import Part


class CommitHook:
    """A part of the engine that writes with each batch, or keeps count of what is durable.

    Called in the engine's thread. What it does outside the batch it adds to `batch.take_backs`,
    which are called when the batch comes to nothing.
    """

    def begin(self, batch: Batch, part: Part) -> None:
        """A batch begins, in which workflows may be driven."""

    def before_commit(self, batch: Batch) -> None:
        """It is about to be written: what is added to its changes is written with it."""

    def after_commit(self, batch: Batch) -> None:
        """It is durable. Asks the store nothing that may fail."""
