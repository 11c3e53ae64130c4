"""Values of the table `meta`, by their keys: what a store keeps of itself and of its engine.

Keys of one subject begin alike, "held/17"; the character after "/" is "0", so that those of
a prefix are a range of the primary key.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

META = "SELECT value FROM meta WHERE key = ?"
META_UNDER = "SELECT key, value FROM meta WHERE key > ? AND key < ? ORDER BY key"
ANY_UNDER = "SELECT 1 FROM meta WHERE key > ? AND key < ? LIMIT 1"
META_KEYED = "SELECT m.key, m.value FROM json_each(?) j CROSS JOIN meta m ON m.key = j.value"
SET_META = (
    "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)
END_META = "DELETE FROM meta WHERE key = ?"


def span(prefix: str) -> tuple[str, str]:
    """What stands before and after all keys of a prefix, "held/"."""
    assert prefix.endswith("/")
    return prefix, prefix[:-1] + "0"


def meta_of(con: sqlite3.Connection, key: str) -> str | None:
    """A value; None when there is none."""
    row = con.execute(META, (key,)).fetchone()
    return None if row is None else str(row[0])


def set_meta(con: sqlite3.Connection, values: Mapping[str, str | None]) -> None:
    """Write values inside a transaction of the caller; None takes one away."""
    for key, value in values.items():
        if value is None:
            con.execute(END_META, (key,))
        else:
            con.execute(SET_META, (key, value))
