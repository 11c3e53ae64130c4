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
