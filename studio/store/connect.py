"""Opening a store for reading, and saying in people's words what SQLite has to say."""

from __future__ import annotations

import os
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from studio.errors import (
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreRefusal,
    StoreUnsure,
)
from studio.store.schema import MIGRATION_SET, VERSION

Connection = sqlite3.Connection
"""What rooms above hand down again, and ask nothing of."""

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
            fix="The first event makes it.",
            advice="make a store",
        )
    require_file(path)
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


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A store as of one moment, whatever is asked of it meanwhile.

    Raises:
        StoreError: there is no store, or it cannot be read.
    """
    con = connect_reader(path)
    try:
        con.execute("BEGIN")
        yield con
        con.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise translate(error, path) from error
    finally:
        con.close()


def require_file(path: Path) -> None:
    """Refuse what SQLite would wait for or write into for ever: a folder, a pipe, a device, a socket.

    Raises:
        StoreError: says what it is.
    """
    if path.exists() and not path.is_file():
        what = "it is a folder" if path.is_dir() else "it is not a file but a pipe, a device or a socket"
        raise StoreError(
            what,
            where=str(path),
            fix="Name a file in it." if path.is_dir() else "Name a file.",
            advice="name a file",
        )


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
            fix="The first event makes it a store.",
            advice="fill a store",
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
            fix="Update Journey Studio.",
        )
    return int(known)


def _is_full(path: Path) -> bool:
    try:
        left = os.statvfs(path.parent)
    except OSError:
        return False
    return left.f_bavail * left.f_frsize < 1 << 16


def why_full(path: Path) -> str | None:
    """That the disk of a store is full, in words; None when it is not."""
    return "the disk is full" if _is_full(path) else None


def _size_limit(path: Path) -> int | None:
    """The most bytes that this process may let a file have, where a file of the store has come to it."""
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    if limit == resource.RLIM_INFINITY:
        return None
    for suffix in ("", "-wal", "-journal"):
        try:
            size = path.with_name(path.name + suffix).stat().st_size
        except OSError:
            continue
        # What was to be written is at the most a page of the store with its head, or of shared memory.
        if size + (1 << 16) > limit:
            return limit
    return None


# What SQLite says of a statement, and would say of it again.
_REFUSALS = ("SQLITE_CONSTRAINT", "SQLITE_MISMATCH", "SQLITE_TOOBIG", "SQLITE_RANGE", "SQLITE_MISUSE")


def translate(error: sqlite3.Error, path: Path) -> StoreError:
    """What an error of SQLite means to the person at the screen."""
    where, text = str(path), str(error)
    name = getattr(error, "sqlite_errorname", "") or ""
    # Where no page of shared memory can be had, SQLite speaks of an I/O error and not of the disk.
    if name.startswith("SQLITE_FULL") or (name.startswith("SQLITE_IOERR") and _is_full(path)):
        return StoreFull(
            "the disk is full; nothing of this batch was stored", where=where, fix="Free some space."
        )
    if name.startswith("SQLITE_IOERR") and (limit := _size_limit(path)) is not None:
        return StoreFull(
            f"the store has come to the limit on the size of files that holds for this process "
            f"({limit:,} bytes); nothing of this batch was stored",
            where=where,
            fix="Raise it (ulimit -f), and start again.",
        )
    if name.startswith("SQLITE_NOTADB"):
        return StoreError(
            "it is not a database", where=where, fix="Name another file.", advice="name a store"
        )
    if name.startswith("SQLITE_CORRUPT"):
        return StoreUnsure(
            f"something was read that no store holds ({text})",
            where=where,
            fix="Should it come again, have the store examined.",
            advice="examine",
        )
    if name.startswith("SQLITE_IOERR"):
        return StoreError(
            f"the disk could not be read or written ({text})", where=where, fix="Look at the disk."
        )
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
    if name.startswith(_REFUSALS) or isinstance(error, _REFUSING):
        return StoreRefusal(f"the store refuses it: {text}", where=where)
    return StoreError(f"SQLite says: {text}", where=where)


def store_error(error: Exception, path: Path) -> Exception:
    """An error as it is; one of SQLite as what it means."""
    return translate(error, path) if isinstance(error, sqlite3.Error) else error


# What Python's own part of it refuses, without asking SQLite.
_REFUSING = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError)


def examined(path: Path) -> StoreDamaged | None:
    """What an examination of the whole store finds; None when it is sound. Reads all of it.

    Raises:
        StoreError: it cannot be examined just now.
    """
    # A disk that misreads does so in an examination, too: what is damaged is so twice.
    found = _integrity(path) and _integrity(path)
    if not found:
        return None
    return StoreDamaged(f"the database is damaged ({found})", where=str(path), fix="Restore a copy of it.")


def _integrity(path: Path) -> str:
    """The first fault that SQLite finds in it; empty when there is none."""
    try:
        # Opened anew: what was kept in memory may be the very page that was read wrongly.
        con = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, timeout=5.0)
    except sqlite3.Error as error:
        raise translate(error, path) from error
    try:
        found = " ".join(str(text) for (text,) in con.execute("PRAGMA integrity_check(1)").fetchall())
    except sqlite3.Error as error:
        if not (getattr(error, "sqlite_errorname", "") or "").startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            raise translate(error, path) from error
        found = str(error)
    finally:
        con.close()
    return "" if found == "ok" else " ".join(found.split())
