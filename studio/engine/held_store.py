"""The store of an engine as a file: made, locked for one engine alone, cleared away when it was in memory."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock

from studio.store.capabilities import require
from studio.store.database import Durability, open_database
from studio.store.lock import take_lock
from studio.store.paused import take_sign
from studio.store.temporary import remove_store, sweep
from studio.store.wake_pipe import WakePipe, open_wake_pipe


class HeldStore:
    """One engine's hold on a store.

    Args:
        temporary: the file goes when the engine stops.
    """

    def __init__(self, path: Path, durability: Durability, *, temporary: bool) -> None:
        self._path = path
        self._durability = durability
        self._temporary = temporary
        self._lock: FileLock | None = None
        self.wake_pipe: WakePipe | None = None
        """By which other processes wake the engine up; None where there is none."""

    def take(self) -> None:
        """Make the file, if it is missing, and lock it.

        Raises:
            StoreLocked: another engine runs on the store.
            NotOffered: its journeys are carried on elsewhere.
            StoreError: the store cannot be used.
        """
        if self._temporary:
            sweep()
            # Locked first: what has no lock in memory is taken for forgotten.
            self._lock = take_lock(self._path)
            open_database(self._path, self._durability).close()
            return
        # The store is opened first, so that what is no store is named as such.
        open_database(self._path, self._durability).close()
        require(self._path, "run")
        self._lock = take_lock(self._path)
        # Of an engine that was killed while it was paused.
        take_sign(self._path)
        self.wake_pipe = open_wake_pipe(self._path)

    def let_go(self) -> None:
        """Give the lock back. Calling it again does nothing."""
        lock, self._lock = self._lock, None
        pipe, self.wake_pipe = self.wake_pipe, None
        if pipe is not None:
            pipe.remove()
        if lock is not None:
            take_sign(self._path)
            lock.release()
        if pipe is not None:
            # Last: it wakes another thread up, which those who wait for the store would wait for, too.
            pipe.close()

    def clear_away(self) -> None:
        """Give the lock back, and remove a file that was to last as long as the engine."""
        self.let_go()
        if self._temporary:
            remove_store(self._path)
