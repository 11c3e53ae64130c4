"""A store of very many users, made by SQL alone: what the studio opens on, not what an engine made.

Every tenth user still waits; the others' journeys are completed. The rows have the shape
and the indexes of real ones; the derived tables agree with the history.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from studio.language.kinds import Kind, Status
from studio.store.database import open_database
from studio.store.schema import TOTAL_STATUS, TOTAL_USERS, TOTAL_WAITS

ENTRIES = 10
"""Of each user: an event, what it began, what the journey said, what ended its wait, and its end."""
WAITING_SHARE = 10
"""One user in so many still waits."""
WEEK = 7 * 24 * 3600 * 1000

NAMES = ("signup", "reference", "activated", "reference.py:9", "reference.py:10")
SIGNUP, REFERENCE, ACTIVATED, WAIT_LINE, LOG_LINE = range(1, len(NAMES) + 1)

SERIES = "WITH RECURSIVE series (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < :users)"
PARTS = f"""
CREATE TEMP TABLE part AS
SELECT 1 AS k, {Kind.EVENT} AS kind, {SIGNUP} AS name, NULL AS n, NULL AS place, NULL AS data
UNION ALL SELECT 2, {Kind.STARTED}, {REFERENCE}, NULL, NULL, NULL
UNION ALL SELECT 3, {Kind.WAIT_OPENED}, {ACTIVATED}, 0, {WAIT_LINE}, '{{"timeout":{WEEK}}}'
UNION ALL SELECT value, {Kind.LOG}, NULL, NULL, {LOG_LINE}, 'line ' || value
    FROM json_each('[4, 5, 6, 7, 8, 9]')
UNION ALL SELECT 10, {Kind.COMPLETED}, {REFERENCE}, NULL, NULL, '{{"result":{{"ok":true}}}}'
"""
ENDS = f"p.k = 9 AND s.n % {WAITING_SHARE} <> 0"
"""The entry that ends the wait of who does not wait any more."""
HISTORY = f"""
{SERIES}
INSERT INTO history (seq, at, kind, user, journey, pass, name, n, place, cause, code, data)
SELECT (s.n - 1) * {ENTRIES} + p.k, :at + s.n,
    CASE WHEN p.k = 10 AND s.n % {WAITING_SHARE} = 0 THEN {Kind.LOG} WHEN {ENDS} THEN {Kind.WAIT_MATCHED}
        ELSE p.kind END, s.n,
    iif(p.k = 1, NULL, s.n), iif(p.k = 1, NULL, 1), iif({ENDS}, {ACTIVATED}, p.name), iif({ENDS}, 0, p.n),
    iif({ENDS}, {WAIT_LINE}, p.place), iif(p.k = 1, NULL, (s.n - 1) * {ENTRIES} + 1), iif(p.k = 1, NULL, 1),
    iif({ENDS}, '{{"count":1,"first":1}}', p.data)
FROM series s CROSS JOIN part p
"""
USERS = f"{SERIES} INSERT INTO users SELECT n, printf('user-%08x', n * 2654435761 % 4294967296) FROM series"
JOURNEYS = f"""
{SERIES}
INSERT INTO journeys
SELECT n, n, {REFERENCE}, '', 1, iif(n % {WAITING_SHARE} = 0, {Status.WAITING}, {Status.COMPLETED}), 1,
    (n - 1) * {ENTRIES} + 2, (n - 1) * {ENTRIES} + 1, (n - 1) * {ENTRIES} + 1, 0, NULL
FROM series
"""
WAITS = f"""
INSERT INTO waits
SELECT (id - 1) * {ENTRIES} + 3, id, id, {Kind.WAIT_OPENED}, {ACTIVATED}, :at + id + {WEEK}
FROM journeys WHERE status = {Status.WAITING}
"""


def name_of(number: int) -> str:
    """The id of a user, as `USERS` writes it."""
    return f"user-{number * 2654435761 % 4294967296:08x}"


def make(path: Path, users: int, at: int) -> None:
    """Make a store.

    Args:
        at: when the first user came, milliseconds since 1970, UTC; each later one a millisecond after.
    """
    con = open_database(path, "normal")
    try:
        con.execute("PRAGMA synchronous = OFF")
        con.execute("BEGIN")
        _fill(con, {"users": users, "at": at})
        con.execute("COMMIT")
        con.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        con.close()


def _fill(con: sqlite3.Connection, values: dict[str, int]) -> None:
    users, waiting = values["users"], values["users"] // WAITING_SHARE
    con.executemany("INSERT INTO names VALUES (?, ?)", enumerate(NAMES, 1))
    con.execute("INSERT INTO codes VALUES (1, 'reference', 'bench', 'reference.py', '', :at)", values)
    con.execute(PARTS)
    for statement in (USERS, HISTORY, JOURNEYS, WAITS):
        con.execute(statement, values)
    totals = {
        TOTAL_USERS: users,
        TOTAL_WAITS: waiting,
        TOTAL_STATUS + Status.WAITING: waiting,
        TOTAL_STATUS + Status.COMPLETED: users - waiting,
    }
    con.executemany("INSERT INTO totals VALUES (0, ?, ?)", totals.items())
    con.execute("INSERT INTO totals SELECT 0, kind, count(*) FROM history GROUP BY kind")
    con.execute("INSERT INTO meta VALUES ('last_at', :last)", {"last": values["at"] + users})
