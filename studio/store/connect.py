"""Opening a store for reading, and saying in people's words what SQLite has to say."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from studio.errors import StoreError, StoreFull, StoreReadOnly
from studio.store.schema import MIGRATION_SET, VERSION

HAS_HISTORY = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'history'"


def connect_reader(path: str | Path, *, shared: bool = False) -> sqlite3.Connection:
    """A read-only connection for the calling thread.

    Args:
        shared: another thread may use it, one at a time.

    Raises:
        StoreError: there is no store, it is no database, or a newer version made it.
    """
    path = Path(path)
    if not path.exists():
        raise StoreError(
            "there is no store here",
            where=str(path),
            fix="Start journey-studio or send an event, which makes it, or name another with --store.",
        )
    if path.is_dir():
        raise StoreError("it is a folder", where=str(path), fix="Name a file: --store data/studio.db")
    try:
        con = sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode=ro",
            uri=True,
            isolation_level=None,
            timeout=5.0,
            check_same_thread=not shared,
        )
    except sqlite3.Error as error:
        raise translate(error, path) from error
    try:
        check_version(con, path)
        con.execute("PRAGMA query_only = 1")
    except sqlite3.Error as error:
        con.close()
        raise translate(error, path) from error
    except StoreError:
        con.close()
        raise
    return con


def require_history(con: sqlite3.Connection, path: Path) -> None:
    """Refuse a database that nothing was stored in yet.

    Raises:
        StoreError: it has no tables.
    """
    try:
        found = con.execute(HAS_HISTORY).fetchall()
    except sqlite3.Error as error:
        raise translate(error, path) from error
    if not found:
        raise StoreError(
            "nothing was ever stored here",
            where=str(path),
            fix="Start journey-studio, or send an event.",
        )


def check_version(con: sqlite3.Connection, path: Path) -> int:
    """Refuse what is no store of ours, or one that a newer version made.

    Returns:
        How many migrations it has seen; 0 for an empty database, which becomes a store.

    Raises:
        StoreError: says which of these it is.
    """
    try:
        tables = {
            name for (name,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        }
    except sqlite3.Error as error:
        raise translate(error, path) from error
    if not tables:
        return 0
    if "_sqlite_migrations" not in tables:
        raise StoreError(
            "it is a database, but no store of Journey Studio", where=str(path), fix="Name another file."
        )
    (known,) = con.execute(
        "SELECT count(*) FROM _sqlite_migrations WHERE migration_set = ?", (MIGRATION_SET,)
    ).fetchone()
    if known > VERSION:
        raise StoreError(
            "the store was made by a newer version of Journey Studio "
            f"(schema {known}, this one knows {VERSION})",
            where=str(path),
            fix="Update journey-studio.",
        )
    return int(known)


def _is_full(path: Path) -> bool:
    try:
        left = os.statvfs(path.parent)
    except OSError:
        return False
    return left.f_bavail * left.f_frsize < 1 << 16


def translate(error: sqlite3.Error, path: Path) -> StoreError:
    """What an error of SQLite means to the person at the screen."""
    where, text = str(path), str(error)
    name = getattr(error, "sqlite_errorname", "") or ""
    # Where no page of shared memory can be had, SQLite speaks of an I/O error and not of the disk.
    if name.startswith("SQLITE_FULL") or (name.startswith("SQLITE_IOERR") and _is_full(path)):
        return StoreFull(
            "the disk is full; nothing of this batch was stored", where=where, fix="Free some space."
        )
    if name.startswith("SQLITE_NOTADB"):
        return StoreError("it is not a database", where=where, fix="Name another file with --store.")
    if name.startswith("SQLITE_CORRUPT"):
        return StoreError("the database is damaged", where=where, fix="Restore a copy of it.")
    if name.startswith("SQLITE_READONLY"):
        return StoreReadOnly(
            "the store cannot be written", where=where, fix="Give yourself the right to write it."
        )
    if name.startswith("SQLITE_CANTOPEN"):
        return StoreError(
            "the store cannot be opened", where=where, fix="Look at the rights of the file and its folder."
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreError(
            "another program holds the store's write lock for long", where=where, fix="End it, or try again."
        )
    return StoreError(f"SQLite says: {text}", where=where)
