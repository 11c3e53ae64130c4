"""The events that `set_event` is still to be told, read in the order of the history."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple

from studio.language.kinds import Kind
from studio.store.connect import connect_reader
from studio.store.database import Durability, open_database
from studio.store.meta import meta_of

UNTOLD = f"""
SELECT h.seq, h.at, n.text, u.name, h.data, h.id, (SELECT value FROM meta WHERE key = 'branches')
FROM history h JOIN names n ON n.id = h.name JOIN users u ON u.id = h.user
WHERE h.seq > ? AND h.kind = {Kind.EVENT} ORDER BY h.seq LIMIT 500
"""


class UntoldEvent(NamedTuple):
    """An event, as `set_event` is told it."""

    seq: int
    at: int
    name: str
    user: str
    data: str | None
    id: str | None
    branches: str | None
    """meta: where the branches of the store begin (`branches.py`)."""


class OutboxUnread(Exception):
    """SQLite could not read what is to be told; the cause says why."""


class EventOutbox:
    """A reader of its own, opened at the first question. Belongs to the thread that asks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._con: sqlite3.Connection | None = None

    def after(self, seq: int) -> list[UntoldEvent]:
        """The next events after an entry, at most 500.

        Raises:
            StoreError: the store cannot be opened.
            OutboxUnread: it cannot be read.
        """
        if self._con is None:
            self._con = connect_reader(self._path)
        try:
            return [UntoldEvent(*row) for row in self._con.execute(UNTOLD, (seq,)).fetchall()]
        except sqlite3.Error as error:
            raise OutboxUnread from error

    def close(self) -> None:
        """Let the connection go."""
        if self._con is not None:
            self._con.close()


class HookState(NamedTuple):
    """What a store keeps for the hooks of its engine."""

    delivered: int
    """seq of the newest event that `set_event` has taken."""
    salt: str


def hook_state(path: Path, durability: Durability) -> HookState:
    """Read it, of a store that is made when missing.

    Raises:
        StoreError: the store cannot be opened or written.
    """
    con = open_database(path, durability)
    try:
        return HookState(int(meta_of(con, "told") or 0), meta_of(con, "salt") or "")
    finally:
        con.close()
