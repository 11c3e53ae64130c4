"""What a wait gave: the events that ended it, read when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from studio.language.event import Event


class Waited:
    """What a wait gave. True when something matched, False when its time ran out."""

    __slots__ = ("_count", "_events", "_load", "timed_out")

    def __init__(
        self, count: int = 0, load: Callable[[int | None], list[Event]] | None = None, *, over: bool = True
    ) -> None:
        self._count = count
        self._load = load
        self._events: list[Event] | None = None
        self.timed_out = over and count == 0
        """True when the time ran out; False for a member of `wait_any` that had not ended."""

    @property
    def result(self) -> list[Event] | None:
        """All matching events up to the moment it resolved, oldest first; None when there was none."""
        if not self._count:
            return None
        if self._events is None:
            assert self._load is not None
            self._events = self._load(None)
        return self._events

    @property
    def first(self) -> Event | None:
        """The oldest matching event."""
        if not self._count:
            return None
        if self._events is None and self._load is not None:
            return self._load(1)[0]
        return self._events[0] if self._events else None

    def __bool__(self) -> bool:
        return self._count > 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Event]:
        return iter(self.result or ())

    def __getitem__(self, index: int) -> Event:
        return (self.result or [])[index]

    def __repr__(self) -> str:
        return f"Waited({self._count} events)" if self._count else f"Waited(timed_out={self.timed_out})"
