"""Checksums of the history: whether what was written is there as it was.

A batch that wrote entries leaves a row that says up to which entry it went and what their
texts and moments come to; a large one leaves several, so that none covers more than
`SPAN` entries. SQLite itself notices a page that makes no sense, and not one in which a
letter of somebody's data is another. The derived tables say whether the other columns agree
with one another, so they are not summed: that would cost an engine twice as much.

Whatever rewrites entries renews the sums. A batch that was damaged before keeps the sum it
had, and so is found all the same. Stores of earlier versions have no sums for what they hold.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from operator import itemgetter
from typing import Any
from zlib import crc32

Row = tuple[Any, ...]

SPAN = 1_000
"""Entries that a sum covers at most: what an undo or an erasure reads again for each it touches."""
PAGE = 500
"""Sums that are looked at in one statement."""

ADD_CHECKSUM = "INSERT INTO checksums (last, first, sum) VALUES (?, ?, ?)"
HAS_TABLE = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'checksums'"
# As bytes: what is damaged may be no text any more.
ENTRIES = """
SELECT seq, at, CAST(id AS BLOB), CAST(data AS BLOB), CAST(meta AS BLOB)
FROM history WHERE seq BETWEEN ? AND ? ORDER BY seq
"""
SUMS = "SELECT last, first, sum FROM checksums WHERE last > ? AND sum IS NOT NULL ORDER BY last LIMIT ?"
UNRENEWED = "SELECT last, first FROM checksums WHERE last > ? AND sum IS NULL ORDER BY last LIMIT ?"
HOLDING = """
SELECT DISTINCT c.last, c.first, c.sum FROM ({entries}) e CROSS JOIN checksums c
ON c.last = (SELECT min(m.last) FROM checksums m WHERE m.last >= e.seq) WHERE c.first <= e.seq
"""
DAMAGED = "CREATE TEMP TABLE IF NOT EXISTS damaged (last INTEGER PRIMARY KEY)"
SET_ASIDE = """
UPDATE checksums SET sum = NULL
WHERE last IN (SELECT last FROM ({holding})) AND last NOT IN (SELECT last FROM damaged)
"""

_moment = itemgetter(1)
_texts = itemgetter(12, 13, 14)


def checksums_of(entries: Sequence[Row]) -> list[Row]:
    """The sums of rows of `history` that a batch writes, in the order of their seq: (last, first, sum)."""
    found = []
    for at in range(0, len(entries), SPAN):
        part = entries[at : at + SPAN]
        texts = "\n".join(filter(None, chain.from_iterable(map(_texts, part))))
        found.append((part[-1][0], part[0][0], _sum(texts.encode(), sum(map(_moment, part)), len(part))))
    return found


def _sum(texts: bytes, moments: int, count: int) -> int:
    return crc32(b"%d %d" % (moments, count), crc32(texts))


def _sum_of(entries: Sequence[Row]) -> int:
    """The sum of rows of `ENTRIES`."""
    texts = b"\n".join(filter(None, chain.from_iterable(row[2:] for row in entries)))
    return _sum(texts, sum(map(_moment, entries)), len(entries))


def has_checksums(con: sqlite3.Connection) -> bool:
    """Whether the store is of a version that has them."""
    return bool(con.execute(HAS_TABLE).fetchall())


def find_damaged(con: sqlite3.Connection) -> Iterator[tuple[int, int]]:
    """The first and last entry of each batch that is not as it was written."""
    if not has_checksums(con):
        return
    after = -1
    while page := con.execute(SUMS, (after, PAGE)).fetchall():
        after = page[-1][0]
        for last, first, sum in page:
            if _sum_of(con.execute(ENTRIES, (first, last)).fetchall()) != sum:
                yield first, last


def add_checksums(con: sqlite3.Connection, first: int, last: int) -> None:
    """Sum entries that were put into the history from elsewhere, and have no sum yet."""
    if not has_checksums(con):
        return
    while page := con.execute(f"{ENTRIES} LIMIT {SPAN}", (first, last)).fetchall():
        con.execute(ADD_CHECKSUM, (page[-1][0], page[0][0], _sum_of(page)))
        first = page[-1][0] + 1


def note_damaged(con: sqlite3.Connection, entries: str | None, facts: Mapping[str, Any]) -> None:
    """Remember which batches are damaged already, before any of their entries are rewritten.

    Args:
        entries: a SELECT of the `seq` of those; None looks at the whole history.
        facts: what stands for its names.
    """
    con.execute(DAMAGED)
    con.execute("DELETE FROM damaged")
    if not has_checksums(con):
        return
    if entries is None:
        found = [last for _, last in find_damaged(con)]
    else:
        found = [
            last
            for last, first, sum in con.execute(HOLDING.format(entries=entries), facts).fetchall()
            if sum is not None and _sum_of(con.execute(ENTRIES, (first, last)).fetchall()) != sum
        ]
    con.executemany("INSERT INTO damaged VALUES (?)", [(last,) for last in found])


def set_aside(con: sqlite3.Connection, entries: str, facts: Mapping[str, Any]) -> None:
    """Let the sums of the batches that hold some entries not count until `renew`; see `note_damaged`."""
    if has_checksums(con):
        con.execute(SET_ASIDE.format(holding=HOLDING.format(entries=entries)), facts)


def renew(con: sqlite3.Connection) -> None:
    """Sum anew what was set aside. A batch of which no entry is left goes."""
    if not has_checksums(con):
        return
    after = -1
    while page := con.execute(UNRENEWED, (after, PAGE)).fetchall():
        after = page[-1][0]
        for last, first in page:
            entries = con.execute(ENTRIES, (first, last)).fetchall()
            if entries:
                con.execute("UPDATE checksums SET sum = ? WHERE last = ?", (_sum_of(entries), last))
            else:
                con.execute("DELETE FROM checksums WHERE last = ?", (last,))


@contextmanager
def cutting(con: sqlite3.Connection, keep: int) -> Iterator[None]:
    """Let the sums follow while the caller deletes all entries after one."""
    entries, facts = "SELECT :keep AS seq", {"keep": keep}
    note_damaged(con, entries, facts)
    set_aside(con, entries, facts)
    yield
    if has_checksums(con):
        con.execute("DELETE FROM checksums WHERE first > ?", (keep,))
        con.execute("UPDATE checksums SET last = ? WHERE last > ?", (keep, keep))
    renew(con)


@contextmanager
def rewriting(con: sqlite3.Connection, entries: str, facts: Mapping[str, Any]) -> Iterator[None]:
    """Let the sums follow while the caller changes or deletes some entries; see `note_damaged`."""
    note_damaged(con, entries, facts)
    set_aside(con, entries, facts)
    yield
    renew(con)
