"""Which events journeys have sent, as an answer that an assert can show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from studio.clocks import durations
from studio.language.event import Event


class Sent(Sequence[Event]):
    """The events that journeys sent and a question meant. True when there are as many as asked for."""

    def __init__(self, pattern: str, events: Sequence[Event], times: int | None, start: int) -> None:
        self.pattern = pattern
        self.times = times
        """How many were asked for; None is any, but at least one."""
        self._events = events
        self._start = start

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | Sequence[Event]:
        return self._events[index]

    def __len__(self) -> int:
        return len(self._events)

    def __bool__(self) -> bool:
        return bool(self._events) if self.times is None else len(self._events) == self.times

    def __repr__(self) -> str:
        at = ", ".join(f"+{durations.show(event.at_ms - self._start)}" for event in self._events)
        asked = "" if self.times is None else f", not {self.times} times" if not self else " as asked"
        return f"<{self.pattern} was sent {len(self)} times{asked}{': ' if at else ''}{at}>"
