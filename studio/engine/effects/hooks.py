"""Calling `check_event` and `set_event`, outside the engine's thread and transactions."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from studio.clocks.clock import to_ms
from studio.engine.effects.hook_calls import check_by, tell_all_by, tell_by
from studio.engine.effects.hook_failures import HookFailure, hook_failure
from studio.engine.effects.reentrancy import HookCall, calling
from studio.engine.effects.timekeeper import Timekeeper
from studio.engine.effects.worker_threads import Threads
from studio.kernel.matching import meets
from studio.kernel.records import Ask
from studio.language.event import Event
from studio.language.incoming import Incoming, incoming
from studio.language.names import names
from studio.store.branches import own_id, own_prefix
from studio.store.event_outbox import EventOutbox, OutboxUnread
from studio.store.known_ids import known_ids
from studio.text import json_text as jsontext
from studio.text.source_code import error_text

THREADS = 4
"""Questions that are asked at the same time, not counting those that take long."""
LONG = 5.0
"""Seconds after which a question takes long."""
FIRST_PAUSE = 0.1
MAX_PAUSE = 60.0
"""Seconds between two tries of a `set_event` that raises."""

Complain = Callable[[str, str | None], None]
"""Takes a hook's name, and what went wrong with it; None when it works again."""
Failed = Callable[[HookFailure], None]


class CheckEventLookup:
    """Asks `check_event`, and makes events of what it knows."""

    def __init__(self, check_event: Callable[..., Any], complain: Complain, salt: str, path: Path) -> None:
        self._path = path
        self._own = own_prefix(salt)
        self._check = check_by(check_event)
        self.failed: Failed = _nobody
        """Is told each failure, in whatever thread."""
        self._complain = complain
        self._keeper = Timekeeper("journey-check-time")
        self._threads = Threads("journey-check", THREADS, self._keeper, LONG)
        self._open: set[Future[list[Incoming]]] = set()
        self._lock = threading.Lock()
        self._is_ending = False
        self.calls: set[HookCall] = set()
        """Those that have not come back."""

    @property
    def busy(self) -> bool:
        """Whether a question has no answer yet."""
        return bool(self._open)

    def ask(self, ask: Ask, heard: Callable[[Future[list[Incoming]]], None]) -> None:
        """Ask; the future gives the matching events, none when the hook fails, which is told.

        Args:
            heard: is given the future once it is done, before the question counts as answered.
        """
        future: Future[list[Incoming]] = Future()
        with self._lock:
            self._open.add(future)
        future.add_done_callback(heard)
        future.add_done_callback(self._over)
        if self._is_ending:
            # The next start asks again.
            future.cancel()
            return
        try:
            self._threads.submit(partial(self._run, future, ask))
        except RuntimeError as error:
            self._complain("check_event", f"check_event could not be asked: {error}")
            future.set_result([])

    def stop(self) -> None:
        """Let go of questions that have no answer yet."""
        self._is_ending = True
        with self._lock:
            left = list(self._open)
        for future in left:
            future.cancel()
        self._threads.stop()
        self._keeper.stop()

    def _over(self, future: Future[list[Incoming]]) -> None:
        with self._lock:
            self._open.discard(future)

    def _run(self, future: Future[list[Incoming]], ask: Ask) -> None:
        if future.set_running_or_notify_cancel():
            future.set_result(self._answer(ask))

    def _answer(self, ask: Ask) -> list[Incoming]:
        try:
            with calling("check_event", ask.user, self.calls):
                found = self._check(ask.user, ask.events, ask.match, self._known)
            events = [self._event(ask, fields) for fields in found]
        except BaseException as error:
            # Also what would end a thread: a question always has an answer.
            self._complain("check_event", f"check_event failed for {ask.user}: {error_text(error)}")
            self.failed(hook_failure("check_event", ask.user, ", ".join(ask.events), ask.wait, error))
            return []
        self._complain("check_event", None)
        return [event for event in events if event is not None]

    def _known(self, ids: Iterable[str]) -> set[str]:
        """Those that our own history has, or the family of stores that it is of."""
        wanted = list(ids)
        ours = {id for id in wanted if id.startswith(self._own)}
        return ours | known_ids(self._path, wanted)

    def _event(self, ask: Ask, fields: Mapping[str, Any]) -> Incoming | None:
        given = fields.get("id")
        if isinstance(given, str) and given.startswith(self._own):
            # It was told from here, and did not match in our history; or from a fork or the store
            # that this is a fork of, and what happens in one branch is none of another's business.
            return None
        return event_of_answer(ask, fields)


def event_of_answer(ask: Ask, fields: Mapping[str, Any]) -> Incoming | None:
    """The event that `check_event` gave; None when it is not what was asked for.

    Raises:
        EventError: it is no event.
    """
    name, data = fields.get("name"), fields.get("data") or {}
    if not isinstance(name, str) or not names(ask.events).meets(name) or not meets(ask.match, data):
        return None
    given = fields.get("id")
    if given is None:
        # Without an id of its own the same answer must still count once.
        content = jsontext.dumps([ask.user, name, data])
        given = "check:" + hashlib.blake2b(content.encode(), digest_size=12).hexdigest()
    profile = fields.get("profile")
    who = {**profile, "id": ask.user} if profile else ask.user
    return incoming(name, who, data, str(given), sent_at=_moment(fields.get("at")))


def _moment(at: Any) -> int | None:
    """When something happened elsewhere, milliseconds since 1970, UTC."""
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
    return to_ms(at) if isinstance(at, datetime) else at


class SetEventOutbox:
    """Tells `set_event`, or `set_events`, every event once it is durable, in order, at least once.

    Args:
        many: `set_event` takes several at once.
    """

    def __init__(
        self,
        set_event: Callable[..., Any],
        path: Path,
        delivered: int,
        complain: Complain,
        salt: str,
        *,
        many: bool = False,
    ) -> None:
        self._salt = salt
        self._set: Callable[[Any], None] = tell_all_by(set_event) if many else tell_by(set_event)
        self._many = many
        self.failed: Failed = _nobody
        """Is told the first failure of each event, in the thread that tells."""
        self._blamed = 0
        self._path = path
        self._complain = complain
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._over = threading.Event()
        self.delivered = delivered
        """seq of the newest event that it has taken."""
        self.calls: set[HookCall] = set()
        """The one that has not come back."""
        self._thread = threading.Thread(target=self._tell, name="journey-set-event", daemon=True)

    def start(self) -> None:
        """Begin, with what it was not told before the last stop."""
        self._thread.start()
        self._wake.set()

    def wake(self) -> None:
        """There may be new events."""
        self._wake.set()

    def stop(self, timeout: float = 2.0) -> None:
        """Tell what there is, as far as that can be done in so many seconds, then end."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout)
        self._over.set()

    def let_go(self) -> None:
        """End after the event that is being told: the next start goes on behind the last that was."""
        self._over.set()
        self._stopping.set()
        self._wake.set()

    def _tell(self) -> None:
        outbox = EventOutbox(self._path)
        pause, ending = FIRST_PAUSE, False
        while not ending:
            self._wake.wait()
            self._wake.clear()
            ending = self._stopping.is_set()
            try:
                while not self._over.is_set() and (rows := outbox.after(self.delivered)):
                    events = [
                        Event(name, user, at, data, id or own_id(self._salt, branches, seq), seq)
                        for seq, at, name, user, data, id, branches in rows
                    ]
                    for part in [events] if self._many else [[event] for event in events]:
                        if self._over.is_set():
                            break
                        more = f" and {len(part) - 1:,} more" if len(part) > 1 else ""
                        with calling("set_event", f"{part[0].name} of {part[0].user}{more}", self.calls):
                            self._tell_part(part)
                        self.delivered = part[-1].seq
                        self._complain("set_event", None)
                pause = FIRST_PAUSE
            except BaseException as error:
                # Also what would end a thread, or a hook that was cancelled: what was not told is told later.
                what = f"set_event failed and is tried again: {error_text(error)}"
                if isinstance(error, OutboxUnread):
                    what = f"what set_event is to be told cannot be read just now: {error.__cause__}"
                self._complain("set_event", what)
                if not ending:
                    # A stop ends the pause, and it is tried once more.
                    self._stopping.wait(pause)
                    pause = min(pause * 2, MAX_PAUSE)
                    self._wake.set()
        outbox.close()

    def _tell_part(self, part: list[Event]) -> None:
        event = part[0]
        try:
            self._set(part if self._many else event)
        except BaseException as error:
            if event.seq != self._blamed:
                # It is tried again for as long as it takes, and has failed but once.
                self._blamed = event.seq
                self.failed(hook_failure("set_event", event.user, event.name, event.seq, error))
            raise


def _nobody(_: HookFailure) -> None:
    """No engine runs yet."""
