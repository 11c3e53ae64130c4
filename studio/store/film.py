"""A film: a store in one file for others to look at, of all users or of one, with their names or without.

No engine runs on it and nothing can be sent to it; it is looked at like the past of any store. What is taken
out leaves no trace in the file: it is copied once more when all is gone.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from studio.clocks.clock import wall_ms
from studio.errors import StoreError
from studio.language.kinds import Kind
from studio.store.capabilities import FILM, WRITER
from studio.store.checksums import add_checksums
from studio.store.connect import connect_reader, require_history, translate
from studio.store.database import BUSY
from studio.store.film_scrub import Pseudonyms, without_users
from studio.store.meta import SET_META
from studio.store.rebuild import COLUMNS, derive
from studio.store.refused import forget_refused
from studio.store.schema import ESCAPED_IDS
from studio.store.snapshots import copy_store, set_standing
from studio.store.undone import forget_undone

KEPT_META = (ESCAPED_IDS, "last_at", "next_seq")
"""What of `meta` says how the history reads. All else is about an engine, or is asked of one."""
MINE = "SELECT id FROM journeys WHERE user = :user"
ONLY = (
    f"""
DELETE FROM history WHERE NOT (
    ifnull(user, 0) = :user OR ifnull(journey, 0) IN ({MINE}) OR (user IS NULL AND journey IS NULL)
)""",
    # What others sent came from nowhere, and what was sent to others went to nobody: their names are theirs.
    f"""
UPDATE history SET journey = NULL, pass = NULL, n = NULL, place = NULL, cause = NULL, code = NULL
WHERE journey IS NOT NULL AND journey NOT IN ({MINE})""",
    "UPDATE history SET user = NULL, id = NULL, data = NULL, meta = NULL WHERE user <> :user",
    f"""
DELETE FROM history WHERE user IS NULL AND journey IS NULL
    AND kind IN ({Kind.WORKFLOW_LOADED}, {Kind.WORKFLOW_FAILED})
    AND name NOT IN (SELECT workflow FROM journeys WHERE user = :user)""",
    """
DELETE FROM codes WHERE workflow NOT IN (
    SELECT n.text FROM journeys j JOIN names n ON n.id = j.workflow WHERE j.user = :user
)""",
    "DELETE FROM journeys WHERE user <> :user",
    "DELETE FROM users WHERE id <> :user",
    "DELETE FROM checkpoints",
)
UNUSED_NAMES = """
DELETE FROM names WHERE id NOT IN (
    SELECT name FROM history WHERE name IS NOT NULL
    UNION SELECT place FROM history WHERE place IS NOT NULL UNION SELECT workflow FROM journeys
)
"""
TABLES = ("journeys", "waits", "profiles", "totals", "places")
EMPTIED = ("inbox", "answers", "foreign_refused")


@dataclass(frozen=True, slots=True)
class Film:
    """What a film shows."""

    path: Path
    users: int
    entries: int
    size: int
    """Bytes."""


def write_film(source: Path, target: Path, user: str | None = None, *, anonymous: bool = False) -> Film:
    """Copy a store into a film. Safe beside a running engine.

    Args:
        user: only this one.
        anonymous: users and keys get other names, the same each time, and payloads and texts are left out.

    Raises:
        StoreError: there is no such user, a file of this name is there already, or it cannot be written.
    """
    if target.exists():
        raise StoreError("a file of this name already exists", where=str(target), fix="Give another name.")
    reader = connect_reader(source)
    try:
        require_history(reader, source)
        number = _number_of(reader, source, user)
    except sqlite3.Error as error:
        raise translate(error, source) from error
    finally:
        reader.close()
    whole = target.with_name(target.name + ".whole")
    whole.unlink(missing_ok=True)
    try:
        _copied(source, whole, lambda copy: _take_out(copy, number, anonymous))
        # Once more: nothing of what was taken out stays in free pages.
        _copied(whole, target, lambda copy: None)
        con = connect_reader(target)
        try:
            (users,) = con.execute("SELECT count(*) FROM users").fetchone()
            (entries,) = con.execute("SELECT count(*) FROM history").fetchone()
        finally:
            con.close()
    finally:
        for suffix in ("-wal", "-shm", "-journal", ""):
            whole.with_name(whole.name + suffix).unlink(missing_ok=True)
    return Film(target, users, entries, os.stat(target).st_size)


def _number_of(con: sqlite3.Connection, path: Path, user: str | None) -> int | None:
    if user is None:
        return None
    row = con.execute("SELECT id FROM users WHERE name = ?", (user,)).fetchone()
    if row is None:
        fix = "Look how the user is written."
        raise StoreError(f"there is no user {user!r}", where=str(path), fix=fix, advice="list users")
    return int(row[0])


def _copied(source: Path, target: Path, finish: Callable[[sqlite3.Connection], None]) -> None:
    con = sqlite3.connect(source, isolation_level=None, timeout=BUSY)
    try:
        copy_store(con, target, finish)
    except sqlite3.Error as error:
        raise translate(error, source) from error
    finally:
        con.close()


def _take_out(con: sqlite3.Connection, user: int | None, anonymous: bool) -> None:
    (last_at,) = con.execute("SELECT coalesce(max(at + coalesce(late, 0)), 0) FROM history").fetchone()
    forget_undone(con)
    forget_refused(con)
    for table in EMPTIED:
        con.execute(f"DELETE FROM {table}")
    marks = ", ".join("?" * len(KEPT_META))
    con.execute(f"DELETE FROM meta WHERE key NOT IN ({marks})", KEPT_META)
    con.execute(SET_META, ("salt", secrets.token_hex(16)))
    con.execute(SET_META, (WRITER, FILM))
    set_standing(con, last_at, wall_ms(), False)
    if user is not None:
        for statement in ONLY:
            con.execute(statement, {"user": user})
    if anonymous:
        _rename(con)
    if user is not None or anonymous:
        _derive(con)


def _rename(con: sqlite3.Connection) -> None:
    """Leave out what is anybody's, and give users and keys other names."""
    others = Pseudonyms(secrets.token_bytes(16))
    con.create_function("scrubbed", 2, others.entry, deterministic=True)
    con.create_function("other_key", 1, others.key, deterministic=True)
    con.execute("UPDATE history SET data = scrubbed(kind, data), meta = NULL, id = NULL")
    con.execute("UPDATE journeys SET key = other_key(key)")
    con.execute("CREATE TEMP TABLE called (name TEXT PRIMARY KEY, other TEXT) WITHOUT ROWID")
    con.execute("INSERT INTO called SELECT name, 'user' || row_number() OVER (ORDER BY id) FROM users")

    def other_of(name: str) -> str | None:
        row = con.execute("SELECT other FROM called WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    for id, text in con.execute("SELECT id, text FROM names").fetchall():
        if (other := without_users(text, other_of)) != text:
            # Two that differ by who they name stay two.
            con.execute("UPDATE OR IGNORE names SET text = ? WHERE id = ?", (other, id))
            con.execute("UPDATE names SET text = ? WHERE id = ? AND text = ?", (f"{other} {id}", id, text))
    pairs = con.execute("SELECT u.id, c.other FROM users u JOIN called c ON c.name = u.name").fetchall()
    # Not through a name that another still has.
    con.execute("UPDATE users SET name = char(1) || id")
    con.executemany("UPDATE users SET name = ? WHERE id = ?", [(other, id) for id, other in pairs])
    con.execute("DROP TABLE called")


def _derive(con: sqlite3.Connection) -> None:
    """What follows from the history that is left."""
    rows: dict[str, list[tuple[object, ...]]] = {table: [] for table in TABLES}
    for table, row in derive(con):
        rows[table].append(row)
    for table in TABLES:
        con.execute(f"DELETE FROM {table}")
        _put(con, table, rows[table])
    con.execute(UNUSED_NAMES)
    con.execute("DELETE FROM checksums")
    first, last = con.execute("SELECT min(seq), max(seq) FROM history").fetchone()
    if first is not None:
        add_checksums(con, first, last)


def _put(con: sqlite3.Connection, table: str, rows: Iterable[tuple[object, ...]]) -> None:
    columns = COLUMNS[table]
    marks = ", ".join("?" * len(columns.split(", ")))
    con.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
