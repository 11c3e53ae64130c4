"""Keeping refused events aside, and sending them again, as any process may do with a store.

As with the inbox, a row is stamped with the store's time after its writer holds the write lock. What is sent
again goes through the inbox, in the very transaction that takes it from here: both, or nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from studio.language.incoming import Incoming
from studio.store.capabilities import declared_by
from studio.store.connect import translate
from studio.store.database import open_database
from studio.store.inbox import ADD, EVENT, encode, stamp
from studio.store.refused import DROP, Refusal, add_refused, forget_refused, none_of
from studio.text import json_text as jsontext

WAIT = 5.0
"""Seconds to wait for the write lock."""


def keep_refused(path: Path, refusals: Sequence[Refusal], timeout: float = WAIT) -> list[int]:
    """Keep events aside; durable on return. One that is there already keeps its number.

    Args:
        timeout: seconds to wait for the write lock.

    Returns:
        The number of each.

    Raises:
        StoreError: the store cannot be opened or written.
    """
    with _writing(path, timeout) as con:
        at = stamp(con)
        return add_refused(con, [(at, refusal) for refusal in refusals])


def refused_event(event: Incoming, reason: str) -> Refusal:
    """An event that was read and is refused, as it is kept aside: a line of our own shape."""
    user: Any = event.user
    if event.profile is not None:
        user = {"id": event.user, **jsontext.loads(event.profile)}
    line = {"event": event.name, "user": user, "data": jsontext.loads(event.text)}
    if event.id is not None:
        line["id"] = event.id
    return Refusal(jsontext.dumps(line), reason, event.user, event.name)


def send_again(path: Path, number: int, events: Sequence[Incoming], timeout: float = WAIT) -> None:
    """Put events into the inbox in the place of one that is kept aside: both, or nothing.

    Raises:
        NotOffered: the store's journeys are carried on elsewhere.
        StoreError: there is none of this number, or the store cannot be written.
    """
    with _writing(path, timeout) as con:
        declared_by(con).require("send", path)
        if con.execute(DROP, (number,)).rowcount == 0:
            raise none_of(path, number)
        at = stamp(con)
        con.executemany(ADD, [(at, EVENT, encode(event)) for event in events])


def drop_refused(path: Path, number: int | None, timeout: float = WAIT) -> int:
    """Forget one, or all; gives how many.

    Raises:
        StoreError: there is none of this number, or the store cannot be written.
    """
    with _writing(path, timeout) as con:
        if number is None:
            return forget_refused(con)
        if con.execute(DROP, (number,)).rowcount == 0:
            raise none_of(path, number)
        return 1


@contextmanager
def _writing(path: Path, timeout: float) -> Iterator[sqlite3.Connection]:
    con = open_database(path)
    try:
        con.execute(f"PRAGMA busy_timeout = {int(timeout * 1000)}")
        con.execute("BEGIN IMMEDIATE")
        yield con
        con.execute("COMMIT")
    except sqlite3.Error as error:
        raise translate(error, path) from error
    finally:
        if con.in_transaction:
            con.execute("ROLLBACK")
        con.close()
