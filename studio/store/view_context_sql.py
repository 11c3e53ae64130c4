"""The statements behind `view_context.py`, by name. Each walks an index and stops at its limit."""

from __future__ import annotations

from studio.language.kinds import Kind
from studio.store.entries import COLUMNS, JOINS

ENTRY = f"SELECT {COLUMNS} FROM history h {JOINS} WHERE h.seq = :seq"

# What a cause brings about stands right behind it: no index on `cause` is worth its rows.
EFFECTS = f"""
SELECT {COLUMNS} FROM history h {JOINS}
WHERE h.seq > :from AND h.seq <= :to AND h.cause IN (SELECT value FROM json_each(:seqs))
ORDER BY h.seq LIMIT :limit
"""

JOURNEYS_BEFORE = """
SELECT j.id FROM main.journeys j WHERE j.user = :user AND j.since <= :seq ORDER BY j.id DESC LIMIT :limit
"""
JOURNEY_BEFORE = f"""
SELECT {COLUMNS} FROM history h INDEXED BY history_journeys {JOINS}
WHERE h.journey = :journey AND h.seq < :seq AND (h.kind < {Kind.LOG_DEBUG} OR h.kind >= {Kind.STARTED})
ORDER BY h.seq DESC LIMIT :limit
"""
JOURNEY_MATCHES = f"""
SELECT {COLUMNS} FROM history h INDEXED BY history_journeys {JOINS}
WHERE h.journey = :journey AND h.seq > :seq AND h.kind = {Kind.WAIT_MATCHED} AND h.data IS NOT NULL
ORDER BY h.seq LIMIT :limit
"""
# A command comes once in a pass: what ended it is the first end of its key behind its opening.
JOURNEY_ENDINGS = f"""
SELECT {COLUMNS} FROM history h INDEXED BY history_journeys {JOINS}
WHERE h.journey = :journey AND h.seq > :seq AND h.kind IN (
    {Kind.WAIT_MATCHED}, {Kind.WAIT_TIMEOUT}, {Kind.WAIT_CLOSED},
    {Kind.GROUP_MATCHED}, {Kind.GROUP_TIMEOUT}, {Kind.GROUP_CLOSED},
    {Kind.SLEEP_DONE}, {Kind.SLEEP_CLOSED}, {Kind.STEP_RETRY}, {Kind.STEP_DONE}, {Kind.STEP_FAILED},
    {Kind.MESSAGE_SENT}, {Kind.MESSAGE_DROPPED}, {Kind.MESSAGE_WITHHELD}
)
ORDER BY h.seq LIMIT :limit
"""
JOURNEY_FAILURE = f"""
SELECT max(h.seq) FROM history h INDEXED BY history_journeys
WHERE h.journey = :journey AND h.kind = {Kind.FAILED}
"""

USER_EVENT_NAMES = f"""
WITH RECURSIVE seen (name) AS (
    SELECT (SELECT min(name) FROM history WHERE user = :user AND kind = {Kind.EVENT})
    UNION ALL
    SELECT (SELECT min(name) FROM history WHERE user = :user AND kind = {Kind.EVENT} AND name > seen.name)
    FROM seen WHERE seen.name IS NOT NULL
    LIMIT :limit
)
SELECT seen.name, e.text FROM seen CROSS JOIN names e ON e.id = seen.name
"""
EVENTS_NAMED = f"""
SELECT {COLUMNS} FROM history h INDEXED BY history_events {JOINS}
WHERE h.user = :user AND h.name = :name AND h.kind = {Kind.EVENT} ORDER BY h.seq DESC LIMIT :limit
"""

USERS_NAMED = "SELECT u.id, u.name FROM json_each(:names) i CROSS JOIN users u ON u.name = i.value"
USERS_BEFORE = "SELECT id, name FROM users WHERE name < :name ORDER BY name DESC LIMIT :limit"
USERS_BEHIND = "SELECT id, name FROM users WHERE name > :name ORDER BY name LIMIT :limit"
HAS_JOURNEY = "SELECT 1 FROM main.journeys WHERE user = :user LIMIT 1"
IS_OPEN = "SELECT 1 FROM waits WHERE id = :seq"
