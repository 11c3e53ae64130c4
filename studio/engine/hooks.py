"""Calling `check_event` and `set_event`, outside the engine's thread and transactions."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import sqlite3
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from studio import jsontext
from studio.engine.answers import Ask
from studio.engine.matching import meets
from studio.event import Event
from studio.incoming import Incoming, incoming
from studio.names import names
from studio.store.branches import own_id, own_prefix
from studio.store.connect import connect_reader

TOLD = """
SELECT h.seq, h.at, n.text, u.name, h.data, h.id, (SELECT value FROM meta WHERE key = 'branches')
FROM history h JOIN names n ON n.id = h.name JOIN users u ON u.id = h.user
WHERE h.seq > ? AND h.kind = 1 ORDER BY h.seq LIMIT 500
"""
MAX_PAUSE = 60.0
"""Seconds between two tries of a `set_event` that raises."""

Complain = Callable[[str, str | None], None]
"""Takes a hook's name, and what went wrong with it; None when it works again."""


class Asker:
    """Asks `check_event`, and makes events of what it knows."""

    def __init__(self, check_event: Callable[..., Any], complain: Complain, salt: str) -> None:
        self._own = own_prefix(salt)
        self._check = check_event
        self._complain = complain
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="journey-check")
        self._open = 0
        self._lock = threading.Lock()

    @property
    def busy(self) -> bool:
        """Whether a question has no answer yet."""
        return self._open > 0

    def ask(
        self, ask: Ask, heard: Callable[[Future[list[Incoming]]], None] | None = None
    ) -> Future[list[Incoming]]:
        """Ask; the future gives the matching events, none when the hook fails, which is told.

        Args:
            heard: is given the future once it is done, before the question counts as answered.
        """
        with self._lock:
            self._open += 1
        future = self._pool.submit(self._answer, ask)
        if heard is not None:
            future.add_done_callback(heard)
        future.add_done_callback(self._over)
        return future

    def stop(self) -> None:
        """Let go of questions that have no answer yet."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _over(self, _: Future[list[Incoming]]) -> None:
        with self._lock:
            self._open -= 1

    def _answer(self, ask: Ask) -> list[Incoming]:
        try:
            found = _settle(self._check(ask.user, ask.events, ask.match)) or ()
            events = [self._event(ask, fields) for fields in found]
        except BaseException as error:
            # Also what would end a thread: a question always has an answer.
            self._complain(
                "check_event", f"check_event failed for {ask.user}: {type(error).__name__}: {error}"
            )
            return []
        self._complain("check_event", None)
        return [event for event in events if event is not None]

    def _event(self, ask: Ask, fields: Mapping[str, Any]) -> Incoming | None:
        name, data = fields.get("name"), fields.get("data") or {}
        if not isinstance(name, str) or not names(ask.events).meets(name) or not meets(ask.match, data):
            return None
        given = fields.get("id")
        if isinstance(given, str) and given.startswith(self._own):
            # It was told from here, and did not match in our history; or from a fork or the store
            # that this is a fork of, and what happens in one branch is none of another's business.
            return None
        if given is None:
            # Without an id of its own the same answer must still count once.
            content = jsontext.dumps([ask.user, name, data])
            given = "check:" + hashlib.blake2b(content.encode(), digest_size=12).hexdigest()
        return incoming(name, ask.user, data, str(given))


class Teller:
    """Tells `set_event` every event once it is durable, in order, at least once."""

    def __init__(
        self, set_event: Callable[[Event], Any], path: Path, told: int, complain: Complain, salt: str
    ) -> None:
        self._salt = salt
        self._set = set_event
        self._path = path
        self._complain = complain
        self._wake = threading.Event()
        self._stopping = False
        self.told = told
        """seq of the newest event that it has taken."""
        self._thread = threading.Thread(target=self._tell, name="journey-set-event", daemon=True)

    def start(self) -> None:
        """Begin, with what it was not told before the last stop."""
        self._thread.start()
        self._wake.set()

    def wake(self) -> None:
        """There may be new events."""
        self._wake.set()

    def stop(self, timeout: float = 5.0) -> None:
        """Tell what there is, then end."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _tell(self) -> None:
        con: sqlite3.Connection | None = None
        pause = 0.1
        while True:
            self._wake.wait()
            self._wake.clear()
            try:
                con = con or connect_reader(self._path)
                while rows := con.execute(TOLD, (self.told,)).fetchall():
                    for seq, at, name, user, data, id, branches in rows:
                        id = id or own_id(self._salt, branches, seq)
                        _settle(self._set(Event(name, user, at, data, id, seq)))
                        self.told = seq
                        self._complain("set_event", None)
                pause = 0.1
            except Exception as error:
                self._complain(
                    "set_event", f"set_event failed and is tried again: {type(error).__name__}: {error}"
                )
                if not self._stopping:
                    threading.Event().wait(pause)
                    pause = min(pause * 2, MAX_PAUSE)
                    self._wake.set()
            if self._stopping:
                break
        if con is not None:
            con.close()


def _settle(value: Any) -> Any:
    """The value, awaited where the hook is async."""
    if inspect.isawaitable(value):
        return asyncio.run(_wait(value))
    return value


async def _wait(value: Any) -> Any:
    return await value
