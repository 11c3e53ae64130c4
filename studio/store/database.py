"""Opening and making the file of a store, for writing.

Reading one is `connect.py`; what the tables are is `schema.py`.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Literal

from studio.errors import StoreError, StoreReadOnly
from studio.store.connect import check_version, require_file, translate
from studio.store.schema import VERSION
from studio.text.private import make_file, make_folder

MEMORY = ":memory:"
CACHE_KIB = 48 * 1024
"""Page cache of the engine's connection. More made no journey faster, less did."""
BUSY = 10.0
"""Seconds to wait for another writer."""
WAL_LIMIT = 64 << 20
CHECKPOINT_PAGES = 16_000
"""Where the write-ahead log is folded into the store: 64 MiB. What many batches touch is written once."""

Durability = Literal["full", "normal"]

ADD_SALT = "INSERT INTO meta (key, value) VALUES ('salt', ?) ON CONFLICT DO NOTHING"


def open_database(path: Path, durability: Durability = "full") -> sqlite3.Connection:
    """Open or make a store for writing.

    Raises:
        StoreError: it is no database, was made by a newer version, or cannot be written.
    """
    require_file(path)
    if path.exists() and not os.access(path, os.W_OK):
        raise StoreReadOnly(
            "the store cannot be written", where=str(path), fix="Give yourself the right to write it."
        )
    try:
        make_folder(path.parent)
    except OSError as error:
        raise StoreReadOnly(f"its folder cannot be made: {error.strerror}", where=str(path)) from error
    # Where it cannot be made, SQLite says so. It gives the log beside it the same rights
    # (its os_unix.c, findCreateFileMode).
    with suppress(OSError):
        if not path.exists():
            make_file(path)
    con: sqlite3.Connection | None = None
    try:
        con = sqlite3.connect(path, isolation_level=None, timeout=BUSY, cached_statements=256)
        known = check_version(con, path)
        _use_wal(con)
        con.execute(f"PRAGMA synchronous = {durability.upper()}")
        con.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        con.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT}")
        con.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        if known < VERSION:
            migrate(con)
    except sqlite3.Error as error:
        if con is not None:
            con.close()
        raise translate(error, path) from error
    except StoreError:
        if con is not None:
            con.close()
        raise
    return con


def _use_wal(con: sqlite3.Connection) -> None:
    """Turn the write-ahead log on. Another process may be doing the same to a new file."""
    end = time.monotonic() + BUSY
    while True:
        try:
            con.execute("PRAGMA journal_mode = WAL").fetchall()
            return
        except sqlite3.OperationalError as error:
            # This one statement does not wait for a lock by itself (sqlite.org/c3ref/busy_handler.html).
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.005)


def migrate(con: sqlite3.Connection) -> None:
    """Bring the tables up to this version, and give a new store its salt."""
    import sqlite_utils

    from studio.store.migrations import migrations

    database = sqlite_utils.Database(con)
    # Two processes may make a store at the same moment: the second waits here, and finds it made.
    con.execute("BEGIN IMMEDIATE")
    try:
        migrations.apply(database)
        con.execute(ADD_SALT, (secrets.token_hex(8),))
        con.execute("COMMIT")
    except BaseException:
        if con.in_transaction:
            con.execute("ROLLBACK")
        raise
