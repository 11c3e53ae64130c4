"""Steps that wait for approval, and results that are known from before a cut.

After a rewind a step that was done already is not done twice: its result is kept under
its idempotency key and answers it. What was not done waits until a person says yes.
All of it stands in `meta`, so that it outlives the engine and every reader sees it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.language.idempotency import step_keys
from studio.language.journey_ids import Parts, bounds_of, is_escaped, shown_id
from studio.language.kinds import LEVEL_OF, Kind
from studio.store.connect import connect_reader, translate
from studio.store.entries import key_of
from studio.store.schema import ID_BOUNDS

HOLD = "hold"
"""meta: why new steps wait for a yes, {"why": "rewind", "at": …}; not there when they run."""
HELD = "held/"
"""meta: + the seq of a step.started entry whose step waits for a yes."""
FORMER = "former/"
"""meta: + an idempotency key: the result of a step whose step.done entry a cut took away."""


DONE = f"""
SELECT h.seq, h.journey, h.name, h.kind, h.pass, e.text, h.n, h.data,
    w.text, u.name, g.key, g.n, g.id, {ID_BOUNDS}
FROM history h
JOIN journeys g ON g.id = h.journey JOIN users u ON u.id = g.user JOIN names w ON w.id = g.workflow
LEFT JOIN names e ON e.id = h.name
WHERE h.kind IN ({Kind.STEP_DONE}, {Kind.MESSAGE_SENT}) AND h.n IS NOT NULL AND h.seq > ?
"""
DONE_BY = DONE + " AND g.user = ?"
# What the attempt said that came to this result.
SAID = f"""
SELECT h.kind, h.data, p.text FROM history h LEFT JOIN names p ON p.id = h.place
WHERE h.journey = :journey AND h.kind BETWEEN {Kind.LOG_DEBUG} AND {Kind.NOTE} AND h.seq < :seq
AND h.cause = (
    SELECT max(s.seq) FROM history s
    WHERE s.journey = :journey AND s.kind = {Kind.STEP_STARTED}
        AND s.name = :name AND s.n = :n AND s.seq < :seq
) ORDER BY h.seq
"""
HOLD_OPEN = f"""
INSERT INTO meta (key, value) SELECT 'held/' || id, '' FROM waits WHERE kind = {Kind.STEP_STARTED}
"""
ORPHANED_HOLDS = """
DELETE FROM meta WHERE key > 'held/' AND key < 'held0'
AND CAST(substr(key, 6) AS INTEGER) NOT IN (SELECT id FROM waits)
"""
KEEP_FORMER = "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)"

HELD_STEPS = f"""
SELECT h.seq, h.at, u.name, w.text, g.key, g.n, e.text, p.text, g.id, {ID_BOUNDS}
FROM meta m
CROSS JOIN waits s ON s.id = CAST(substr(m.key, 6) AS INTEGER)
CROSS JOIN history h ON h.seq = s.id
CROSS JOIN journeys g ON g.id = s.journey
CROSS JOIN users u ON u.id = g.user
CROSS JOIN names w ON w.id = g.workflow
LEFT JOIN names e ON e.id = h.name
LEFT JOIN names p ON p.id = h.place
WHERE m.key > 'held/' AND m.key < 'held0'
ORDER BY h.seq LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class HeldStep:
    """A step that waits for a yes."""

    seq: int
    """Of its step.started entry."""
    at: int
    user: str
    workflow: str
    journey: str
    name: str
    line: str | None


def former(result: str, said: Sequence[tuple[str, str, str]]) -> str:
    """What is kept of a step that was done: its result as JSON text, and what it said."""
    more = f',"said":{json.dumps(said)}' if said else ""
    return f'{{"result":{result}{more}}}'


def done_steps(
    con: sqlite3.Connection, salt: str, after: int, user: int | None = None
) -> Iterator[tuple[str, str]]:
    """Steps that were done after an entry: the keys that they are kept under, and what is kept of each.

    Args:
        user: users.id; None for those of everybody.
    """
    found = con.execute(DONE, (after,)) if user is None else con.execute(DONE_BY, (after, user))
    for seq, id, label, kind, number, name, n, data, workflow, owner, key, *more in found.fetchall():
        journey_n, journey, bounds = more
        facts: Any = json.loads(data) if data else {}
        text = key_of(kind, name, n, facts) or ""
        parts = Parts(workflow, owner, key, journey_n)
        once = isinstance(facts, dict) and facts.get("once") is True
        where = {"journey": id, "seq": seq, "name": label, "n": n}
        said = [(LEVEL_OF[k], message or "", place or "") for k, message, place in con.execute(SAID, where)]
        keys = step_keys(salt, parts, is_escaped(journey, bounds_of(bounds)), number, text, once)
        for token in keys.kept:
            yield token, former(json.dumps(facts.get("result"), ensure_ascii=False), said)


def keep_former(con: sqlite3.Connection, salt: str, after: int) -> None:
    """Remember the results of what was done after an entry, before it is cut off."""
    con.executemany(KEEP_FORMER, [(FORMER + token, data) for token, data in done_steps(con, salt, after)])


def hold_open_steps(con: sqlite3.Connection) -> None:
    """Let every step wait that was started and has not ended: nobody runs it here."""
    con.execute("DELETE FROM meta WHERE key > 'held/' AND key < 'held0'")
    con.execute(HOLD_OPEN)


def drop_orphaned_holds(con: sqlite3.Connection) -> None:
    """Forget the holds on steps that are gone."""
    con.execute(ORPHANED_HOLDS)


def held_in(path: Path, limit: int) -> list[HeldStep]:
    """The steps of a store that wait for a yes, oldest first.

    Raises:
        StoreError: the store cannot be read.
    """
    con = connect_reader(path)
    try:
        return held_steps(con, limit)
    except sqlite3.Error as error:
        raise translate(error, path) from error
    finally:
        con.close()


def held_steps(con: sqlite3.Connection, limit: int) -> list[HeldStep]:
    """The steps that wait for a yes, oldest first."""
    return [
        HeldStep(seq, at, user, workflow, shown_id(workflow, user, key, n, number, bounds), name or "", line)
        for seq, at, user, workflow, key, n, name, line, number, bounds in con.execute(HELD_STEPS, (limit,))
    ]
