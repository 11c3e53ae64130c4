"""What the engine asks about open waits: whom an event may wake, what is due, which steps run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from studio.language.kinds import Kind, Status
from studio.store.changes import Row
from studio.store.read_journeys import JOURNEY, StoredJourney
from studio.store.sqlite import Store, maker

# An open wait and the entry that opened it; last, the newest entry of its journey.
WAIT = """
w.id, w.kind, w.name, w.due, h.name, h.n, h.data, h.cause, h.place, h.at,
(SELECT max(m.seq) FROM history m WHERE m.journey = w.journey)
"""
# Open waits that an event of one name may end, of these users, with their journeys; 0: patterns.
WAITS_NAMED = f"""
SELECT {WAIT}, {JOURNEY}
FROM json_each(?) j
CROSS JOIN waits w ON w.user = j.value AND w.name IN (0, ?)
CROSS JOIN history h ON h.seq = w.id
CROSS JOIN journeys g ON g.id = w.journey
"""
WAITS_DUE = f"""
SELECT {WAIT}, {JOURNEY}
FROM waits w
CROSS JOIN history h ON h.seq = w.id
CROSS JOIN journeys g ON g.id = w.journey
WHERE w.due > 0 AND w.due <= ?
ORDER BY w.due, w.id LIMIT ?
"""
WAITS_STEPS = f"""
SELECT {WAIT}, {JOURNEY}
FROM waits w
CROSS JOIN history h ON h.seq = w.id
CROSS JOIN journeys g ON g.id = w.journey
WHERE w.kind IN ({Kind.STEP_STARTED}, {Kind.STEP_RETRY}) AND w.kind = {Kind.STEP_STARTED} AND w.id > ?
ORDER BY w.id LIMIT ?
"""
# Of one user, by the entries of the user's journeys: waits have no index by user and deadline.
WAITS_DUE_AT = f"""
SELECT {WAIT}, {JOURNEY}
FROM journeys g
CROSS JOIN history h INDEXED BY history_journeys ON h.journey = g.id
CROSS JOIN waits w ON w.id = h.seq
WHERE g.user = ? AND g.status = {Status.WAITING} AND h.seq >= g.pass_seq AND w.due = ? ORDER BY w.id
"""
WAIT_AT = f"""
SELECT {WAIT}, {JOURNEY}
FROM waits w
CROSS JOIN history h ON h.seq = w.id
CROSS JOIN journeys g ON g.id = w.journey
WHERE w.id = ?
"""
# A deadline whose workflow is not loaded stands by, negated, until it is.
SUSPENDED_TIMERS = """
SELECT w.id, w.due FROM waits w CROSS JOIN journeys g ON g.id = w.journey
WHERE w.due < 0 AND g.workflow IN (SELECT value FROM json_each(?))
"""
# A deadline, whether or not it stands by.
DEADLINES = "SELECT w.id, abs(w.due) FROM json_each(?) j CROSS JOIN waits w ON w.id = j.value"


class StoredWait(NamedTuple):
    """An open wait, with the entry that opened it."""

    id: int
    """seq of that entry."""
    kind: int
    name: int | None
    """names.id of the event; 0: a pattern; None: no event ends it."""
    due: int | None
    label: int | None
    """names.id that its entries carry."""
    n: int
    data: str | None
    cause: int | None
    place: int | None
    at: int
    newest: int
    """seq of the newest entry of its journey."""


_COLUMNS = len(StoredWait._fields)
_wait = maker(StoredWait)
_journey = maker(StoredJourney)

Waiting = tuple[StoredWait, StoredJourney]


def _waiting(rows: list[Row]) -> list[Waiting]:
    return [(_wait(row[:_COLUMNS]), _journey(row[_COLUMNS:])) for row in rows]


def waits_named(store: Store, users: Sequence[int], name: int) -> list[Waiting]:
    """The open waits of these users that an event of a name may end, those for a pattern among them."""
    return _waiting(store.rows(WAITS_NAMED, json.dumps(users), name))


def waits_due(store: Store, until: int, limit: int) -> list[Waiting]:
    """Those whose deadline has come, in order."""
    return _waiting(store.rows(WAITS_DUE, until, limit))


def waits_due_at(store: Store, user: int, due: int) -> list[Waiting]:
    """Those of a user whose deadline is this moment."""
    return _waiting(store.rows(WAITS_DUE_AT, user, due))


def running_steps(store: Store, after: int, limit: int) -> list[Waiting]:
    """Steps that were started and have not ended, a page at a time."""
    return _waiting(store.rows(WAITS_STEPS, after, limit))


def has_running_steps(store: Store, after: int) -> bool:
    """Whether there are any from an entry on."""
    return bool(store.rows(WAITS_STEPS, after, 1))


def wait_at(store: Store, id: int) -> Waiting | None:
    """The open wait that an entry opened."""
    return next(iter(_waiting(store.rows(WAIT_AT, id))), None)


def suspended(store: Store, workflows: Sequence[int]) -> list[tuple[int, int]]:
    """Waits in these workflows whose timers are suspended: each with its deadline, negated."""
    return [(id, due) for id, due in store.many(SUSPENDED_TIMERS, workflows)]


def deadlines(store: Store, ids: Sequence[int]) -> list[tuple[int, int | None]]:
    """The deadlines of open waits, also of those whose timers are suspended."""
    return [(id, due) for id, due in store.many(DEADLINES, ids)]
