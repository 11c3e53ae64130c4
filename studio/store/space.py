"""Giving the disk back what was taken out of a store, and making sure that it is gone from the file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from studio.errors import StoreError
from studio.store.connect import translate


def wipe_what_is_deleted(con: sqlite3.Connection) -> None:
    """Let rows that are deleted from here on be written over, and keep copies of them off the disk."""
    con.execute("PRAGMA secure_delete = ON").fetchall()
    con.execute("PRAGMA temp_store = MEMORY")


def require_no_reader(con: sqlite3.Connection, path: Path) -> None:
    """Fold the write-ahead log into the file, to nothing.

    Raises:
        StoreError: another program reads it at this moment: the log would keep what is taken out.
    """
    try:
        busy, *_ = con.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error as error:
        raise translate(error, path) from error
    if busy:
        raise StoreError(
            "another program reads the store, so that its write-ahead log cannot be emptied",
            where=str(path),
            fix="End it, and try again.",
        )


def give_back(con: sqlite3.Connection, path: Path) -> int:
    """Write the file anew without its free pages, and empty the log. Needs as much disk as the store has.

    Returns:
        Bytes that the file has become smaller.

    Raises:
        StoreError: the disk is full, or another program reads the store.
    """
    before = path.stat().st_size
    try:
        con.execute("VACUUM")
    except sqlite3.Error as error:
        raise translate(error, path) from error
    require_no_reader(con, path)
    return before - path.stat().st_size
