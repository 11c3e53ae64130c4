"""Events that were refused, kept aside with the reason until somebody mends and sends or drops them.

Clients that send many events at once do not send again after a refusal; so one that cannot be taken would be
lost for good. It is no history: no entry follows from it, nothing waits for it, and a rewind leaves it. So
any process writes it (`refusing.py`), as it writes the inbox.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.errors import StoreError

MOST_ROWS = 1_000
MOST_BYTES = 32 << 20
"""Of all bodies together. What is more pushes out the oldest."""
LET_GO = "refused_let_go"
"""meta: how many were pushed out so far."""

COLUMNS = "id, at, user, event, reason, size"
LIST = f"SELECT {COLUMNS} FROM refused WHERE id > ? ORDER BY id LIMIT ?"
ONE = f"SELECT {COLUMNS}, body FROM refused WHERE id = ?"
ABOUT = "SELECT at, event, reason FROM refused WHERE id = ?"
COUNT = "SELECT count(*) FROM refused"
HAS_TABLE = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'refused'"
KEEP = "INSERT INTO refused (at, size, digest, user, event, reason, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
NUMBER = "SELECT id FROM refused WHERE digest = ?"
SIZES = "SELECT id, size FROM refused ORDER BY id DESC"
DROP = "DELETE FROM refused WHERE id = ?"
DROP_BEFORE = "DELETE FROM refused WHERE at < ?"
COUNT_BEFORE = "SELECT count(*) FROM refused WHERE at < ?"
BODIES = "SELECT id, user, body FROM refused ORDER BY id"
SET_META = "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)"
GET_META = "SELECT value FROM meta WHERE key = ?"

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
MOST_SHOWN = 512
"""Characters of a user and an event, of which nobody knows how long they are."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that was refused just now."""

    body: str
    """As it was sent."""
    reason: str
    user: str | None = None
    """As far as it can be read; may be no id that could be stored."""
    event: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that is kept aside."""

    number: int
    refused_at: int
    """ms since 1970, UTC, by the store's clock."""
    user: str | None
    event: str | None
    reason: str
    size: int
    """Bytes of what was sent."""


@dataclass(frozen=True, slots=True)
class LeftAside:
    """How many are kept aside."""

    kept: int = 0
    let_go: int = 0
    """Older ones that had to go for them."""


def readable(text: object) -> str | None:
    """A user or an event as one speaks of it: without what can neither be stored nor shown."""
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        return None
    return _CONTROL.sub("", str(text)).strip()[:MOST_SHOWN] or None


def add_refused(con: sqlite3.Connection, refusals: Iterable[tuple[int, Refusal]]) -> list[int]:
    """Keep events aside, each with the moment at which it was refused, inside a transaction of the caller.

    Returns:
        The number of each. One that is there already keeps its own.
    """
    numbers = []
    for at, refusal in refusals:
        # Half of a surrogate pair cannot be stored; in JSON what stands for it is the same.
        body, reason = (text.encode("utf-8", "backslashreplace") for text in (refusal.body, refusal.reason))
        digest = _digest(body)
        row = con.execute(NUMBER, (digest,)).fetchone()
        if row is None:
            user, event = readable(refusal.user), readable(refusal.event)
            con.execute(KEEP, (at, len(body), digest, user, event, reason.decode(), body.decode()))
            row = con.execute(NUMBER, (digest,)).fetchone()
        numbers.append(int(row[0]))
    _bound(con)
    return numbers


def _digest(body: bytes) -> str:
    """What tells an event from others. Only when it was sent may differ where it is sent again."""
    try:
        call = json.loads(body)
    except (ValueError, RecursionError):
        return hashlib.sha256(body).hexdigest()
    if isinstance(call, dict):
        call.pop("sentAt", None)
        body = json.dumps(call).encode()
    return hashlib.sha256(body).hexdigest()


def _bound(con: sqlite3.Connection) -> None:
    """Let go of the oldest where there are too many. The newest stays, however large it is."""
    gone, total = [], 0
    for index, (number, size) in enumerate(con.execute(SIZES).fetchall()):
        total += size
        if index and (index >= MOST_ROWS or total > MOST_BYTES):
            gone.append((number,))
    if gone:
        con.executemany(DROP, gone)
        row = con.execute(GET_META, (LET_GO,)).fetchone()
        con.execute(SET_META, (LET_GO, str(len(gone) + (int(row[0]) if row else 0))))


def forget_refused(con: sqlite3.Connection) -> int:
    """Forget all, inside a transaction of the caller; gives how many."""
    if con.execute(HAS_TABLE).fetchone() is None:
        return 0
    con.execute("DELETE FROM meta WHERE key = ?", (LET_GO,))
    return con.execute("DELETE FROM refused").rowcount


def none_of(path: Path, number: int) -> StoreError:
    """There is no refused event of a number."""
    return StoreError(
        f"no refused event has the number {number}",
        where=str(path),
        fix="Name one that is there.",
        advice="list refused",
    )


def listed(con: sqlite3.Connection, after: int, limit: int) -> list[Refused]:
    """Those that are kept aside, the oldest first; none in a store of an older version.

    Args:
        after: the number of the last that was seen.
    """
    if con.execute(HAS_TABLE).fetchone() is None:
        return []
    return [Refused(*row) for row in con.execute(LIST, (after, limit)).fetchall()]


def one(con: sqlite3.Connection, number: int) -> tuple[Refused, str] | None:
    """One of them, and what was sent; None when there is none of this number."""
    if con.execute(HAS_TABLE).fetchone() is None:
        return None
    row = con.execute(ONE, (number,)).fetchone()
    return None if row is None else (Refused(*row[:-1]), row[-1])


def left_aside(con: sqlite3.Connection) -> LeftAside:
    """How many are kept, and how many were let go of; none in a store of an older version."""
    if con.execute(HAS_TABLE).fetchone() is None:
        return LeftAside()
    row = con.execute(GET_META, (LET_GO,)).fetchone()
    let_go = int(row[0]) if row and str(row[0]).isdecimal() else 0
    return LeftAside(int(con.execute(COUNT).fetchone()[0]), let_go)


def refused_before(con: sqlite3.Connection, at: int) -> int:
    """How many were refused before a moment; none in a store of an older version."""
    if con.execute(HAS_TABLE).fetchone() is None:
        return 0
    return int(con.execute(COUNT_BEFORE, (at,)).fetchone()[0])


def bodies(con: sqlite3.Connection) -> Iterator[tuple[int, str | None, str]]:
    """Number, user and body of each, one after the other; none in a store of an older version."""
    if con.execute(HAS_TABLE).fetchone() is None:
        return
    yield from con.execute(BODIES).fetchall()


def concerns(user: str, emails: Collection[str], subject: str | None, body: str) -> bool:
    """Whether a refused event is one of a user.

    What was refused may say who it is about in a way that cannot be read. Then it is theirs where anything in
    it is their id, as one speaks of it, or has one of their e-mails in it.

    Args:
        subject: the user of the event, as far as it can be read.
    """
    if subject is not None:
        return subject == readable(user)
    try:
        texts = [str(leaf) for leaf in _leaves(json.loads(body))]
    except (ValueError, RecursionError):
        texts = [text for text in (json.dumps(user), json.dumps(user, ensure_ascii=False)) if text in body]
        return bool(texts) or any(email in body for email in emails)
    return any(readable(text) == readable(user) or any(email in text for email in emails) for text in texts)


def _leaves(value: Any) -> Iterator[str | int | float]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
        elif each is not None and not isinstance(each, bool):
            yield each
