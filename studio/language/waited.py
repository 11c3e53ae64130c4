"""What a wait gave: the events that ended it, read when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic, cast

from studio.language.event import Event

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    E = TypeVar("E", default=Event)
else:
    from typing import TypeVar

    E = TypeVar("E")


class Waited(Generic[E]):
    """What a wait gave. True when something matched, False when its time ran out.

    Of a wait for the type of an event it has objects of that type, else events.
    """

    __slots__ = ("_count", "_events", "_load", "_made", "_read", "timed_out")

    def __init__(
        self, count: int = 0, load: Callable[[int | None], list[Event]] | None = None, *, over: bool = True
    ) -> None:
        self._count = count
        self._load = load
        self._events: list[Event] | None = None
        self._read: Callable[[Event], Any] | None = None
        self._made: list[E] | None = None
        self.timed_out = over and count == 0
        """True when the time ran out; False for a member of `wait_any` that had not ended."""

    def reads(self, read: Callable[[Event], Any]) -> Waited[Any]:
        """Give what a function makes of each event, from here on."""
        self._read = read
        return self

    @property
    def result(self) -> list[E] | None:
        """All that matched up to the moment it resolved, oldest first; None when there was nothing."""
        events = self.events
        if events is None or self._read is None:
            return cast("list[E] | None", events)
        if self._made is None:
            self._made = [self._read(event) for event in events]
        return self._made

    @property
    def first(self) -> E | None:
        """The oldest that matched."""
        event = self.first_event
        return cast("E | None", event if event is None or self._read is None else self._read(event))

    @property
    def first_event(self) -> Event | None:
        """The oldest that matched, as an event."""
        if not self._count:
            return None
        if self._events is None and self._load is not None:
            return self._load(1)[0]
        return self._events[0] if self._events else None

    @property
    def events(self) -> list[Event] | None:
        """All that matched as events, with `.name`, `.at` and `.id`; None when there was nothing."""
        if not self._count:
            return None
        if self._events is None:
            assert self._load is not None
            self._events = self._load(None)
        return self._events

    def __bool__(self) -> bool:
        return self._count > 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[E]:
        return iter(self.result or ())

    def __getitem__(self, index: int) -> E:
        return (self.result or [])[index]

    def __repr__(self) -> str:
        return f"Waited({self._count} events)" if self._count else f"Waited(timed_out={self.timed_out})"
