"""Which users of a store were handed over to another engine, or are about to come."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from studio.errors import EventError
from studio.language.incoming import Incoming
from studio.store.capabilities import HAS_META
from studio.store.connect import connect_reader, translate
from studio.store.meta import ANY_UNDER, meta_of, set_meta, span

HANDED = "handover/"
"""meta: where a user is, by a digest of the user's id; JSON: number, state, token."""

State = Literal["here", "leaving", "arriving", "away"]


@dataclass(frozen=True, slots=True)
class Handover:
    """The newest hand-over of a user that a store knows of."""

    number: int
    state: State
    """leaving, arriving: it was begun, and may have been cut off."""
    token: str = ""
    """What tells the own object from another engine's, when it is done again."""


def _key(user: str) -> str:
    # Without the salt, which a store without users takes over with the first who comes.
    return HANDED + hashlib.sha256(user.encode()).hexdigest()


def handover_of(path: Path, user: str) -> Handover:
    """Where a user is; of one who was never handed over, here and number 0.

    Raises:
        StoreError: the store cannot be read.
    """
    if not path.exists():
        return Handover(0, "here")
    con = connect_reader(path)
    try:
        return _handover_of(con, user)
    except sqlite3.Error as error:
        raise translate(error, path) from error
    finally:
        con.close()


def _handover_of(con: sqlite3.Connection, user: str) -> Handover:
    text = meta_of(con, _key(user)) if con.execute(HAS_META).fetchone() else None
    return Handover(0, "here") if text is None else Handover(*json.loads(text))


def set_handover(con: sqlite3.Connection, user: str, handover: Handover) -> None:
    """Keep where a user is, inside a transaction of the caller."""
    set_meta(con, {_key(user): json.dumps([handover.number, handover.state, handover.token])})


def refuse_away(path: Path, events: Iterable[Incoming]) -> None:
    """Refuse events of users who are not here any more: a journey would begin a second time.

    Raises:
        EventError: names the first of them.
        StoreError: the store cannot be read.
    """
    if not path.exists() or path.stat().st_size == 0:
        return
    con = connect_reader(path)
    try:
        refuse_away_in(con, path, events)
    except sqlite3.Error as error:
        raise translate(error, path) from error
    finally:
        con.close()


def refuse_away_in(con: sqlite3.Connection, path: Path, events: Iterable[Incoming]) -> None:
    """As `refuse_away`, inside a transaction of the caller: nobody is handed over meanwhile."""
    if not has_handovers(con):
        return
    for user in dict.fromkeys(event.user for event in events):
        if _handover_of(con, user).state != "here":
            raise EventError(
                f"{user!r} was handed over to another engine", where=str(path), fix="Send it there."
            )


def is_away(meta: Callable[[str], str | None], user: str) -> bool:
    """Whether a user is not here any more.

    Args:
        meta: what a store's `meta` has under a key.
    """
    text = meta(_key(user))
    return text is not None and Handover(*json.loads(text)).state != "here"


def has_handovers(con: sqlite3.Connection) -> bool:
    """Whether any user was ever handed over from or to a store."""
    return bool(con.execute(HAS_META).fetchone() and con.execute(ANY_UNDER, span(HANDED)).fetchone())


def forget_handover(con: sqlite3.Connection, user: str) -> None:
    """Keep nothing of a user's hand-overs, inside a transaction of the caller."""
    set_meta(con, {_key(user): None})
