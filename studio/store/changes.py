"""All that one batch writes, and the statements that write it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import chain
from typing import Any

from studio.store.checksums import ADD_CHECKSUM, checksums_of
from studio.store.line_statistics import ADD_PLACE
from studio.store.meta import END_META, SET_META
from studio.store.refused import Refusal
from studio.store.staged import CAN_STAGE, WORTH_STAGING, StagedRows

Row = tuple[Any, ...]

AT_ONCE = 16
"""Rows that an INSERT takes where there are many."""

ADD_NAME = "INSERT INTO names (id, text) VALUES (?, ?)"
ADD_CODE = "INSERT INTO codes (id, workflow, hash, file, source, at) VALUES (?, ?, ?, ?, ?, ?)"
ADD_HISTORY = "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
ADD_USER = "INSERT INTO users VALUES (?, ?)"
ADD_JOURNEY = "INSERT INTO journeys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
ADD_WAIT = "INSERT INTO waits VALUES (?, ?, ?, ?, ?, ?)"
SET_JOURNEY = """
UPDATE journeys SET status = ?, pass = ?, pass_seq = ?, trigger = ?, still = ?, note = ? WHERE id = ?
"""
SET_DUE = "UPDATE waits SET due = ? WHERE id = ?"
END_WAIT = "DELETE FROM waits WHERE id = ?"
ADD_PROFILE = "INSERT OR REPLACE INTO profiles (user, seq, profile) VALUES (?, ?, ?)"
ADD_TOTAL = """
INSERT INTO totals (workflow, kind, n) VALUES (?, ?, ?)
ON CONFLICT (workflow, kind) DO UPDATE SET n = n + excluded.n
"""
END_INBOX = "DELETE FROM inbox WHERE id = ?"
ADD_ANSWER = "INSERT OR REPLACE INTO answers (id, at, body) VALUES (?, ?, ?)"
END_ANSWERS = "DELETE FROM answers WHERE at < ?"
ADD_SPAN = "INSERT INTO foreign_spans VALUES (?, ?, ?, ?, ?, ?)"
SET_FOREIGN_NEXT = (
    "INSERT INTO foreign_users VALUES (?, ?) ON CONFLICT (user) DO UPDATE SET next = excluded.next"
)
ADD_FOREIGN_JOURNEY = "INSERT INTO foreign_journeys VALUES (?, ?, ?)"
ADD_REFUSED_TURN = "INSERT INTO foreign_refused VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING"


class Changes:
    """All that one batch will write."""

    def __init__(self) -> None:
        self.names: list[Row] = []
        self.users: list[Row] = []
        self.codes: list[Row] = []
        self.history: list[Row] = []
        self.journeys: list[Row] = []
        self.journey_updates: list[Row] = []
        self.waits: list[Row] = []
        self.ended_waits: list[Row] = []
        self.due_changes: list[Row] = []
        self.profiles: list[Row] = []
        self.totals: list[Row] = []
        self.places: list[Row] = []
        self.meta: list[Row] = []
        self.ended_meta: list[Row] = []
        self.inbox: list[Row] = []
        """Ids of the rows that were taken."""
        self.answers: list[Row] = []
        self.refused: list[tuple[int, Refusal]] = []
        """Events that are kept aside, each with the moment of it, ms since 1970."""
        self.foreign_spans: list[Row] = []
        """Where entries of users that are carried on elsewhere stand (`foreign.py`)."""
        self.foreign_next: list[Row] = []
        self.foreign_journeys: list[Row] = []
        self.refused_turns: list[Row] = []

    def statements(self) -> Iterable[tuple[str, list[Row]]]:
        """Each statement with its rows, in an order that every reader may see."""
        yield from self.before()
        yield from _several(ADD_USER, self.users)
        yield from _several(ADD_HISTORY, self.history)
        yield from _several(ADD_JOURNEY, self.journeys)
        yield SET_JOURNEY, self.journey_updates
        yield END_WAIT, self.ended_waits
        yield from _several(ADD_WAIT, self.waits)
        yield from self.behind()

    def staged(self) -> StagedRows | None:
        """The rows between `before` and `behind`, in tables in memory; None where they are few.

        Raises:
            sqlite3.Error, OverflowError, UnicodeError: SQLite cannot hold a value.
        """
        history = self.history
        if not CAN_STAGE or len(history) < WORTH_STAGING or history[-1][0] - history[0][0] >= len(history):
            return None
        return StagedRows(
            history, self.users, self.journeys, self.journey_updates, self.ended_waits, self.waits
        )

    def before(self) -> Iterable[tuple[str, list[Row]]]:
        """What comes before the rows that are many."""
        yield ADD_NAME, self.names
        yield ADD_CODE, self.codes

    def behind(self) -> Iterable[tuple[str, list[Row]]]:
        """What comes behind them."""
        yield ADD_CHECKSUM, checksums_of(self.history)
        yield SET_DUE, self.due_changes
        yield ADD_PROFILE, self.profiles
        yield ADD_TOTAL, self.totals
        yield ADD_PLACE, self.places
        yield SET_META, self.meta
        yield END_META, self.ended_meta
        yield END_INBOX, self.inbox
        yield ADD_ANSWER, self.answers
        yield ADD_SPAN, self.foreign_spans
        yield SET_FOREIGN_NEXT, self.foreign_next
        yield ADD_FOREIGN_JOURNEY, self.foreign_journeys
        yield ADD_REFUSED_TURN, self.refused_turns


def _several(insert: str, rows: list[Row]) -> Iterable[tuple[str, list[Row]]]:
    """Rows that one statement takes several of, a fifth faster than one by one; then what is left."""
    whole = len(rows) // AT_ONCE * AT_ONCE
    if whole:
        values = list(chain.from_iterable(rows[:whole]))
        width = AT_ONCE * len(rows[0])
        yield many_rows(insert), [tuple(values[at : at + width]) for at in range(0, len(values), width)]
    yield insert, rows[whole:]


@cache
def many_rows(insert: str) -> str:
    """An INSERT of one row as one of `AT_ONCE` rows."""
    head, values, row = insert.partition("VALUES ")
    return head + values + ", ".join([row] * AT_ONCE)
