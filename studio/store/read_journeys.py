"""What the engine asks about journeys: where they are, and how many."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from studio.language.kinds import Status
from studio.store.schema import TOTAL_STATUS
from studio.store.sqlite import LAST_JOURNEY, Store

JOURNEY = (
    "g.id, g.user, g.workflow, g.key, g.n, g.status, g.pass, g.pass_seq, g.trigger, g.since, g.still, g.note"
)
"""The columns of a `StoredJourney`, in order."""
WAITING_IN = f"""
SELECT {JOURNEY} FROM journeys g
WHERE g.id > ? AND g.workflow = ? AND g.status = {Status.WAITING} ORDER BY g.id LIMIT ?
"""
# The same among those of a stretch of numbers.
WAITING_WINDOW = f"""
SELECT {JOURNEY} FROM journeys g
WHERE g.id > ? AND g.id <= ? AND g.workflow = ? AND g.status = {Status.WAITING} ORDER BY g.id LIMIT ?
"""
# Those that wait for a moment before one, whether or not that stands by.
LATE_IN = f"""
SELECT {JOURNEY} FROM journeys g
WHERE g.id IN (SELECT w.journey FROM waits w WHERE w.due > ? AND w.due < ?)
    AND g.workflow = ? AND g.status = {Status.WAITING} AND g.id > ? ORDER BY g.id LIMIT ?
"""
# Those that have finished, the newest of each user and key.
FINISHED_WINDOW = f"""
SELECT {JOURNEY} FROM journeys g
WHERE g.id > ? AND g.id <= ? AND g.workflow = ? AND g.status IN (SELECT value FROM json_each(?))
    AND NOT EXISTS (
        SELECT 1 FROM journeys m
        WHERE m.user = g.user AND m.workflow = g.workflow AND m.key = g.key AND m.n > g.n
    )
ORDER BY g.id LIMIT ?
"""
STATUS_TOTAL = "SELECT n FROM totals WHERE workflow = ? AND kind = ?"
JOURNEYS = f"SELECT {JOURNEY} FROM json_each(?) j CROSS JOIN journeys g ON g.id = j.value"
# The newest journey of each user in a workflow without key=.
JOURNEYS_NEWEST = f"""
SELECT {JOURNEY} FROM json_each(?) j
CROSS JOIN journeys g ON g.id = (
    SELECT m.id FROM journeys m WHERE m.user = j.value AND m.workflow = ? AND m.key = ''
    ORDER BY m.n DESC LIMIT 1
)
"""
# The same of each user, workflow and key.
JOURNEYS_KEYED = f"""
SELECT {JOURNEY} FROM json_each(?) j
CROSS JOIN journeys g ON g.id = (
    SELECT m.id FROM journeys m WHERE m.user = json_extract(j.value, '$[0]')
        AND m.workflow = json_extract(j.value, '$[1]') AND m.key = json_extract(j.value, '$[2]')
    ORDER BY m.n DESC LIMIT 1
)
"""
JOURNEYS_OF = f"""
SELECT {JOURNEY} FROM journeys g WHERE g.user = ? AND g.workflow = ?
AND g.status IN ({Status.WAITING}, {Status.IDLE}, {Status.FAILED})
"""
JOURNEY_NUMBERED = (
    f"SELECT {JOURNEY} FROM journeys g WHERE g.user = ? AND g.workflow = ? AND g.key = ? AND g.n = ?"
)


class StoredJourney(NamedTuple):
    """A row of `journeys`."""

    id: int
    user: int
    workflow: int
    key: str
    n: int
    status: int
    pass_no: int
    pass_seq: int
    trigger: int
    since: int
    runaway_count: int
    note: str | None


def newest_keyed(store: Store, keyed: Sequence[tuple[int, int, str]]) -> list[StoredJourney]:
    """The newest journey of each user, workflow and key."""
    return store.typed(StoredJourney, JOURNEYS_KEYED, json.dumps(keyed)) if keyed else []


def newest_of(store: Store, users: Sequence[int], workflow: int) -> list[StoredJourney]:
    """The newest journey of each user in a workflow without `key=`."""
    return store.typed(StoredJourney, JOURNEYS_NEWEST, json.dumps(users), workflow)


def open_of(store: Store, user: int, workflow: int) -> list[StoredJourney]:
    """A user's journeys in a workflow that have not ended."""
    return store.typed(StoredJourney, JOURNEYS_OF, user, workflow)


def numbered(store: Store, user: int, workflow: int, key: str, n: int) -> StoredJourney | None:
    """The journey of all parts of an id."""
    return next(iter(store.typed(StoredJourney, JOURNEY_NUMBERED, user, workflow, key, n)), None)


def by_id(store: Store, id: int) -> StoredJourney | None:
    """The journey of a number."""
    return next(iter(store.typed(StoredJourney, JOURNEYS, json.dumps([id]))), None)


def by_ids(store: Store, ids: Sequence[int]) -> list[StoredJourney]:
    """Journeys by their numbers."""
    return store.typed(StoredJourney, JOURNEYS, json.dumps(ids)) if ids else []


def waiting(store: Store, workflow: int, after: int, limit: int) -> list[StoredJourney]:
    """Those that wait in a workflow, from one on, a page at a time."""
    return store.typed(StoredJourney, WAITING_IN, after, workflow, limit)


def waiting_among(store: Store, workflow: int, after: int, upto: int, limit: int) -> list[StoredJourney]:
    """Those of a stretch of numbers that wait in a workflow, the first of them."""
    return store.typed(StoredJourney, WAITING_WINDOW, after, upto, workflow, limit)


def late_in(store: Store, workflow: int, before: int, after: int, limit: int) -> list[StoredJourney]:
    """Those that wait in a workflow for a moment before one, from a journey on, a page at a time."""
    return store.typed(StoredJourney, LATE_IN, -before, before, workflow, after, limit)


def finished_among(
    store: Store, workflow: int, statuses: Sequence[int], after: int, upto: int, limit: int
) -> list[StoredJourney]:
    """Those of a stretch of numbers that have finished in a workflow, the first of them.

    Args:
        statuses: how they have; of several journeys of one user and key only the newest is looked at.
    """
    return store.typed(
        StoredJourney, FINISHED_WINDOW, after, upto, workflow, json.dumps(list(statuses)), limit
    )


def count_waiting(store: Store, workflow: int) -> int:
    """How many wait in a workflow."""
    return count_in(store, workflow, (Status.WAITING,))


def count_in(store: Store, workflow: int, statuses: Sequence[int]) -> int:
    """How many of a workflow are in one of these statuses."""
    found = 0
    for status in statuses:
        for (n,) in store.rows(STATUS_TOTAL, workflow, TOTAL_STATUS + status):
            found += int(n)
    return found


def last_journey(store: Store) -> int:
    """The highest number of a journey; 0 when there is none."""
    return int(store.rows(LAST_JOURNEY)[0][0] or 0)
