"""Cutting the history at a cause, and putting back what was cut off.

A cause (an event, a timer, a step's result, an act) is carried to its end before the next
begins, so the entries of one stand together, and between two of them the store is whole.
Only journeys that have entries behind the cut change: just these are derived anew, by
the way of `rebuild.py`, so that a cut costs what it takes away and not what is left.
All of it runs inside a transaction of the caller.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from studio.language.kinds import Kind
from studio.store.checkpoints import drop_checkpoints
from studio.store.checksums import add_checksums, cutting
from studio.store.line_statistics import OPENING
from studio.store.rebuild import COLUMNS, derive_journeys
from studio.store.schema import TOTAL_STATUS, TOTAL_USERS, TOTAL_WAITS

NAMED_STEPS = 100

COUNTS = "SELECT count(*), count(DISTINCT user), count(DISTINCT journey) FROM history WHERE seq > ?"
USERS_BEHIND = "SELECT DISTINCT user FROM history WHERE seq > ? AND user IS NOT NULL"
STEPS_BEHIND = f"""
SELECT n.text, count(*), min(h.seq) FROM history h JOIN names n ON n.id = h.name
WHERE h.seq > ? AND h.kind = {Kind.STEP_DONE} GROUP BY n.text ORDER BY 3 LIMIT ?
"""
OTHER_EVENTS = f"""
SELECT count(*) FROM history
WHERE seq > ? AND (
    (kind = {Kind.EVENT} AND journey IS NULL) OR kind IN ({Kind.CANCELLED}, {Kind.RESUMED}, {Kind.RESTARTED})
    OR (kind IN ({Kind.WAIT_TIMEOUT}, {Kind.GROUP_TIMEOUT}, {Kind.SLEEP_DONE})
        AND json_extract(data, '$.by_hand'))
)
"""
LAST_ENTRY = "SELECT max(seq) FROM history"
LAST_MOMENT = "SELECT at + coalesce(late, 0) FROM history WHERE seq <= ? ORDER BY seq DESC LIMIT 1"
FIRST_MOMENT = "SELECT at FROM history ORDER BY seq LIMIT 1"

TOUCHED = "CREATE TEMP TABLE IF NOT EXISTS touched (journey INTEGER PRIMARY KEY)"
FIRST_GONE = "SELECT min(seq) FROM gone"
GONE = "CREATE TEMP TABLE IF NOT EXISTS gone (seq INTEGER PRIMARY KEY)"

# A user is there from an event on; without any entry left, nobody has heard of them.
NEW_USERS = f"""
SELECT id FROM users WHERE id IN (SELECT DISTINCT user FROM history WHERE seq > :keep AND user IS NOT NULL)
    AND NOT EXISTS (
        SELECT 1 FROM history h WHERE h.user = users.id AND h.kind = {Kind.EVENT} AND h.seq <= :keep
    )
"""
# The entry that says a version was loaded is the first that names it.
NEW_CODES = f"""
SELECT code FROM history WHERE seq > :keep AND kind = {Kind.WORKFLOW_LOADED} AND code IS NOT NULL
"""
NEW_PROFILES = f"user IN ({USERS_BEHIND.replace('?', ':keep')}) AND seq > :keep"

UNDONE_SPAN = "SELECT min(seq), max(seq) FROM undone_history WHERE undo = ?"

TOUCH = "INSERT OR IGNORE INTO touched SELECT journey FROM {} AND journey IS NOT NULL"
COUNT_KINDS = """
INSERT INTO totals (workflow, kind, n)
SELECT w, kind, :sign * count(*) FROM (
    SELECT 0 AS w, kind FROM {source} UNION ALL
    SELECT j.workflow, h.kind FROM {source_h} JOIN journeys j ON j.id = h.journey
) WHERE true GROUP BY w, kind
ON CONFLICT (workflow, kind) DO UPDATE SET n = n + excluded.n
"""
COUNT_STATUS = f"""
INSERT INTO totals (workflow, kind, n)
SELECT w, {TOTAL_STATUS} + status, :sign * count(*) FROM (
    SELECT 0 AS w, j.status FROM touched t CROSS JOIN journeys j ON j.id = t.journey UNION ALL
    SELECT j.workflow, j.status FROM touched t CROSS JOIN journeys j ON j.id = t.journey
) WHERE true GROUP BY w, status
ON CONFLICT (workflow, kind) DO UPDATE SET n = n + excluded.n
"""
_OPENING = ", ".join(map(str, sorted(OPENING)))
# Waits have no index by journey, and need none: those of a journey are among its entries.
OPEN_WAITS = """
SELECT w.id, w.journey FROM touched t
CROSS JOIN history h INDEXED BY history_journeys ON h.journey = t.journey
CROSS JOIN waits w ON w.id = h.seq
"""
COUNT_WAITS = f"""
INSERT INTO totals (workflow, kind, n)
SELECT w, {TOTAL_WAITS}, :sign * count(*) FROM (
    SELECT 0 AS w FROM ({OPEN_WAITS}) UNION ALL
    SELECT j.workflow FROM ({OPEN_WAITS}) o JOIN journeys j ON j.id = o.journey
) WHERE true GROUP BY w
ON CONFLICT (workflow, kind) DO UPDATE SET n = n + excluded.n
"""
COUNT_PLACES = f"""
INSERT INTO places (workflow, place, name, kind, n)
SELECT j.workflow, h.place, coalesce(h.name, 0), h.kind, :sign * count(*)
FROM {{source_h}} JOIN journeys j ON j.id = h.journey
WHERE h.place IS NOT NULL AND h.kind NOT IN ({_OPENING}) GROUP BY 1, 2, 3, 4
ON CONFLICT (workflow, place, name, kind) DO UPDATE SET n = n + excluded.n
"""
COUNT_WAITS_AT = f"""
INSERT INTO places (workflow, place, name, kind, n)
SELECT j.workflow, h.place, coalesce(h.name, 0), h.kind, :sign * count(*)
FROM ({OPEN_WAITS}) o JOIN journeys j ON j.id = o.journey JOIN history h ON h.seq = o.id
WHERE h.place IS NOT NULL GROUP BY 1, 2, 3, 4
ON CONFLICT (workflow, place, name, kind) DO UPDATE SET n = n + excluded.n
"""
ADD_TOTAL = """
INSERT INTO totals (workflow, kind, n) VALUES (0, ?, ?)
ON CONFLICT (workflow, kind) DO UPDATE SET n = n + excluded.n
"""


@dataclass(frozen=True, slots=True)
class Behind:
    """What lies behind a cut, and goes with it."""

    keep: int
    """seq of the last entry that stays: the end of a cause; 0 when none does."""
    at: int
    """The moment at which the clock stands then."""
    entries: int
    users: int
    journeys: int
    steps: tuple[tuple[str, int], ...]
    """Done steps by name, with how often: they would run again."""
    others: int
    """Events from outside and acts among the entries."""

    @property
    def steps_done(self) -> int:
        """How many steps would run again."""
        return sum(count for _, count in self.steps)


def behind(con: sqlite3.Connection, keep: int) -> Behind:
    """Count what a cut would take away."""
    entries, users, journeys = con.execute(COUNTS, (keep,)).fetchone()
    steps = tuple((name, count) for name, count, _ in con.execute(STEPS_BEHIND, (keep, NAMED_STEPS)))
    return Behind(keep, moment_of(con, keep), entries, users, journeys, steps, others_behind(con, keep))


def others_behind(con: sqlite3.Connection, keep: int) -> int:
    """How many events from outside and acts came after an entry."""
    (others,) = con.execute(OTHER_EVENTS, (keep,)).fetchone()
    return int(others)


def last_entry(con: sqlite3.Connection) -> int:
    """The newest entry of a history that is not empty."""
    return int(con.execute(LAST_ENTRY).fetchone()[0])


def moment_of(con: sqlite3.Connection, keep: int) -> int:
    """The moment to which the kept entries had come."""
    row = con.execute(LAST_MOMENT, (keep,)).fetchone() or con.execute(FIRST_MOMENT).fetchone()
    return int(row[0]) if row else 0


def cut(con: sqlite3.Connection, keep: int, undo: int | None = None) -> None:
    """Take away all entries after one, and what follows from them.

    Args:
        keep: the last entry that stays.
        undo: a number under which `put_back` finds what was taken.
    """
    con.execute(TOUCHED)
    facts = {"keep": keep}
    con.execute("DELETE FROM touched")
    con.execute(TOUCH.format("history WHERE seq > :keep"), facts)
    new_users = [id for (id,) in con.execute(NEW_USERS, facts).fetchall()]
    new_codes = [id for (id,) in con.execute(NEW_CODES, facts).fetchall()]
    if undo is not None:
        _save(con, undo, keep, new_users, new_codes)
    drop_checkpoints(con, keep + 1)
    _count_kinds(con, "history", "seq > :bound", keep, -1)
    _drop_derived(con)
    con.execute(f"DELETE FROM profiles WHERE {NEW_PROFILES}", facts)
    with cutting(con, keep):
        con.execute("DELETE FROM history WHERE seq > :keep", facts)
    # Questions to check_event on behalf of waits that are no more.
    con.execute("DELETE FROM meta WHERE key > printf('ask/%020d', :keep) AND key < 'ask0'", facts)
    con.executemany("DELETE FROM users WHERE id = ?", [(id,) for id in new_users])
    con.executemany("DELETE FROM codes WHERE id = ?", [(id,) for id in new_codes])
    con.execute(ADD_TOTAL, (TOTAL_USERS, -len(new_users)))
    _derive(con)


def put_back(con: sqlite3.Connection, undo: int) -> bool:
    """Put back what a cut has taken away. False when it is not known any more."""
    con.execute(TOUCHED)
    if not con.execute("SELECT 1 FROM undone_history WHERE undo = ? LIMIT 1", (undo,)).fetchone():
        return False
    con.execute("DELETE FROM touched")
    con.execute(TOUCH.format("undone_history WHERE undo = ?"), (undo,))
    _drop_derived(con)
    for table in ("history", "users", "codes", "profiles"):
        columns = ", ".join(name for _, name, *_ in con.execute(f"PRAGMA main.table_info({table})"))
        con.execute(
            f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM undone_{table} WHERE undo = ?",
            (undo,),
        )
    first, last = con.execute(UNDONE_SPAN, (undo,)).fetchone()
    drop_checkpoints(con, first)
    add_checksums(con, first, last)
    (users,) = con.execute("SELECT count(*) FROM undone_users WHERE undo = ?", (undo,)).fetchone()
    con.execute(ADD_TOTAL, (TOTAL_USERS, users))
    _derive(con)
    _count_kinds(con, "undone_history", "undo = :bound", undo, 1)
    return True


def _save(
    con: sqlite3.Connection, undo: int, keep: int, new_users: Sequence[int], new_codes: Sequence[int]
) -> None:
    facts: dict[str, Any] = {
        "undo": undo,
        "keep": keep,
        "users": json.dumps(new_users),
        "codes": json.dumps(new_codes),
    }
    for table, where in (
        ("history", "seq > :keep"),
        ("users", "id IN (SELECT value FROM json_each(:users))"),
        ("codes", "id IN (SELECT value FROM json_each(:codes))"),
        ("profiles", NEW_PROFILES),
    ):
        con.execute(f"INSERT INTO undone_{table} SELECT :undo, t.* FROM {table} t WHERE {where}", facts)


@contextmanager
def taking_out(con: sqlite3.Connection) -> Iterator[None]:
    """Take single entries out of the middle of the history; inside, the caller deletes or changes them.

    `temp.gone` must list the entries that no longer count, `temp.touched` the journeys that are
    derived anew (see `begin_taking_out`). Their counts are taken back on the way in.
    """
    drop_checkpoints(con, con.execute(FIRST_GONE).fetchone()[0])
    _count_kinds(con, "history", "seq IN (SELECT seq FROM gone)", 0, -1)
    _drop_derived(con)
    yield
    _derive(con)


def begin_taking_out(con: sqlite3.Connection) -> None:
    """Make the lists of `taking_out`, empty."""
    for statement in (TOUCHED, GONE, "DELETE FROM touched", "DELETE FROM gone"):
        con.execute(statement)


def _count_kinds(con: sqlite3.Connection, table: str, where: str, bound: int, sign: int) -> None:
    source, source_h = f"{table} WHERE {where}", f"(SELECT * FROM {table} WHERE {where}) h"
    for statement in (COUNT_KINDS, COUNT_PLACES):
        con.execute(statement.format(source=source, source_h=source_h), {"bound": bound, "sign": sign})


def _drop_derived(con: sqlite3.Connection) -> None:
    """Forget what is known of the touched journeys. Their entries must still be there."""
    con.execute(COUNT_WAITS, {"sign": -1})
    con.execute(COUNT_WAITS_AT, {"sign": -1})
    con.execute(COUNT_STATUS, {"sign": -1})
    con.execute(f"DELETE FROM waits WHERE id IN (SELECT id FROM ({OPEN_WAITS}))")
    con.execute("DELETE FROM journeys WHERE id IN (SELECT journey FROM touched)")


def _derive(con: sqlite3.Connection) -> None:
    """Derive the touched journeys anew from the entries that are there."""
    touched = [id for (id,) in con.execute("SELECT journey FROM touched").fetchall()]
    for table, row in derive_journeys(con, touched):
        marks = ", ".join("?" * len(row))
        con.execute(f"INSERT INTO {table} ({COLUMNS[table]}) VALUES ({marks})", row)
    con.execute(COUNT_WAITS, {"sign": 1})
    con.execute(COUNT_WAITS_AT, {"sign": 1})
    con.execute(COUNT_STATUS, {"sign": 1})
