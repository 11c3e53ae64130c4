"""What the engine asks about entries of a user that count later (`kinds.MARKS`): draws, messages, goals."""

from __future__ import annotations

from typing import NamedTuple

from studio.store.schema import IS_MARK
from studio.store.sqlite import Store

MARKS_OF = f"""
SELECT h.seq, h.at + coalesce(h.late, 0), h.name, h.journey, j.workflow, h.data
FROM history h INDEXED BY history_marks LEFT JOIN journeys j ON j.id = h.journey
WHERE h.user = ? AND h.kind = ? AND h.{IS_MARK} AND h.at + coalesce(h.late, 0) > ? ORDER BY h.seq
"""


# The first entry of a journey says that it began; nothing takes it away but what takes the journey.
ENTERED = """
SELECT h.journey, h.seq, h.at FROM journeys j CROSS JOIN history h
ON h.seq = (SELECT min(f.seq) FROM history f INDEXED BY history_journeys WHERE f.journey = j.id)
WHERE j.user = ? AND j.workflow = ? ORDER BY j.id
"""


class EnteredRow(NamedTuple):
    """Where a journey began."""

    journey: int
    seq: int
    at: int


class MarkRow(NamedTuple):
    """An entry that counts later."""

    seq: int
    at: int
    name: int | None
    journey: int | None
    workflow: int | None
    data: str | None


def marks(store: Store, user: int, kind: int, since: int) -> list[MarkRow]:
    """A user's entries of a kind of `MARKS` after a moment, oldest first."""
    return store.typed(MarkRow, MARKS_OF, user, kind, since)


def entered(store: Store, user: int, workflow: int) -> list[EnteredRow]:
    """Where the journeys of a user in a workflow began, oldest first."""
    return store.typed(EnteredRow, ENTERED, user, workflow)
