"""What the engine asks about the events of users: where they stand, what they carry, which ids are taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from studio.language.kinds import Kind
from studio.store.sqlite import Store

EVENT_SEQS = f"""
SELECT seq FROM history
WHERE user = ? AND name = ? AND kind = {Kind.EVENT} AND seq > ? AND seq <= ?
ORDER BY seq DESC LIMIT ?
"""
EVENTS = f"""
SELECT seq, at, data, id, meta FROM history
WHERE user = ? AND name = ? AND kind = {Kind.EVENT} AND seq > ? AND seq <= ?
ORDER BY seq DESC LIMIT ?
"""
EVENT_TEXTS = f"""
SELECT seq, data FROM history
WHERE user = ? AND name = ? AND kind = {Kind.EVENT} AND seq > ? AND seq <= ?
ORDER BY seq DESC LIMIT ?
"""
EVENT_AT = "SELECT seq, at, data, id, meta, name, user FROM history WHERE seq = ?"
EVENT_IDS = "SELECT h.id, h.seq FROM json_each(?) j CROSS JOIN history h ON h.id = j.value"
# A walk from name to name through the index: a user has few names, and may have many events.
USER_EVENT_NAMES = f"""
WITH RECURSIVE seen (name) AS (
    SELECT (SELECT min(name) FROM history WHERE user = ? AND kind = {Kind.EVENT})
    UNION ALL
    SELECT (SELECT min(name) FROM history WHERE user = ? AND kind = {Kind.EVENT} AND name > seen.name)
    FROM seen WHERE seen.name IS NOT NULL
) SELECT name FROM seen WHERE name IS NOT NULL
"""


class EventRow(NamedTuple):
    """An event of a user and a name that are known."""

    seq: int
    at: int
    data: str | None
    id: str | None
    meta: str | None


class EventText(NamedTuple):
    """What an event carries."""

    seq: int
    data: str | None


class AnyEvent(NamedTuple):
    """An event, with its name and user by their numbers."""

    seq: int
    at: int
    data: str | None
    id: str | None
    meta: str | None
    name: int
    user: int


def event_seqs(store: Store, user: int, name: int, after: int, bound: int, limit: int) -> list[int]:
    """Where a user's events of a name stand, newest first."""
    return [seq for (seq,) in store.rows(EVENT_SEQS, user, name, after, bound, limit)]


def events(store: Store, user: int, name: int, after: int, bound: int, limit: int) -> list[EventRow]:
    """A user's events of a name, newest first."""
    return store.typed(EventRow, EVENTS, user, name, after, bound, limit)


def event_texts(store: Store, user: int, name: int, after: int, bound: int, limit: int) -> list[EventText]:
    """What a user's events of a name carry, newest first."""
    return store.typed(EventText, EVENT_TEXTS, user, name, after, bound, limit)


def event_at(store: Store, seq: int) -> AnyEvent:
    """The event of an entry that must be there."""
    return AnyEvent(*store.rows(EVENT_AT, seq)[0])


def event_ids(store: Store, ids: Sequence[str]) -> dict[str, int]:
    """Which of these ids were taken, and where."""
    return dict(store.many(EVENT_IDS, ids))


def event_names(store: Store, user: int) -> list[int]:
    """The names of a user's events."""
    return [name for (name,) in store.rows(USER_EVENT_NAMES, user, user)]
