"""Users who go from one engine's store to another's: where each one is, and taking out who has left.

A hand-over has a number, which counts up over all engines; who writes the next one's object first has it. So
a store that has come back from a copy, and believes that it still has a user, loses at its next hand-over.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.errors import StoreError
from studio.store.away import Handover, set_handover
from studio.store.connect import connect_reader, translate
from studio.store.erase import take_out
from studio.store.lock import alone_on
from studio.store.meta import set_meta
from studio.store.schema import SEED
from studio.store.sqlite import Store

LEFT_IN_INBOX = """
SELECT count(*) FROM inbox WHERE kind = 'event' AND json_valid(body) AND json_extract(body, '$.user') = ?
"""

ANY_USER = "SELECT 1 FROM users LIMIT 1"


def note_handover(path: Path, user: str, handover: Handover) -> None:
    """Keep where a user is; durable on return.

    Raises:
        StoreLocked: an engine runs on the store.
        StoreError: it cannot be written.
    """
    with _changing(path) as con:
        if handover.state == "leaving":
            (left,) = con.execute(LEFT_IN_INBOX, (user,)).fetchone()
            if left:
                raise StoreError(
                    f"{left:,} events of {user!r} wait in the inbox",
                    where=str(path),
                    fix="Let an engine take them first.",
                    advice="start an engine",
                )
        set_handover(con, user, handover)


def let_go(path: Path, user: str, handover: Handover) -> None:
    """Take a user out of the store, who is elsewhere from here on: both, or nothing.

    Raises:
        StoreLocked: an engine runs on the store.
        StoreError: it cannot be written.
    """
    with _changing(path) as con:
        take_out(con, user)
        set_handover(con, user, handover)


@contextmanager
def _changing(path: Path) -> Iterator[sqlite3.Connection]:
    """One transaction on a store on which no engine runs."""
    store = Store(path)
    try:
        with alone_on(path), store.transaction() as con:
            yield con
    finally:
        store.close()


def has_user(path: Path, user: str) -> bool:
    """Whether a store has a user."""
    con = connect_reader(path)
    try:
        return bool(con.execute("SELECT 1 FROM users WHERE name = ?", (user,)).fetchone())
    except sqlite3.Error as error:
        raise translate(error, path) from error
    finally:
        con.close()


def share_salt(path: Path, salt: str, seed: str | None) -> None:
    """See that a user's open passes go on here as they were: idempotency keys, random and uuid.

    A store without users takes the salt over.

    Raises:
        StoreError: it has users, and another salt.
    """
    store = Store(path)
    try:
        if (store.salt, store.seed) == (salt, seed or salt):
            return
        if store.rows(ANY_USER):
            raise StoreError(
                "the engines' stores have different salts: steps would have other idempotency keys here",
                where=str(path),
                fix="Begin the second engine's store by taking over a user: it takes over the salt then.",
            )
        with store.transaction() as con:
            set_meta(con, {"salt": salt, SEED: seed})
    finally:
        store.close()
