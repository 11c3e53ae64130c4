"""What the derived tables must hold, computed from the history alone.

`history` is the one truth; `journeys`, `waits`, `profiles` and `totals` are kept beside it
by the engine, for speed. This module knows how they follow from it, by another way than
the engine: journey by journey, user by user, a few rows in memory at a time. So a
difference that `compare` finds is a fault of one of the two.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.errors import StoreError
from studio.language.journey_ids import shown_id
from studio.language.kinds import STATUS_TEXT, Kind
from studio.language.names import IDENTIFY
from studio.store.checksums import find_damaged
from studio.store.connect import connect_reader, translate
from studio.store.derived_journey import DerivedJourney
from studio.store.line_statistics import OPENING, Slot
from studio.store.schema import ID_BOUNDS, TOTAL_STATUS, TOTAL_USERS, TOTAL_WAITS
from studio.text import json_text as jsontext

Row = tuple[Any, ...]

SHOWN = 20
"""Differences of one table that are told one by one."""
BATCH_ROWS = 1_000

# The index gives each journey's entries together and in order. The cause of a pass is
# looked up beside it: whether it came from outside decides what `runaway_count` is.
JOURNEY_ENTRIES = f"""
SELECT h.journey, h.seq, h.at, h.kind, h.user, h.pass, h.name, h.n, h.place, h.cause,
       CASE WHEN h.kind BETWEEN {Kind.LOG_DEBUG} AND {Kind.LOG_ERROR} THEN NULL ELSE h.data END,
       c.kind, c.journey
FROM history h INDEXED BY history_journeys
LEFT JOIN history c ON c.seq = h.cause AND h.kind = {Kind.PASS}
WHERE h.journey IS NOT NULL ORDER BY h.journey, h.seq
"""
# The same of some journeys.
ENTRIES_OF = JOURNEY_ENTRIES.replace(
    "FROM history h INDEXED BY history_journeys",
    "FROM json_each(?) t CROSS JOIN history h INDEXED BY history_journeys ON h.journey = t.value",
)
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError)
"""What reading data raises that is not as the engine wrote it."""
Unreadable = Callable[[int], None]
"""Is told the seq of an entry whose data cannot be read; the entry then counts for nothing more."""
OUTSIDE_KINDS = "SELECT kind, count(*) FROM history WHERE journey IS NULL GROUP BY kind"
USER_EVENTS = f"""
SELECT h.user, h.seq, h.data, h.meta, e.text = ? FROM history h LEFT JOIN names e ON e.id = h.name
WHERE h.kind = {Kind.EVENT} ORDER BY h.user, h.seq
"""
USERS = "SELECT count(*) FROM users"
STRAY_USERS = """
SELECT DISTINCT h.user FROM history h LEFT JOIN users u ON u.id = h.user
WHERE h.user IS NOT NULL AND u.id IS NULL LIMIT 20
"""

COLUMNS = {
    "journeys": "id, user, workflow, key, n, status, pass, pass_seq, trigger, since, still, note",
    "waits": "id, journey, user, kind, name, due",
    "profiles": "user, seq, profile",
    "totals": "workflow, kind, n",
    "places": "workflow, place, name, kind, n",
}
"""Of the derived tables; the first columns, as many as KEYS says, tell a row from the others."""
KEYS = {"journeys": 1, "waits": 1, "profiles": 2, "totals": 2, "places": 4}
COUNTS = ("totals", "places")
"""Tables in which a row of 0 may be there or not."""


@dataclass(slots=True)
class Derived:
    """All rows that the derived tables must hold, in the order of `COLUMNS`."""

    journeys: list[Row] = field(default_factory=list)
    waits: list[Row] = field(default_factory=list)
    profiles: list[Row] = field(default_factory=list)
    totals: list[Row] = field(default_factory=list)
    places: list[Row] = field(default_factory=list)


def refuse_unreadable(seq: int) -> None:
    """Nothing is derived from a history that cannot be read.

    Raises:
        StoreError: always.
    """
    raise StoreError(
        f"entry {seq} holds data that cannot be read: the store is damaged",
        fix="An examination tells how much of it is.",
        advice="examine",
    )


def rebuild(con: sqlite3.Connection) -> Derived:
    """Compute the derived tables in memory.

    Raises:
        StoreError: an entry holds data that cannot be read.
    """
    derived = Derived()
    for table, row in derive(con):
        getattr(derived, table).append(row)
    return derived


def derive(con: sqlite3.Connection, unreadable: Unreadable = refuse_unreadable) -> Iterator[tuple[str, Row]]:
    """Compute the derived tables row by row: (table, row)."""
    totals: dict[tuple[int, int], int] = {}

    def count(workflow: int, kind: int, by: int = 1) -> None:
        for slot in {(0, kind), (workflow, kind)}:
            totals[slot] = totals.get(slot, 0) + by

    at_places: Counter[Slot] = Counter()
    journey: DerivedJourney | None = None
    for id, *values in con.execute(JOURNEY_ENTRIES):
        if journey is None or journey.id != id:
            if journey is not None:
                yield from journey.rows(count)
                journey.count_places(at_places)
            journey = DerivedJourney(id)
        _take(journey, values, unreadable)
    if journey is not None:
        yield from journey.rows(count)
        journey.count_places(at_places)
    for kind, n in con.execute(OUTSIDE_KINDS):
        count(0, kind, n)
    for (n,) in con.execute(USERS):
        count(0, TOTAL_USERS, n)
    yield from _profiles(con, unreadable)
    for (workflow, kind), n in sorted(totals.items()):
        if n:
            yield "totals", (workflow, kind, n)
    for placed, n in sorted(at_places.items()):
        if n:
            yield "places", (*placed, n)


def derive_journeys(con: sqlite3.Connection, ids: Sequence[int]) -> Iterator[tuple[str, Row]]:
    """Compute the rows of some journeys and of their waits, a few journeys at a time.

    Raises:
        StoreError: an entry holds data that cannot be read.
    """
    for at in range(0, len(ids), BATCH_ROWS):
        part = json.dumps(ids[at : at + BATCH_ROWS])
        found: dict[int, DerivedJourney] = {}
        for id, *values in con.execute(ENTRIES_OF, (part,)).fetchall():
            _take(found.setdefault(id, DerivedJourney(id)), values, refuse_unreadable)
        for journey in found.values():
            yield from journey.rows(_uncounted)


def _take(journey: DerivedJourney, values: Sequence[Any], unreadable: Unreadable) -> None:
    try:
        journey.take(*values)
    except UNREADABLE:
        unreadable(values[0])


def _uncounted(workflow: int, kind: int, by: int = 1) -> None:
    """For a caller who counts otherwise."""


def _profiles(con: sqlite3.Connection, unreadable: Unreadable) -> Iterator[tuple[str, Row]]:
    user: int | None = None
    known: dict[str, Any] = {}
    for id, seq, data, meta, identifies in con.execute(USER_EVENTS, (IDENTIFY,)):
        if id != user:
            user, known = id, {}
        try:
            learned = _learned(known, data, meta, identifies)
        except UNREADABLE:
            unreadable(seq)
            continue
        if learned != known:
            known = learned
            yield "profiles", (id, seq, jsontext.dumps(learned))


def _learned(known: dict[str, Any], data: str | None, meta: str | None, identifies: bool) -> dict[str, Any]:
    """The profile after an event."""
    given = json.loads(meta).get("profile") if meta and '"profile":' in meta else None
    if not (given or identifies or (data and '"email":' in data)):
        return known
    facts = json.loads(data) if data else {}
    learned = {**known, **(given or {})}
    if identifies:
        learned.update(facts)
    elif "email" not in learned and isinstance(facts.get("email"), str):
        learned["email"] = facts["email"]
    learned.pop("id", None)
    return learned


# -- comparing -----------------------------------------------------------------------------


def compare(path: str | Path, *, sums: bool = True) -> list[str]:
    """Where a store is not as the engine left it, a sentence each.

    Entries that are not as they were written, then where the derived tables differ from the history.
    Safe beside a running engine: all is read in one snapshot.

    Args:
        sums: also hold each batch of the history against its checksum.

    Raises:
        StoreError: the store cannot be read.
    """
    con = connect_reader(path)
    try:
        # The file is open read-only; what is rebuilt goes into temporary tables.
        con.execute("PRAGMA query_only = 0")
        # What is damaged may be no text any more; it is compared all the same.
        con.text_factory = readable_text
        con.execute("BEGIN")
        told = list(damage(con)) if sums else []
        unreadable: set[int] = set()
        _fill(con, unreadable.add)
        told += [f"entry {seq} holds data that cannot be read" for seq in sorted(unreadable)[:SHOWN]]
        told += [
            f"history speaks of user {id}, who is not in users"
            for (id,) in con.execute(STRAY_USERS).fetchall()
        ]
        for table in COLUMNS:
            told += _differences(con, table)
        con.execute("ROLLBACK")
        return told
    except sqlite3.Error as error:
        raise translate(error, Path(path)) from error
    finally:
        con.close()


def damage(con: sqlite3.Connection) -> Iterator[str]:
    """Which batches of the history are not as they were written, a sentence each."""
    for shown, (first, last) in enumerate(find_damaged(con)):
        if shown == SHOWN:
            yield "history: more entries are not as they were written"
            return
        which = f"entry {last} is" if first == last else f"of the entries {first} to {last} at least one is"
        yield f"history: {which} not as it was written"


def readable_text(raw: bytes) -> str:
    """Text of a database as it is, or as near to it as text can be."""
    return raw.decode("utf-8", "replace")


def _fill(con: sqlite3.Connection, unreadable: Unreadable) -> None:
    pending: dict[str, list[Row]] = {}
    for table, columns in COLUMNS.items():
        keys = ", ".join(columns.split(", ")[: KEYS[table]])
        con.execute(f"CREATE TEMP TABLE rebuilt_{table} ({columns}, PRIMARY KEY ({keys})) WITHOUT ROWID")
        pending[table] = []

    def flush(table: str) -> None:
        marks = ", ".join("?" * len(COLUMNS[table].split(", ")))
        con.executemany(f"INSERT INTO temp.rebuilt_{table} VALUES ({marks})", pending[table])
        pending[table].clear()

    for table, row in derive(con, unreadable):
        pending[table].append(row)
        if len(pending[table]) >= BATCH_ROWS:
            flush(table)
    for table in COLUMNS:
        flush(table)


def _differences(con: sqlite3.Connection, table: str) -> list[str]:
    columns = COLUMNS[table]
    where = " WHERE n <> 0" if table in COUNTS else ""
    stored = f"SELECT {_plain(columns)} FROM main.{table}{where}"
    rebuilt = f"SELECT {columns} FROM temp.rebuilt_{table}"
    kept, wanted = (
        {
            row[: KEYS[table]]: row
            for row in con.execute(f"{left} EXCEPT {right} LIMIT {SHOWN + 1}").fetchall()
        }
        for left, right in ((stored, rebuilt), (rebuilt, stored))
    )
    told = []
    keys = sorted({*kept, *wanted})
    names = columns.split(", ")
    for key in keys[:SHOWN]:
        what = _what(con, table, key)
        # The other side may lie beyond the limit of its list.
        have = kept.get(key) or _row(con, f"main.{table}", table, key)
        must = wanted.get(key) or _row(con, f"temp.rebuilt_{table}", table, key)
        if have is None:
            told.append(f"{table}: {what} is missing")
        elif must is None:
            told.append(f"{table}: {what} is there, and the history knows nothing of it")
        else:
            pairs = [(name, a, b) for name, a, b in zip(names, have, must, strict=True) if a != b]
            faults = ", ".join(
                f"{name} is {_value(name, a)} and must be {_value(name, b)}" for name, a, b in pairs
            )
            told.append(f"{table}: {what}: {faults}")
    if len(keys) > SHOWN:
        told.append(f"{table}: more rows differ")
    return told


def _plain(columns: str) -> str:
    """A deadline that stands by, because its workflow is not loaded, is stored negated; it is what it was."""
    return columns.replace(", due", ", abs(due)")


def _row(con: sqlite3.Connection, place: str, table: str, key: Row) -> Row | None:
    names = COLUMNS[table].split(", ")[: KEYS[table]]
    where = " AND ".join(f"{name} = ?" for name in names)
    found: Row | None = con.execute(
        f"SELECT {_plain(COLUMNS[table])} FROM {place} WHERE {where}", key
    ).fetchone()
    return found


def _value(column: str, value: Any) -> str:
    if column == "status" and value in STATUS_TEXT:
        return STATUS_TEXT[value]
    return "nothing" if value is None else repr(value)


def _what(con: sqlite3.Connection, table: str, key: Row) -> str:
    """A row by the names that people know."""
    if table == "totals":
        workflow, kind = key
        if kind > TOTAL_STATUS:
            counted = f"journeys that are {_value('status', kind - TOTAL_STATUS)}"
        elif kind in (TOTAL_USERS, TOTAL_WAITS):
            counted = "users" if kind == TOTAL_USERS else "open waits"
        else:
            counted = f"entries of kind {kind}"
        return f"the number of {counted}" + (f" in {_name(con, workflow)}" if workflow else "")
    if table == "places":
        workflow, place, name, kind = key
        named = f" of {_name(con, name)}" if name else ""
        what = "open waits" if kind in OPENING else "entries"
        return f"the number of {what} of kind {kind}{named} at {_name(con, place)} in {_name(con, workflow)}"
    if table == "profiles":
        names = con.execute("SELECT name FROM users WHERE id = ?", (key[0],)).fetchone()
        return f"the profile of {names[0] if names else key[0]} as of entry {key[1]}"
    if table == "waits":
        return f"the wait that entry {key[0]} opened"
    for place in ("main.journeys", "temp.rebuilt_journeys"):
        row = con.execute(
            f"SELECT u.name, j.workflow, j.key, j.n, j.id, {ID_BOUNDS} FROM {place} j"
            " JOIN users u ON u.id = j.user WHERE j.id = ?",
            key,
        ).fetchone()
        if row is not None:
            return shown_id(_name(con, row[1]), row[0], *row[2:])
    return f"journey {key[0]}"


def _name(con: sqlite3.Connection, id: int) -> str:
    row = con.execute("SELECT text FROM names WHERE id = ?", (id,)).fetchone()
    return str(row[0]) if row else f"workflow {id}"
