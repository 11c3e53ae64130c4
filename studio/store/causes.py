"""Where causes begin and end in the history, and which was the last at a moment.

A cause (an event, a timer, a step's result, an act) is carried to its end before the next
begins, so the entries of one stand together, and between two of them the store is whole:
there it can be cut, copied up to, and looked at as of then.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple

from studio.errors import StoreError
from studio.language.kinds import Kind

PAGE = 500
BACK_ROWS = 32
"""Entries that are first read backwards: most causes are a few entries long."""

_ENTRY = f"""
SELECT h.seq, h.kind, h.cause, h.journey, c.kind,
       h.kind = {Kind.STEP_FAILED} AND h.cause IS NULL AND h.data LIKE '%"type":"interrupted"%'
FROM history h LEFT JOIN history c ON c.seq = h.cause
"""
WALK = f"{_ENTRY} WHERE h.seq > ? ORDER BY h.seq LIMIT ?"
WALK_BACK = f"{_ENTRY} WHERE h.seq <= ? ORDER BY h.seq DESC LIMIT ?"
HELD_BY = (Kind.STEP_STARTED, Kind.STEP_RETRY, Kind.MESSAGE_ASKED, Kind.MESSAGE_DEFERRED)

ENTRY_UPTO = "SELECT seq, at + coalesce(late, 0) FROM history WHERE seq <= ? ORDER BY seq DESC LIMIT 1"


class _Row(NamedTuple):
    seq: int
    kind: int
    cause: int | None
    journey: int | None
    cause_kind: int | None
    interrupted: int


def end_of_cause(con: sqlite3.Connection, seq: int, path: Path) -> int:
    """The last entry of the cause to which an entry belongs.

    Raises:
        StoreError: there is no such entry.
    """
    before: _Row | None = None
    after = seq - 1
    while rows := con.execute(WALK, (after, PAGE)).fetchall():
        for values in rows:
            row = _Row(*values)
            if before is None:
                if row.seq != seq:
                    break
            elif _begins(row, before):
                return before.seq
            before = row
        if before is None:
            break
        after = before.seq
    if before is None:
        raise no_entry(seq, path)
    return before.seq


def begin_of_cause(con: sqlite3.Connection, seq: int, path: Path) -> int:
    """The first entry of the cause to which an entry belongs.

    Raises:
        StoreError: there is no such entry.
    """
    behind: _Row | None = None
    upto, size = seq, BACK_ROWS
    while rows := con.execute(WALK_BACK, (upto, size)).fetchall():
        for values in rows:
            row = _Row(*values)
            if behind is None:
                if row.seq != seq:
                    raise no_entry(seq, path)
            elif _begins(behind, row):
                return behind.seq
            behind = row
        upto, size = rows[-1][0] - 1, PAGE
    if behind is None:
        raise no_entry(seq, path)
    return behind.seq


def last_entry_by(con: sqlite3.Connection, at: int, last: int) -> int:
    """The newest entry that was there at a moment, ms since 1970; 0 when there was none.

    Moments and numbers go up together, so a few look-ups find it; where a clock was set back, one of several
    places at which it fits.

    Args:
        last: the newest entry of the history.
    """
    low, high = 0, last
    while low < high:
        middle = (low + high + 1) // 2
        found = con.execute(ENTRY_UPTO, (middle,)).fetchone()
        if found is None or found[1] <= at:
            low = middle
        else:
            # What lies between was taken away: all up to there is too late.
            high = min(middle, found[0]) - 1
    found = con.execute(ENTRY_UPTO, (low,)).fetchone()
    return int(found[0]) if found is not None else 0


def no_entry(seq: int, path: Path) -> StoreError:
    """There is no entry of this number."""
    return StoreError(
        f"there is no entry {seq}", where=str(path), fix="Name one that is there.", advice="list entries"
    )


def _begins(row: _Row, before: _Row) -> bool:
    """Whether another cause begins with this entry, looking at it and the one above."""
    if row.cause is None:
        if row.interrupted:
            # A step that is given up in the middle of the drive that found it.
            return not (before.journey == row.journey and before.cause_kind in HELD_BY)
        if row.kind in (Kind.STEP_DONE, Kind.STEP_FAILED):
            # What the step said stands before its result.
            said = Kind.LOG_DEBUG <= before.kind <= Kind.NOTE and before.cause_kind == Kind.STEP_STARTED
            return not (said and before.journey == row.journey)
        # What an act closes stands before the act.
        return before.cause != row.seq
    if row.cause > row.seq:
        return before.cause != row.cause
    if row.cause_kind in HELD_BY:
        # A result, a retry or a recovery goes back to a start that may be long ago.
        return before.cause != row.cause and not (before.interrupted and before.journey == row.journey)
    return False
