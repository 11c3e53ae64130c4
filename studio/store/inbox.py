"""What other processes do with a store: add events, and ask a running engine for acts.

They append to `inbox`; the engine alone writes the history. Each row is stamped with
the store's time after its writer holds the write lock, so that no event is older than
a deadline that the engine has served already.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout

from studio.clocks.adjustable_clock import moment
from studio.clocks.clock import WallClock, wall_ms
from studio.errors import JourneyError, StoreError
from studio.language.incoming import Incoming, incoming
from studio.store.away import refuse_away_in
from studio.store.capabilities import FEATURE_OF, require
from studio.store.changes import ADD_ANSWER, END_INBOX
from studio.store.connect import connect_reader, translate
from studio.store.damage import read_fields
from studio.store.database import open_database
from studio.store.sqlite import Store
from studio.store.wake_pipe import wake_engine
from studio.text import json_text as jsontext

ADD = "INSERT INTO inbox (at, kind, body) VALUES (?, ?, ?)"
INBOX = "SELECT id, at, kind, body FROM inbox ORDER BY id LIMIT ?"
ANSWER = "SELECT body FROM answers WHERE id = ?"

EVENT = "event"
JUMP = "jump"
"""In the answer to "clock.jump": the number of the request, by which `answer_to` finds how it ends."""
JUMP_ENDED = "ended"
"""In the second answer: "there", or "stopped" before its goal."""


class InboxRow(NamedTuple):
    """What another process asks for."""

    id: int
    at: int
    """When it was sent, ms since 1970, UTC, by the store's clock."""
    kind: str
    """"event", or the name of a command."""
    body: str
    """JSON."""


def queued(store: Store, limit: int) -> list[InboxRow]:
    """What stands in the inbox, oldest first."""
    return store.typed(InboxRow, INBOX, limit)


def answer(con: sqlite3.Connection, id: int, result: dict[str, Any]) -> None:
    """Take a command from the inbox and answer it, inside a transaction of the caller.

    Args:
        result: what came of it.
    """
    con.execute(END_INBOX, (id,))
    con.execute(ADD_ANSWER, (id, wall_ms(), json.dumps({"ok": True, **result})))


def lock_path(path: Path) -> Path:
    """The file whose lock the running engine holds."""
    # A link to a store is the same store.
    path = path.resolve()
    return path.with_name(path.name + ".lock")


def engine_of(path: str | Path) -> tuple[int, int] | None:
    """The engine that runs on a store: its process id and since when (ms since 1970), or None."""
    path = Path(path)
    if not path.exists() or not lock_path(path).exists():
        return None
    try:
        with FileLock(lock_path(path), timeout=0):
            return None
    except Timeout:
        return _who(path)
    except OSError:
        # Without the right to lock it nobody here can run an engine either.
        return None


def _who(path: Path) -> tuple[int, int]:
    # Not `connect(path)`, which would make a file where one was removed in this moment.
    con = connect_reader(path)
    try:
        row = con.execute("SELECT value FROM meta WHERE key = 'engine'").fetchone()
    except sqlite3.Error as error:
        raise translate(error, path) from error
    finally:
        con.close()
    fields = read_fields(row[0] if row else None, "its engine")
    return fields.get("pid", 0), fields.get("since", 0)


def send(path: str | Path, events: Sequence[Incoming], timeout: float = 5.0) -> int:
    """Append events to the inbox of a store, which is made when missing; durable on return.

    Args:
        timeout: seconds to wait for the write lock.

    Returns:
        How many were added.

    Raises:
        NotOffered: its journeys are carried on elsewhere, and nobody would take the events.
        EventError: one of the users was handed over to another engine.
        StoreError: the store cannot be opened or written.
    """
    require(path, "send")
    rows = [(EVENT, encode(event)) for event in events]
    _add(Path(path), rows, timeout, events)
    return len(rows)


def ask(path: str | Path, command: str, body: dict[str, Any], timeout: float = 5.0) -> dict[str, Any]:
    """Ask a running engine for an act and wait for its answer.

    Args:
        command: "cancel", "resume" or "restart"; "pause" or "unpause"; "clock.pause", "clock.run",
            "clock.speed", "clock.jump", "clock.stop_jump"; "time_out"; "reload", "stop_reload"; those of
            going back.
        timeout: seconds to wait for the answer.

    Raises:
        NotOffered: the driver of the journeys cannot do it.
        JourneyError: the engine refused, with its words.
        StoreError: no engine runs, or it did not answer in time.
    """
    path = Path(path)
    if (feature := FEATURE_OF.get(command)) is not None:
        require(path, feature)
    if engine_of(path) is None:
        # Left in the inbox it would be done by an engine that starts much later.
        raise StoreError("no engine runs", where=str(path), fix="Start one.", advice="start an engine")
    number = _add(path, [(command, json.dumps(body))], timeout)
    con = connect_reader(path)
    try:
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if (found := _find(con, number)) is not None:
                return found
            time.sleep(0.01)
    except sqlite3.Error as error:
        raise translate(error, path) from error
    finally:
        con.close()
    raise StoreError(
        f"the engine did not answer within {timeout:g} s", where=str(path), fix="The act stays in its inbox."
    )


def answer_to(path: str | Path, number: int) -> dict[str, Any] | None:
    """The newest answer to what was asked under a number; None when there is none, or none any more.

    Raises:
        JourneyError: the engine refused, with its words.
        StoreError: the store cannot be read.
    """
    path = Path(path)
    con = connect_reader(path)
    try:
        return _find(con, number)
    except sqlite3.Error as error:
        raise translate(error, path) from error
    finally:
        con.close()


def _find(con: sqlite3.Connection, number: int) -> dict[str, Any] | None:
    row = con.execute(ANSWER, (number,)).fetchone()
    if row is None:
        return None
    answer: dict[str, Any] = json.loads(row[0])
    if "error" in answer:
        raise _refusal(answer)
    return answer


def _refusal(answer: dict[str, Any]) -> JourneyError:
    if "what" not in answer:
        return JourneyError(answer["error"])
    return JourneyError(answer["what"], where=answer["where"], fix=answer["fix"], advice=answer.get("advice"))


def encode(event: Incoming) -> str:
    """An event as a row of the inbox holds it."""
    fields = {
        "name": event.name,
        "user": event.user,
        "data": event.text,
        "id": event.id,
        "profile": event.profile,
        "sent_at": event.sent_at,
        "extra": event.extra,
    }
    return json.dumps({name: value for name, value in fields.items() if value is not None})


def decode(body: str) -> Incoming:
    """The event of a row of the inbox, checked again: any program may have written it.

    Raises:
        ValueError: the row is no event.
        EventError: the event may not be stored.
    """
    fields = json.loads(body)
    if not isinstance(fields, dict):
        raise ValueError("it is not an object")
    user: Any = fields.get("user", "")
    profile, extra = (_object(fields, name) for name in ("profile", "extra"))
    if profile:
        user = {**profile, "id": user}
    return incoming(
        fields.get("name", ""),
        user,
        _object(fields, "data"),
        fields.get("id"),
        sent_at=fields.get("sent_at"),
        extra=extra,
    )


def _object(fields: dict[str, Any], name: str) -> Any:
    text = fields.get(name)
    if text is None:
        return None
    if not isinstance(text, str):
        raise ValueError(f"its {name} is not text")
    return jsontext.loads(text)


def _add(path: Path, rows: list[tuple[str, str]], timeout: float, events: Sequence[Incoming] = ()) -> int:
    con = open_database(path)
    try:
        con.execute(f"PRAGMA busy_timeout = {int(timeout * 1000)}")
        con.execute("BEGIN IMMEDIATE")
        refuse_away_in(con, path, events)
        at = stamp(con)
        number = 0
        for kind, body in rows:
            number = con.execute(ADD, (at, kind, body)).lastrowid or 0
        con.execute("COMMIT")
    except sqlite3.Error as error:
        raise translate(error, path) from error
    finally:
        con.close()
    wake_engine(path)
    return number


def stamp(con: sqlite3.Connection) -> int:
    """The store's time: real time, unless its clock stands elsewhere."""
    row = con.execute("SELECT value FROM meta WHERE key = 'clock'").fetchone()
    state = read_fields(row[0] if row else None, "its clock")
    return moment(state, WallClock().now())
