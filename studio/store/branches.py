"""Under which id an event without one of its own is told to `set_event`.

The id names the store, by its salt, and the entry. Copies have the same salt and go on with the
same numbers: a fork, a snapshot that is opened as a store, a store that has returned to a
snapshot. So each begins a *branch*, from whose first entry on a mark of its own stands in
the ids: else whoever takes an event once by its id would take the one of a fork for another
of the store. What was there before the cut keeps its id, whoever tells it. All begin alike,
so that an answer of `check_event` that was told by any of the family is known as such.
"""

from __future__ import annotations

import json
import secrets
import sqlite3

from studio.store.meta import SET_META

BRANCHES = "branches"
"""meta: the first seq and the mark of each branch that led here, as a JSON list, oldest first."""


def begin_branch(con: sqlite3.Connection, first: int) -> None:
    """Let the ids of all entries from a seq on be this copy's own."""
    row = con.execute("SELECT value FROM main.meta WHERE key = ?", (BRANCHES,)).fetchone()
    # Numbers from here on are this copy's, also where the branch before would have given them out.
    before = [branch for branch in _read(row[0] if row else None) if branch[0] < first]
    con.execute(SET_META, (BRANCHES, json.dumps([*before, (first, secrets.token_hex(6))])))


def own_prefix(salt: str) -> str:
    """What the ids of a store and of all its copies begin with."""
    return f"journey-studio:{salt}:"


def own_id(salt: str, branches: str | None, seq: int) -> str:
    """The id under which an event without one of its own is told.

    Args:
        branches: the value of `BRANCHES` in `meta`.
    """
    mark = next((mark for first, mark in reversed(_read(branches)) if first <= seq), None)
    return f"{own_prefix(salt)}{seq}" if mark is None else f"{own_prefix(salt)}{mark}:{seq}"


def _read(text: str | None) -> list[tuple[int, str]]:
    return [(first, mark) for first, mark in json.loads(text)] if text else []
