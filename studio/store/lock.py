"""The lock that lets one process at a time write the history of a store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from studio.clocks.clock import iso
from studio.errors import StoreLocked, StoreReadOnly
from studio.store.inbox import engine_of, lock_path
from studio.text.private import FILE

LOOK_SECONDS = 0.1


def take_lock(path: Path) -> FileLock:
    """Take the lock of a store, for any thread of this process.

    Raises:
        StoreLocked: an engine runs on it, or another act that needs it alone.
        StoreReadOnly: the lock's file cannot be made.
    """
    lock = FileLock(lock_path(path), timeout=0, thread_local=False, mode=FILE)
    try:
        # Whoever looks whether an engine runs holds it for a moment (`engine_of`).
        lock.acquire(timeout=LOOK_SECONDS, poll_interval=0.01)
    except Timeout:
        # Between its start and its first entry an engine has a lock and no name yet.
        pid, since = engine_of(path) or (0, 0)
        who = f"pid {pid}, since {iso(since)}" if pid else "another process"
        raise StoreLocked(
            f"an engine runs on this store already ({who})",
            where=str(path),
            fix="Send it events, or stop it first.",
            advice="send to the engine",
        ) from None
    except OSError as error:
        raise StoreReadOnly(f"the store cannot be locked: {error.strerror}", where=str(path)) from error
    return lock


@contextmanager
def alone_on(path: Path) -> Iterator[None]:
    """Keep engines off a store meanwhile.

    Raises:
        StoreLocked: one runs on it.
    """
    lock = take_lock(path)
    try:
        yield
    finally:
        lock.release()
