"""What the engine asks about the entries of journeys: what a pass has recorded, said, and how it failed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from studio.language.kinds import Kind
from studio.store.entries import COLUMNS, JOINS
from studio.store.entries import entry as entry_of
from studio.store.records import Entry
from studio.store.sqlite import Store

# What the current passes of journeys have recorded, without what they said.
PASSES = f"""
SELECT h.journey, h.seq, h.at, h.kind, h.name, h.n, h.cause, h.late, h.data, h.place, w.id, w.name, w.due
FROM json_each(?) j
CROSS JOIN journeys g ON g.id = j.value
CROSS JOIN history h ON h.journey = g.id AND h.seq >= g.pass_seq
LEFT JOIN waits w ON w.id = h.seq
WHERE h.kind < {Kind.LOG_DEBUG} OR h.kind >= {Kind.STARTED}
ORDER BY h.journey, h.seq
"""
# The same of one journey, up to an entry; what is open is not looked up.
PASS_UNTIL = f"""
SELECT journey, seq, at, kind, name, n, cause, late, data, place, NULL, NULL, NULL FROM history
WHERE journey = ? AND seq >= ? AND seq <= ? AND (kind < {Kind.LOG_DEBUG} OR kind >= {Kind.STARTED})
ORDER BY seq
"""
PASS_AT = f"""
SELECT seq, pass, cause, data FROM history
WHERE journey = ? AND seq <= ? AND kind IN ({Kind.STARTED}, {Kind.PASS}) ORDER BY seq DESC LIMIT 1
"""
SAID = f"""
SELECT data FROM history WHERE journey = ? AND seq >= ? AND kind BETWEEN {Kind.LOG_DEBUG} AND {Kind.NOTE}
"""
NEWEST_OF_KIND = "SELECT data FROM history WHERE journey = ? AND kind = ? ORDER BY seq DESC LIMIT 1"
NEWEST_END = f"""
SELECT seq, data FROM history WHERE journey = ? AND kind = {Kind.COMPLETED} ORDER BY seq DESC LIMIT 1
"""
ONCE = f"""
SELECT seq, at, kind, late, data, n FROM history
WHERE journey = ? AND kind IN ({Kind.STEP_DONE}, {Kind.STEP_FAILED}) AND name = ? ORDER BY seq
"""
# What the waits of the current passes of journeys were opened with.
OPENINGS = f"""
SELECT h.journey, h.name, h.n, h.data FROM json_each(?) j
CROSS JOIN journeys g ON g.id = j.value
CROSS JOIN history h ON h.journey = g.id AND h.seq >= g.pass_seq
WHERE h.kind = {Kind.WAIT_OPENED}
"""
ENTRY_OF = f"SELECT {COLUMNS} FROM history h {JOINS} WHERE h.seq = ? AND h.journey = ?"
NEWEST_ENTRY = "SELECT max(seq) FROM history WHERE journey = ?"
SAID_THERE = """
SELECT count(*) FROM history WHERE journey = ? AND seq >= ? AND seq <= ? AND kind = ? AND name IS NULL
AND place IS (SELECT id FROM names WHERE text = ?)
"""
MOMENT = "SELECT at FROM history WHERE seq = ?"
# Whether an entry is of this user, and there at all.
ENTRY_USER = "SELECT 1 FROM history h CROSS JOIN users u ON u.id = h.user WHERE h.seq = ? AND u.name = ?"


class PassRow(NamedTuple):
    """An entry of a pass; where it opened a wait that is open, with that."""

    journey: int
    seq: int
    at: int
    kind: int
    name: int | None
    n: int
    cause: int | None
    late: int | None
    data: str | None
    place: int | None
    wait: int | None
    wait_name: int | None
    due: int | None


class PassStart(NamedTuple):
    """Where a pass begins."""

    seq: int
    number: int
    cause: int
    data: str | None


class OnceRow(NamedTuple):
    """How a step ended in a pass of its journey."""

    seq: int
    at: int
    kind: int
    late: int | None
    data: str | None
    n: int | None


class OpeningRow(NamedTuple):
    """What a wait was opened with."""

    journey: int
    name: int
    n: int
    data: str | None


def passes(store: Store, journeys: Sequence[int]) -> list[PassRow]:
    """What the current passes of journeys have recorded, without what they said."""
    return store.typed(PassRow, PASSES, json.dumps(journeys)) if journeys else []


def pass_until(store: Store, journey: int, begun: int, until: int) -> list[PassRow]:
    """What a pass had recorded up to an entry; what is open is not looked up."""
    return store.typed(PassRow, PASS_UNTIL, journey, begun, until)


def pass_at(store: Store, journey: int, seq: int) -> PassStart:
    """The pass that an entry belongs to."""
    return PassStart(*store.rows(PASS_AT, journey, seq)[0])


def openings(store: Store, journeys: Sequence[int]) -> list[OpeningRow]:
    """What the waits of the current passes of journeys were opened with."""
    return [OpeningRow(*row) for row in store.many(OPENINGS, journeys)]


def said(store: Store, journey: int, begun: int) -> list[str]:
    """What a journey has said since an entry, oldest first."""
    return [text for (text,) in store.rows(SAID, journey, begun)]


def count_said(store: Store, journey: int, begun: int, until: int, kind: int, line: str) -> int:
    """How often a journey itself, and no step of it, has said something at a line between two entries."""
    return int(store.rows(SAID_THERE, journey, begun, until, kind, line)[0][0])


def newest_failure(store: Store, journey: int) -> str | None:
    """The data of the entry at which a journey failed last."""
    rows = store.rows(NEWEST_OF_KIND, journey, Kind.FAILED)
    return rows[0][0] if rows else None


def newest_end(store: Store, journey: int) -> tuple[int, str | None] | None:
    """Where a journey was completed last, and the data of that entry; None when it is not there."""
    rows = store.rows(NEWEST_END, journey)
    return (rows[0][0], rows[0][1]) if rows else None


def once_results(store: Store, journey: int, step: int) -> list[OnceRow]:
    """How the steps of a name ended in the passes of a journey, oldest first."""
    return store.typed(OnceRow, ONCE, journey, step)


def newest_entry(store: Store, journey: int) -> int | None:
    """The newest entry of a journey."""
    found: int | None = store.rows(NEWEST_ENTRY, journey)[0][0]
    return found


def entry_of_journey(store: Store, seq: int, journey: int) -> Entry | None:
    """One entry of a journey, as people read it."""
    rows = store.rows(ENTRY_OF, seq, journey)
    return entry_of(rows[0]) if rows else None


def moment_of_entry(store: Store, seq: int) -> int | None:
    """The moment of an entry, ms since 1970, UTC; None when it is not there."""
    rows = store.rows(MOMENT, seq)
    return int(rows[0][0]) if rows else None


def is_of_user(store: Store, seq: int, user: str) -> bool:
    """Whether an entry is there, and of this user."""
    return bool(store.rows(ENTRY_USER, seq, user))
