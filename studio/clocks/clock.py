"""Time as the engine sees it: the wall's, or a virtual one that is moved by hand.

Moments are whole milliseconds since 1970, UTC.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol

LAST_MOMENT = 253_402_300_799_999
"""The end of the year 9999, where datetime ends."""


def wall_ms() -> int:
    """The time of day, milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


class Clock(Protocol):
    """What the engine asks for the time."""

    virtual: bool
    """True when time passes only when it is moved."""

    def now(self) -> int:
        """This moment. Never less than an earlier answer."""

    def move(self, to: int) -> None:
        """Go to a later moment; an earlier one changes nothing."""

    def adopt(self, state: dict[str, Any], last_at: int) -> None:
        """Go on where a store's clock stood.

        Args:
            state: what `state` gave when the store was last written, or {}.
            last_at: the last moment that the store has seen.
        """

    def state(self) -> dict[str, Any]:
        """What others need to tell the time of this clock: "virtual" and "at", or "ahead"."""


class WallClock:
    """The time of day, made monotonic.

    It follows the time of day, also when that jumps ahead (a laptop that slept, a clock
    that was put right). When that is set back it goes on at half speed, by the monotonic
    clock, until the two agree: so a clock that is set never freezes a journey and never
    serves a moment twice.
    """

    virtual = False

    def __init__(self) -> None:
        self._ahead = 0
        self._lock = threading.Lock()
        self._mark = time.monotonic_ns()
        self._at = float(self._wall())

    def now(self) -> int:
        with self._lock:
            mark = time.monotonic_ns()
            passed = (mark - self._mark) / 1e6
            self._mark = mark
            wall = self._wall()
            # The very time of day, for other processes stamp their events by it; while ahead
            # of it, half of what has passed.
            self._at = max(wall, self._at + passed / 2)
            return int(self._at)

    def move(self, to: int) -> None:
        with self._lock:
            self._at = max(self._at, to)

    def adopt(self, state: dict[str, Any], last_at: int) -> None:
        """Stay ahead of the time of day by as much as the store's clock was."""
        with self._lock:
            self._ahead = int(state.get("ahead", 0))
            # A store whose time was moved by hand goes on from there, at the pace of real time.
            if last_at > self._wall() + 1000:
                self._ahead += last_at - self._wall()
            self._at = max(float(self._wall()), last_at)

    def state(self) -> dict[str, Any]:
        return {"virtual": False, "ahead": self._ahead}

    def _wall(self) -> int:
        return wall_ms() + self._ahead


class VirtualClock:
    """A clock that stands until it is moved. For tests, scripts and `play`.

    Args:
        start: the first moment; 2026-01-01 00:00 UTC when not given. A store that
            has later entries moves it on when it is opened.
    """

    virtual = True

    def __init__(self, start: datetime | int | None = None) -> None:
        if start is None:
            start = datetime(2026, 1, 1, tzinfo=UTC)
        self._at = to_ms(start) if isinstance(start, datetime) else start

    def now(self) -> int:
        return self._at

    def move(self, to: int) -> None:
        self._at = max(self._at, to)

    def turn_back(self, to: int) -> None:
        """Stand at a moment that is over: what came after it was taken back."""
        self._at = to

    def adopt(self, state: dict[str, Any], last_at: int) -> None:
        self.move(max(last_at, int(state.get("at", 0))))

    def state(self) -> dict[str, Any]:
        return {"virtual": True, "at": self._at}


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 of a moment; one without a zone is taken as UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def to_datetime(ms: int) -> datetime:
    """The moment as an aware datetime in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)


@lru_cache(maxsize=64)
def iso(ms: int) -> str:
    """A moment as text: 2026-11-24T11:30:08.120Z."""
    return to_datetime(ms).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"
