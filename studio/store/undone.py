"""What undo has taken back and redo can bring back, kept in the store: a restart loses nothing of it.

The rows that a cut took away stand beside what the engine must know of each
(`cut.cut` fills them, `cut.put_back` takes from them). They go as soon as anything
new comes from outside: what was taken back would no longer fit behind it.
All of it runs inside a transaction of the caller.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

KEEP = "INSERT INTO undone (id, top, act, acts, clock) VALUES (?, ?, ?, ?, ?)"
ALL = "SELECT id, top, act, acts, clock FROM undone ORDER BY id"
LAST_MOMENT = "SELECT coalesce(max(at), 0) FROM undone_history WHERE undo = ?"
TABLES = ("undone_history", "undone_users", "undone_codes", "undone_profiles")


@dataclass(frozen=True, slots=True)
class Undone:
    """One act that was taken back. The texts are JSON, and the engine's to read."""

    number: int
    """Newer ones have a higher one, and are brought back first."""
    top: int
    """No entry from this seq on was there when it was taken back."""
    act: str
    acts: str
    """All acts that could be taken back then."""
    clock: str
    """The state of the clock then."""


def last_moment(con: sqlite3.Connection, number: int) -> int:
    """The latest moment of the entries that went with an act; 0 when there are none."""
    return int(con.execute(LAST_MOMENT, (number,)).fetchone()[0])


def keep_undone(con: sqlite3.Connection, undone: Undone) -> None:
    """Remember an act whose entries were cut off under its number."""
    con.execute(KEEP, (undone.number, undone.top, undone.act, undone.acts, undone.clock))


def all_undone(con: sqlite3.Connection) -> list[Undone]:
    """What can be brought back, the newest last."""
    return [Undone(*row) for row in con.execute(ALL).fetchall()]


def forget_undone(con: sqlite3.Connection, number: int | None = None) -> None:
    """Let go of one, or of all."""
    where, values = ("", ()) if number is None else (" WHERE undo = ?", (number,))
    for table in TABLES:
        con.execute(f"DELETE FROM {table}{where}", values)
    con.execute(f"DELETE FROM undone{where.replace('undo', 'id')}", values)
