"""Users that are carried on elsewhere: how the numbers of their own histories stand in this store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from studio.store.connect import connect_reader, translate
from studio.store.sqlite import Store

NEXT_TURNS = "SELECT f.user, f.next FROM json_each(?) j CROSS JOIN foreign_users f ON f.user = j.value"
SPAN_AT = """
SELECT first, last, base FROM foreign_spans WHERE user = ? AND first <= ? ORDER BY first DESC LIMIT 1
"""
TURN_AT = "SELECT next, digest FROM foreign_spans WHERE user = ? AND first = ?"
FOREIGN_JOURNEYS = """
SELECT f.user, f.number, f.journey FROM json_each(?) j CROSS JOIN foreign_journeys f
ON f.user = json_extract(j.value, '$[0]') AND f.number = json_extract(j.value, '$[1]')
"""
FOREIGN_IDS = """
SELECT h.id, h.user FROM json_each(?) j CROSS JOIN history h
ON h.id = json_extract(j.value, '$[0]') AND h.user = json_extract(j.value, '$[1]')
"""
REFUSED_TURNS = "SELECT at, user, first, reason FROM foreign_refused ORDER BY at, user, first LIMIT ?"
OWN_HISTORY = """
SELECT 1 WHERE (SELECT max(seq) FROM history) IS NOT NULL AND NOT EXISTS (SELECT 1 FROM foreign_users)
"""
REFUSED_TURNS_COUNT = "SELECT count(*) FROM foreign_refused"


OWN_NUMBER = """
SELECT u.name, h.seq - s.base + s.first FROM history h JOIN journeys j ON j.id = h.journey
JOIN users u ON u.id = j.user JOIN foreign_spans s ON s.user = j.user
WHERE h.seq = ? AND s.base <= h.seq AND s.base + s.last - s.first >= h.seq
"""


class Span(NamedTuple):
    """Entries that stand here as in their user's own history, one behind the other."""

    first: int
    """Number of the first one there."""
    last: int
    base: int
    """Number of the first one here."""

    def here(self, number: int) -> int | None:
        """The number here of an entry there; None when it is not of these."""
        return self.base + number - self.first if self.first <= number <= self.last else None


class RefusedTurn(NamedTuple):
    """A turn that could not be taken."""

    at: int
    """Milliseconds since 1970, UTC."""
    user: str
    first: int
    """Number of its first entry in the user's own history."""
    reason: str


def next_turns(store: Store, users: Sequence[int]) -> dict[int, int]:
    """At which number the next turn of each user begins; those that have none yet are not there."""
    return dict(store.many(NEXT_TURNS, users))


def span_at(store: Store, user: int, number: int) -> Span | None:
    """The entries among which one of a user's own history stands."""
    rows = store.rows(SPAN_AT, user, number)
    return Span(*rows[0]) if rows and number <= rows[0][1] else None


def turn_at(store: Store, user: int, first: int) -> tuple[int, str] | None:
    """Where the turn ends that begins at a number, and its digest."""
    rows = store.rows(TURN_AT, user, first)
    return (rows[0][0], rows[0][1]) if rows and rows[0][1] is not None else None


def journeys_of(store: Store, wanted: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """The journeys of users by their own numbers."""
    return {(user, number): id for user, number, id in store.many(FOREIGN_JOURNEYS, list(wanted))}


def ids_taken(store: Store, wanted: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
    """Which of these senders' ids events of these users have."""
    return {(id, user) for id, user in store.many(FOREIGN_IDS, list(wanted))}


def own_number(path: Path, seq: int) -> tuple[str, int] | None:
    """Whose entry of a journey stands here, and its number in the user's own history; None: no such entry.

    Raises:
        StoreError: the store cannot be read.
    """
    con = connect_reader(path)
    try:
        found = con.execute(OWN_NUMBER, (seq,)).fetchone()
    except sqlite3.Error as error:
        raise translate(error, path) from error
    finally:
        con.close()
    return None if found is None else (found[0], found[1])


def refused_turns(store: Store, limit: int = 100) -> list[RefusedTurn]:
    """Turns that could not be taken, oldest first."""
    return [RefusedTurn(*row) for row in store.rows(REFUSED_TURNS, limit)]


def count_refused(store: Store) -> int:
    """How many turns could not be taken."""
    return int(store.rows(REFUSED_TURNS_COUNT)[0][0])


def has_own_history(con: sqlite3.Connection) -> bool:
    """Whether a store has entries, and an engine made them."""
    return bool(con.execute(OWN_HISTORY).fetchone())
