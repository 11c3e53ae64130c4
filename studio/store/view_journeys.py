"""The journeys of one user side by side: which to show, and what happened in each lately.

Stands apart from `view_journey_rows.py` because it chooses before it reads: of a user with ten thousand
journeys it looks at the newest few hundred, and of each that is shown at its newest entries.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from studio.language.kinds import Kind
from studio.store import view_sql as sql
from studio.store.entries import entry
from studio.store.records import Entry

Rows = Callable[..., list[tuple[Any, ...]]]
"""Runs a statement in the reader's snapshot and gives all its rows."""

MOST_JOURNEYS = 12
LOOKED_AT = 300
"""Of a user with more journeys than this, the newest are considered."""
ENTRIES_EACH = 150
MOVES_LOOKED_AT = 20_000
"""Clock moves are about no user, so no index has them: only the newest entries are walked."""
MOST_MOVES = 50
_ENDLESS = 1 << 62


def chosen(rows: Rows, user: int, journeys: int) -> tuple[list[int], int]:
    """Numbers of the journeys to show, in order, and how many there are in all."""
    total = sum(row[2] for row in rows(sql.USER_STATUSES, {"users": json.dumps([user])}))
    values = {"user": user, "limit": LOOKED_AT}
    waiting = [row[0] for row in rows(sql.USER_WAITING, values)]
    nearest: dict[int, int] = {}
    for journey, _, _, due, _ in rows(sql.OPEN_WAITS, {"journeys": json.dumps(waiting)}):
        if due is not None:
            nearest[journey] = min(due, nearest.get(journey, due))
    order = sorted(nearest, key=lambda journey: (nearest[journey], journey))
    newest = [row[0] for row in rows(sql.USER_NEWEST_JOURNEYS, values)]
    open_ones = set(waiting)
    order += [journey for journey in waiting if journey not in nearest]
    order += [journey for journey in newest if journey not in open_ones]
    return order[:journeys], total


def entries_of(rows: Rows, journeys: list[int], each: int, top: int = _ENDLESS) -> list[Entry]:
    """The newest entries of each journey up to one, oldest first."""
    seqs: list[int] = []
    for journey in journeys:
        values = {"source": journey, "before": top + 1, "floor": 0, "limit": each}
        seqs += [row[0] for row in rows(sql.JOURNEY_SEQS, values)]
    found = [entry(row) for row in rows(sql.ENTRIES_BY_SEQ, {"seqs": json.dumps(seqs)})]
    return sorted(found, key=lambda each: each.seq)


def moves_since(rows: Rows, first: int, last: int) -> list[Entry]:
    """The clock moves after an entry, oldest first, as far as they are looked for."""
    moved: int = next((n for kind, n in rows(sql.TOTALS, 0) if kind == Kind.CLOCK_MOVED), 0)
    if not moved:
        return []
    values = {"from": max(first, last - MOVES_LOOKED_AT), "to": last, "limit": min(moved, MOST_MOVES)}
    return [entry(row) for row in reversed(rows(sql.CLOCK_MOVES, values))]
