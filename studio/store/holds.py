"""Steps that may not run yet, and results that are known from before a cut.

After a rewind a step that was done already is not done twice: its result is kept under
its idempotency key and answers it. What was not done waits until a person says yes.
All of it stands in `meta`, so that it outlives the engine and every reader sees it.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.store.connect import connect_reader, translate
from studio.store.entries import key_of
from studio.store.records import journey_id
from studio.store.schema import LEVEL_OF

HOLD = "hold"
"""meta: why new steps wait for a yes, {"why": "rewind", "at": …}; not there when they run."""
HELD = "held/"
"""meta: + the seq of a step.started entry whose step waits for a yes."""
FORMER = "former/"
"""meta: + an idempotency key: the result of a step whose step.done entry a cut took away."""

# '0' is the character after '/': the rows of a prefix are a range of the primary key.
HELD_KEYS = "SELECT key FROM meta WHERE key > 'held/' AND key < 'held0'"
ANY_FORMER = "SELECT 1 FROM meta WHERE key > 'former/' AND key < 'former0' LIMIT 1"
FORMER_OF = "SELECT m.key, m.value FROM json_each(?) j CROSS JOIN meta m ON m.key = j.value"

DONE = """
SELECT h.seq, h.journey, h.name, h.kind, h.pass, e.text, h.n, h.data, w.text, u.name, g.key, g.n
FROM history h
JOIN journeys g ON g.id = h.journey JOIN users u ON u.id = g.user JOIN names w ON w.id = g.workflow
LEFT JOIN names e ON e.id = h.name
WHERE h.kind = 32 AND h.seq > ?
"""
DONE_BY = DONE + " AND g.user = ?"
# What the attempt said that came to this result.
SAID = """
SELECT h.kind, h.data, p.text FROM history h LEFT JOIN names p ON p.id = h.place
WHERE h.journey = :journey AND h.kind BETWEEN 40 AND 44 AND h.seq < :seq AND h.cause = (
    SELECT max(s.seq) FROM history s
    WHERE s.journey = :journey AND s.kind = 30 AND s.name = :name AND s.n = :n AND s.seq < :seq
) ORDER BY h.seq
"""
KEEP_FORMER = "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)"

HELD_STEPS = """
SELECT h.seq, h.at, u.name, w.text, g.key, g.n, e.text, p.text
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


def idempotency_key(salt: str, scope: str) -> str:
    """The same for the same journey, pass and step in this store, and in forks of it.

    Not made anew in a fork: a step that both come to is one effect, which a service that
    honours the key makes once, whichever of the two a person lets run first.
    """
    return hashlib.blake2b(f"{salt}/{scope}".encode(), digest_size=16).hexdigest()


def scope_of(journey: str, pass_number: int, key: str, once: bool) -> str:
    """What an idempotency key is made from: one for all attempts, and with `once=` for all passes."""
    return f"{journey}/{key}" if once else f"{journey}/{pass_number}/{key}"


def former(result: str, said: Sequence[tuple[str, str, str]]) -> str:
    """What is kept of a step that was done: its result as JSON text, and what it said."""
    more = f',"said":{json.dumps(said)}' if said else ""
    return f'{{"result":{result}{more}}}'


def done_steps(
    con: sqlite3.Connection, salt: str, after: int, user: int | None = None
) -> Iterator[tuple[str, str]]:
    """Steps that were done after an entry: idempotency key, and what is kept of each.

    Args:
        user: users.id; None for those of everybody.
    """
    found = con.execute(DONE, (after,)) if user is None else con.execute(DONE_BY, (after, user))
    for seq, id, label, kind, number, name, n, data, workflow, owner, key, journey_n in found.fetchall():
        facts: Any = json.loads(data) if data else {}
        text = key_of(kind, name, n, facts) or ""
        journey = journey_id(workflow, owner, key, journey_n)
        once = isinstance(facts, dict) and facts.get("once") is True
        where = {"journey": id, "seq": seq, "name": label, "n": n}
        said = [(LEVEL_OF[k], message or "", place or "") for k, message, place in con.execute(SAID, where)]
        token = idempotency_key(salt, scope_of(journey, number, text, once))
        yield token, former(json.dumps(facts.get("result"), ensure_ascii=False), said)


def keep_former(con: sqlite3.Connection, salt: str, after: int) -> None:
    """Remember the results of what was done after an entry, before it is cut off."""
    con.executemany(KEEP_FORMER, [(FORMER + token, data) for token, data in done_steps(con, salt, after)])


def hold_open_steps(con: sqlite3.Connection) -> None:
    """Let every step wait that was started and has not ended: nobody runs it here."""
    con.execute("DELETE FROM meta WHERE key > 'held/' AND key < 'held0'")
    con.execute("INSERT INTO meta (key, value) SELECT 'held/' || id, '' FROM waits WHERE kind = 30")


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
        HeldStep(seq, at, user, workflow, journey_id(workflow, user, key, n), name or "", line)
        for seq, at, user, workflow, key, n, name, line in con.execute(HELD_STEPS, (limit,)).fetchall()
    ]
