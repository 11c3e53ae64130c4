"""The rows of a large batch on their way into the store: gathered in memory, moved by one statement a table.

To hand SQLite a value costs Python as much as SQLite needs to store it, and most of what an entry holds
stands in thousands of others as well: kind, pass, name, place, code. So a batch's rows are first put into
tables in memory, entries without what they have in common, which stands there once, as their *shape*.
From there SQLite moves them by itself, which all in all takes two thirds of the time; and the store's write
lock is held for the moves alone.

The tables are handed on as bytes (`sqlite3.Connection.serialize`): any connection can take them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter
from typing import Any

Row = tuple[Any, ...]

SCHEMA = "staged"
"""The name under which a connection has them."""
WORTH_STAGING = 500
"""Entries from which on it pays: the tables are made for each batch."""
AT_ONCE = 32
"""Rows that an INSERT takes."""

# Always the same, made in the same order: a statement that is kept for one batch holds for the next.
LAYOUT = """
CREATE TABLE shapes (id INTEGER PRIMARY KEY, kind, pass, name, n, place, code);
CREATE TABLE entries (number INTEGER PRIMARY KEY, at, shape, user, journey, cause, data);
CREATE TABLE marks (seq INTEGER PRIMARY KEY, late, id, meta);
CREATE TABLE users (id INTEGER PRIMARY KEY, name);
CREATE TABLE journeys (
    id INTEGER PRIMARY KEY, user, workflow, key, n, status, pass, pass_seq, trigger, since, still, note
);
CREATE TABLE journey_updates (status, pass, pass_seq, trigger, still, note, id INTEGER PRIMARY KEY);
CREATE TABLE ended_waits (id INTEGER PRIMARY KEY);
CREATE TABLE waits (id INTEGER PRIMARY KEY, journey, user, kind, name, due);
"""
_ENTRY = "SELECT e.number + ?, e.at, s.kind, e.user, e.journey, s.pass, s.name, s.n, s.place, e.cause, s.code"
MOVE_ENTRIES = f"""
INSERT INTO main.history {_ENTRY}, NULL, NULL, e.data, NULL
FROM staged.entries e CROSS JOIN staged.shapes s ON s.id = e.shape
"""
# Where some of them are late, have an id of their sender's, or more that came with them.
MOVE_MARKED_ENTRIES = f"""
INSERT INTO main.history {_ENTRY}, m.late, m.id, e.data, m.meta
FROM staged.entries e CROSS JOIN staged.shapes s ON s.id = e.shape
LEFT JOIN staged.marks m ON m.seq = e.number + ?
"""
MOVE_USERS = "INSERT INTO main.users SELECT * FROM staged.users"
MOVE_JOURNEYS = "INSERT INTO main.journeys SELECT * FROM staged.journeys"
UPDATE_JOURNEYS = """
UPDATE main.journeys SET (status, pass, pass_seq, trigger, still, note) = (
    SELECT status, pass, pass_seq, trigger, still, note FROM staged.journey_updates u WHERE u.id = journeys.id
) WHERE id IN (SELECT id FROM staged.journey_updates)
"""
END_WAITS = "DELETE FROM main.waits WHERE id IN (SELECT id FROM staged.ended_waits)"
MOVE_WAITS = "INSERT INTO main.waits SELECT * FROM staged.waits"

_SHAPE = itemgetter(2, 5, 6, 7, 8, 10)
_MARKS = itemgetter(11, 12, 14)
_UNMARKED = (None, None, None)
_OWN = [itemgetter(column) for column in (1, 3, 4, 9, 13)]

CAN_STAGE = hasattr(sqlite3.Connection, "serialize")
"""SQLite may be built without what hands a database on."""


class _Shapes(dict[Row, int]):
    """Numbers of shapes; a new one gets the next."""

    def __missing__(self, shape: Row) -> int:
        number = self[shape] = len(self) + 1
        return number


class StagedRows:
    """The rows of one batch, in tables in memory.

    Args:
        history: in the order of their seq, without a gap.

    Raises:
        sqlite3.Error, OverflowError, UnicodeError: a value that SQLite cannot hold is among them.
    """

    def __init__(
        self,
        history: Sequence[Row],
        users: Sequence[Row],
        journeys: Sequence[Row],
        journey_updates: Sequence[Row],
        ended_waits: Sequence[Row],
        waits: Sequence[Row],
    ) -> None:
        first = history[0][0]
        con = sqlite3.connect(":memory:", isolation_level=None)
        try:
            con.executescript(f"PRAGMA journal_mode = OFF; BEGIN; {LAYOUT}")
            shapes = _Shapes()
            at, *others = (map(column, history) for column in _OWN)
            numbers = map(shapes.__getitem__, map(_SHAPE, history))
            _put(
                con,
                "entries (at, shape, user, journey, cause, data)",
                6,
                zip(at, numbers, *others, strict=True),
                len(history),
            )
            _put(con, "shapes", 7, ((number, *shape) for shape, number in shapes.items()), len(shapes))
            marked = zip(history, map(_MARKS, history), strict=True)
            marks = [(row[0], *mark) for row, mark in marked if mark != _UNMARKED]
            for table, rows in (
                ("marks", marks),
                ("users", users),
                ("journeys", journeys),
                ("journey_updates", journey_updates),
                ("ended_waits", ended_waits),
                ("waits", waits),
            ):
                if rows:
                    _put(con, table, len(rows[0]), rows, len(rows))
            con.execute("COMMIT")
            self._tables = con.serialize()
        finally:
            con.close()
        base = first - 1
        entries = (MOVE_MARKED_ENTRIES, (base, base)) if marks else (MOVE_ENTRIES, (base,))
        moves: tuple[tuple[str, Row, Sequence[Row]], ...] = (
            (MOVE_USERS, (), users),
            (*entries, history),
            (MOVE_JOURNEYS, (), journeys),
            (UPDATE_JOURNEYS, (), journey_updates),
            (END_WAITS, (), ended_waits),
            (MOVE_WAITS, (), waits),
        )
        self._moves = [(statement, values) for statement, values, rows in moves if rows]

    def moves(self) -> Iterator[tuple[str, Row]]:
        """The statements that move them, each with its values; in an order that every reader may see."""
        yield from self._moves

    def attach(self, con: sqlite3.Connection) -> None:
        """Let a connection have them; it must be in no transaction."""
        if not any(name == SCHEMA for _, name, _ in con.execute("PRAGMA database_list")):
            con.execute(f"ATTACH ':memory:' AS {SCHEMA}")
        con.deserialize(self._tables, name=SCHEMA)


def _put(con: sqlite3.Connection, table: str, columns: int, rows: Iterable[Row], count: int) -> None:
    """Put rows into a table in memory, several by a statement."""
    row = f"({', '.join('?' * columns)})"
    # One by one through iterators: a list of all their values at once would be the largest thing in memory.
    values = chain.from_iterable(rows)
    if groups := count // AT_ONCE:
        many = zip(*[values] * (AT_ONCE * columns), strict=False)
        con.executemany(f"INSERT INTO {table} VALUES {', '.join([row] * AT_ONCE)}", islice(many, groups))
    con.executemany(f"INSERT INTO {table} VALUES {row}", zip(*[values] * columns, strict=True))
