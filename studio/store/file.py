"""Which file a store is: a process that has it open goes on reading and writing one that nobody else sees."""

from __future__ import annotations

import os
from pathlib import Path

from studio.errors import StoreGone

FileId = tuple[int, int]
"""Device and inode."""


def file_of(path: Path) -> FileId:
    """Which file stands there now.

    Raises:
        StoreGone: none.
    """
    try:
        found = os.stat(path)
    except OSError as error:
        raise StoreGone("the file is gone", where=str(path), fix=FIX) from error
    return found.st_dev, found.st_ino


def require_same(path: Path, opened: FileId) -> None:
    """Refuse to go on with a file that is not there any more.

    Args:
        path: of a store, or of the write-ahead log beside it.
        opened: which it was.

    Raises:
        StoreGone: it was removed, or another stands in its place.
    """
    if file_of(path) != opened:
        raise StoreGone("another file stands in the place of the one that is open", where=str(path), fix=FIX)


def wal_path(path: Path) -> Path:
    """The write-ahead log of a store."""
    path = path.resolve()
    return path.with_name(path.name + "-wal")


FIX = "Put it back, or a copy of it, and start again."
