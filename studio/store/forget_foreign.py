"""Forgetting a user who is carried on elsewhere, and refusing what comes of them later.

What stays is a tombstone in `meta`, which names nobody: turns that were under way when the user was forgotten
would bring them back.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable

from studio.language.kinds import Kind
from studio.store.capabilities import WRITER
from studio.store.meta import meta_of, set_meta
from studio.store.sqlite import Store

FORGOTTEN = "forgotten/"
"""meta: a tombstone, by `_mark`; JSON: the number at which turns of a new life begin, null when none do."""

# An event that the user's journey sent to somebody whose own turn has not come: that turn brings it.
UNCLAIMED = f"""
DELETE FROM history WHERE EXISTS (SELECT 1 FROM meta WHERE key = '{WRITER}')
AND seq IN (SELECT seq FROM gone) AND kind = {Kind.EVENT} AND user <> :user
AND NOT EXISTS (
    SELECT 1 FROM foreign_spans s WHERE s.user = history.user
    AND history.seq BETWEEN s.base AND s.base + s.last - s.first
)
"""
FORGET = (
    "DELETE FROM foreign_spans WHERE user = :user",
    "DELETE FROM foreign_users WHERE user = :user",
    "DELETE FROM foreign_journeys WHERE user = :user",
)
FORGET_REFUSED = "DELETE FROM foreign_refused WHERE user = ?"


def _mark(salt: str, user: str) -> str:
    return FORGOTTEN + hashlib.sha256(f"{salt}\n{user}".encode()).hexdigest()


def forget_unclaimed(con: sqlite3.Connection, user: int) -> int:
    """Take out what would come twice, of the entries that are about to go; gives how many.

    Inside a transaction of the caller, whose temporary table `gone` has the entries.
    """
    return con.execute(UNCLAIMED, {"user": user}).rowcount


def forget_numbers(con: sqlite3.Connection, user: int) -> None:
    """Take out how the numbers of the user's own history stand here, inside a transaction of the caller."""
    for statement in FORGET:
        con.execute(statement, {"user": user})


def forget_refused_turns(con: sqlite3.Connection, user: str) -> int:
    """Take out turns of the user that were kept aside; gives how many."""
    return con.execute(FORGET_REFUSED, (user,)).rowcount


def set_tombstone(con: sqlite3.Connection, user: str, begins: int | None) -> None:
    """Refuse turns of the user from here on, inside a transaction of the caller.

    Args:
        begins: the number at which those of a new life begin; None refuses all.
    """
    set_meta(con, {_mark(meta_of(con, "salt") or "", user): json.dumps(begins)})


def tombstones(store: Store, users: Iterable[str]) -> dict[str, int | None]:
    """Those of these users that were forgotten, with the number at which a new life begins."""
    marks = {_mark(store.salt, user): user for user in users}
    found = store.meta_keyed(list(marks))
    return {marks[mark]: json.loads(value) for mark, value in found.items()}
