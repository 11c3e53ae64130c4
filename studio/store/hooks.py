"""Where the event history may also live: your database, an object store, memory.

`set_event` is told every event after it is durable here, at least once. `check_event`
is asked when a wait opens and our own history has no match; what it gives is first
appended here as an event, then it answers the wait as usual (DESIGN rule 19).
Both may be plain or async functions.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from studio.language.event import Event
from studio.language.names import names


class SetEvent(Protocol):
    """Takes an event that is durable here. May be told the same one again: look at its `id`."""

    def __call__(self, event: Event, /) -> Awaitable[None] | None: ...


class SetEvents(Protocol):
    """Takes events that are durable here, several at once, in the order of the history. May be told again."""

    def __call__(self, events: Sequence[Event], /) -> Awaitable[None] | None: ...


Known = Callable[[Iterable[str]], "set[str]"]
"""Gives those of these ids that our own history has."""


class CheckEvent(Protocol):
    """Looks for events elsewhere."""

    def __call__(
        self, user: str, events: tuple[str, ...], match: Mapping[str, Any] | None, /
    ) -> Awaitable[Iterable[Mapping[str, Any]] | None] | Iterable[Mapping[str, Any]] | None:
        """Look for events of a user.

        Args:
            user: the user's id.
            events: the names that are waited for; `*` stands for any run of characters.
            match: fields that must agree, None for none.

        Returns:
            Events as mappings with "name", "data" and, so that they count once, "id"; or None. "at", when it
            happened there (milliseconds since 1970, UTC, a datetime or ISO text), is kept as `sent_at`;
            "profile", what is known of the user, is taken into the user's profile.
        """
        ...


class CheckEventKnowing(Protocol):
    """`CheckEvent` for a function that also takes `known`, so that it need not fetch what is here."""

    def __call__(
        self, user: str, events: tuple[str, ...], match: Mapping[str, Any] | None, /, *, known: Known
    ) -> Awaitable[Iterable[Mapping[str, Any]] | None] | Iterable[Mapping[str, Any]] | None: ...


class EventStore(Protocol):
    """Both hooks over one place where events live: an object store, a database."""

    @property
    def check_event(self) -> CheckEvent | CheckEventKnowing:
        """Looks there."""

    @property
    def set_events(self) -> SetEvents:
        """Keeps there."""


class SetEventByKeywords(Protocol):
    """`SetEvent` for a function that is called by keywords."""

    def __call__(self, *, user: str, data: Mapping[str, Any], event: str) -> Awaitable[None] | None: ...


class CheckEventByKeywords(Protocol):
    """`CheckEvent` for a function that is called by keywords, once for each name."""

    def __call__(self, *, user: str, data: Mapping[str, Any], event: str) -> Any:
        """Look for events of a user and of one name.

        Args:
            user: the user's id.
            data: fields that must agree; empty for none.
            event: the name that is waited for.

        Returns:
            Events as from `CheckEvent`, or one; a mapping without "name", "event" and "data" is the
            event's data.
        """
        ...


class MemoryEvents:
    """Both hooks over a list in memory: an example to write your own from, and for tests."""

    def __init__(self) -> None:
        self._events: dict[str, dict[str, Mapping[str, Any]]] = {}
        self._lock = threading.Lock()

    def set_event(self, event: Event) -> None:
        """Keep an event; one that is told twice is kept once."""
        kept = {"id": event.id, "name": event.name, "data": event.data, "at": event.at_ms}
        with self._lock:
            self._events.setdefault(event.user, {})[event.id or str(event.seq)] = kept

    def check_event(
        self, user: str, events: tuple[str, ...], match: Mapping[str, Any] | None
    ) -> list[Mapping[str, Any]]:
        """The events kept for this user and these names; the engine looks at the match itself."""
        wanted = names(events)
        with self._lock:
            return [event for event in self._events.get(user, {}).values() if wanted.meets(event["name"])]
