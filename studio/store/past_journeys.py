"""Journeys as they stood at an entry of the past, derived from what they had done by then.

A journey waits for what its pass has opened, so only the entries of the pass that ran then are read: it costs
the same whether a journey is in its first pass or in its thousandth. What never changes (its user, its
workflow, its key) comes from the table of journeys. Statements name `main`: a reader of the past has tables
of the same names in front of it (`past_views.py`).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence

from studio.language.kinds import Kind
from studio.store.derived_journey import DerivedJourney

BATCH_ROWS = 1_000
"""Journeys that one statement reads."""

JOURNEYS = f"""
SELECT j.id, j.user, j.workflow, j.key, j.n, j.since, CASE WHEN j.note IS NULL THEN NULL ELSE (
    SELECT h.data FROM main.history h INDEXED BY history_journeys
    WHERE h.journey = j.id AND h.seq <= :bound AND h.kind = {Kind.NOTE} ORDER BY h.seq DESC LIMIT 1
) END
FROM json_each(:journeys) t CROSS JOIN main.journeys j ON j.id = t.value
"""
ENTRIES = f"""
SELECT h.journey, h.seq, h.at, h.kind, h.user, h.pass, h.name, h.n, h.place, h.cause,
       CASE WHEN h.kind BETWEEN {Kind.LOG_DEBUG} AND {Kind.LOG_ERROR} THEN NULL ELSE h.data END, NULL, NULL
FROM json_each(:journeys) t CROSS JOIN main.history h INDEXED BY history_journeys ON h.journey = t.value
WHERE h.seq <= :bound AND h.seq >= (
    SELECT b.seq FROM main.history b INDEXED BY history_journeys
    WHERE b.journey = t.value AND b.seq <= :bound AND b.kind IN ({Kind.STARTED}, {Kind.PASS})
    ORDER BY b.seq DESC LIMIT 1
)
"""


def journeys_as_of(con: sqlite3.Connection, ids: Sequence[int], bound: int) -> Iterator[DerivedJourney]:
    """Journeys as they stood when an entry was the newest; those that had not begun are left out.

    Args:
        ids: journeys.id.
        bound: history.seq.
    """
    for at in range(0, len(ids), BATCH_ROWS):
        facts = {"journeys": json.dumps(ids[at : at + BATCH_ROWS]), "bound": bound}
        found: dict[int, DerivedJourney] = {}
        for id, user, workflow, key, n, since, note in con.execute(JOURNEYS, facts).fetchall():
            journey = found[id] = DerivedJourney(id)
            journey.user, journey.workflow, journey.key, journey.n = user, workflow, key, n
            journey.since, journey.note = since, note
        begun: set[int] = set()
        for id, *values in con.execute(ENTRIES, facts).fetchall():
            if id in found:
                begun.add(id)
                found[id].take(*values)
        yield from (found[id] for id in found if id in begun)
