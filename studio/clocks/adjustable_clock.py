"""The studio's clock: real time, faster, paused, or led through a jump.

Its state is plain JSON in the store (`meta`, key "clock"), so that a restart goes on
where it stood and other processes tell the same time. It names a moment, the real time
at which it was that moment, and the rate since:

    {"ahead": A}                                    real time, A ms ahead of the time of day
    {"at": M, "real": R, "rate": N, "speed": S, "paused": B, "jump": {…}}

`speed` is what was chosen, `rate` what holds now: 0 while it is paused, led through a
jump, or no engine runs, and 1 while a step runs. Moments are whole milliseconds since
1970, UTC.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from studio.clocks.clock import WallClock

SPEEDS = (1, 10, 60, 3600)
"""Seconds that pass in a second."""


def next_speed(speed: int, by: int) -> int:
    """The speed so many steps faster or slower, or the last there is; from one that is none, the slowest."""
    at = SPEEDS.index(speed) + by if speed in SPEEDS else 0
    return SPEEDS[max(0, min(at, len(SPEEDS) - 1))]


@dataclass(frozen=True, slots=True)
class JumpState:
    """A jump that is under way."""

    start: int
    """The moment at which it began."""
    to: int
    served: int = 0
    """Deadlines that are behind it."""
    total: int = 0
    """Deadlines that it had to serve, as far as they are known."""
    at: int = 0
    """The moment up to which everything is durable; the clock itself may be ahead of it by a batch."""

    def json(self) -> dict[str, int]:
        """As the store keeps it."""
        facts = {"from": self.start, "to": self.to, "served": self.served, "total": self.total}
        return {**facts, "at": self.at}

    @property
    def percent(self) -> int:
        """How far it has come: of its deadlines and of its time, whichever is less."""
        done = min(1.0, self.served / self.total) if self.total else 1.0
        length = self.to - self.start
        passed = min(1.0, max(0, self.at - self.start) / length) if length > 0 else 1.0
        return min(99, int(100 * min(done, passed)))


@dataclass(frozen=True, slots=True)
class ClockReading:
    """How a clock stands."""

    movable: bool
    """It can be paused, sped up and moved by hand."""
    paused: bool = False
    speed: int = 1
    held: bool = False
    """A step runs, so that a faster clock goes at the pace of real time."""
    jump: JumpState | None = None

    @property
    def stands(self) -> bool:
        """No time passes by itself."""
        return self.paused or self.jump is not None


@dataclass(frozen=True, slots=True)
class ClockCourse:
    """How a clock goes: the moment from which it does, and how fast."""

    at: int
    """ms since 1970, UTC."""
    mark: int
    """The time of day when it was that moment, ms since 1970, UTC."""
    rate: int
    """Seconds that pass in a second."""
    speed: int
    """The rate that was chosen."""
    paused: bool


def moment(state: dict[str, Any], real: int) -> int:
    """The moment that a clock of this state shows.

    Args:
        real: the time of day, ms since 1970.
    """
    if state.get("virtual"):
        return int(state["at"])
    if "rate" not in state:
        return real + int(state.get("ahead", 0))
    return int(state["at"]) + max(0, real - int(state["real"])) * int(state["rate"])


def reading(state: dict[str, Any]) -> ClockReading:
    """How a clock of this state stands."""
    jump = state.get("jump")
    speed = int(state.get("speed", 1))
    return ClockReading(
        movable=bool(state.get("studio")),
        paused=bool(state.get("paused")),
        speed=speed,
        held=speed > 1 and state.get("rate") == 1,
        jump=JumpState(jump["from"], jump["to"], jump["served"], jump["total"], jump["at"]) if jump else None,
    )


class StudioClock:
    """Real time until it is paused, sped up or moved. Safe to use from any thread.

    Under way at ×1 it is the time of day and what it is ahead of that, in downtime too.
    A paused or faster clock stands while no engine runs: nobody wants to find that a
    night at ×3600 took three years.
    """

    virtual = False

    def __init__(self) -> None:
        self._real = WallClock()
        self._lock = threading.Lock()
        self._mark = self._at = self._last = self._real.now()
        self._speed = 1
        self._paused = self._held = self._stopped = False
        self._jump: JumpState | None = None

    # -- the time --------------------------------------------------------------------------

    def now(self) -> int:
        with self._lock:
            return self._now(self._real.now())

    def move(self, to: int) -> None:
        with self._lock:
            self._anchor()
            self._at = max(self._at, to)

    def seconds_until(self, due: int) -> float | None:
        """Real seconds until it shows a moment; None while no time passes."""
        with self._lock:
            left = due - self._now(self._real.now())
            return max(0, left) / 1000 / self._rate if self._rate else None

    def late(self, due: int) -> int:
        """Real milliseconds since it showed a moment: the engine's own slowness is not sped up."""
        with self._lock:
            return max(0, self._now(self._real.now()) - due) // max(1, self._rate)

    @property
    def _rate(self) -> int:
        if self._paused or self._stopped or self._jump is not None:
            return 0
        return 1 if self._held else self._speed

    def _now(self, real: int) -> int:
        self._last = max(self._last, self._at + (real - self._mark) * self._rate)
        return self._last

    def _anchor(self) -> None:
        """The present moment is where it goes on from, at whatever rate comes."""
        real = self._real.now()
        self._at, self._mark = self._now(real), real

    # -- the hand on it --------------------------------------------------------------------

    def pause(self) -> None:
        """Let no time pass; a jump under way still moves it."""
        with self._lock:
            self._anchor()
            self._paused = True

    def run(self) -> None:
        """Let time pass, at the speed that was chosen."""
        with self._lock:
            self._anchor()
            self._paused = False

    def set_speed(self, speed: int) -> None:
        """How many seconds pass in a second."""
        with self._lock:
            self._anchor()
            self._speed = speed

    def hold(self, held: bool) -> None:
        """While a step runs time passes as it does for the step: else a second of it were an hour."""
        if held != self._held:
            with self._lock:
                self._anchor()
                self._held = held

    def lead(self, jump: JumpState | None) -> None:
        """Take it through a jump, by `move`; None when that is over."""
        with self._lock:
            self._anchor()
            self._jump = jump

    def course(self) -> ClockCourse:
        """How time goes on from here, for `resume`."""
        with self._lock:
            return ClockCourse(self._at, self._mark, self._rate, self._speed, self._paused)

    def resume(self, course: ClockCourse) -> None:
        """Go on as if it had not been turned since; where it is ahead by that, from the present moment."""
        with self._lock:
            self._anchor()
            self._speed, self._paused = course.speed, course.paused
            led = course.at + (self._mark - course.mark) * course.rate
            self._at = max(self._at, led)

    def turn_back(self, to: int) -> None:
        """Stand at a moment that is over: what it was moved for came to nothing."""
        with self._lock:
            self._at = self._last = to
            self._mark = self._real.now()

    def stop(self) -> None:
        """The engine ends."""
        with self._lock:
            self._anchor()
            self._stopped = self._speed > 1

    # -- its state -------------------------------------------------------------------------

    def reading(self) -> ClockReading:
        """How it stands."""
        with self._lock:
            held = self._rate == 1 and self._speed > 1
            return ClockReading(True, self._paused, self._speed, held, self._jump)

    def adopt(self, state: dict[str, Any], last_at: int) -> None:
        with self._lock:
            self._mark = real = self._real.now()
            self._speed = state["speed"] if state.get("speed") in SPEEDS else 1
            self._paused = bool(state.get("paused"))
            self._held = self._stopped = False
            self._jump = None
            if "rate" in state and (self._paused or self._speed > 1 or state.get("jump")):
                self._at = max(int(state["at"]), last_at)
            else:
                self._at = max(real + int(state.get("ahead", 0)), last_at)
            self._last = self._at

    def state(self) -> dict[str, Any]:
        with self._lock:
            plain = {"virtual": False, "studio": True}
            if self._rate == 1 == self._speed:
                return {**plain, "ahead": self._at - self._mark}
            facts = {
                "at": self._at,
                "real": self._mark,
                "rate": self._rate,
                "speed": self._speed,
                "paused": self._paused,
            }
            return {**plain, **facts, **({"jump": self._jump.json()} if self._jump is not None else {})}


class ShownClock:
    """The clock of an engine in another process, told by the state that it keeps in the store."""

    virtual = False

    def __init__(self) -> None:
        self._real = WallClock()
        self._state: dict[str, Any] = {}

    def learn(self, state: dict[str, Any]) -> None:
        """Take the state that was read."""
        self._state = state

    def now(self) -> int:
        return moment(self._state, self._real.now())

    def reading(self) -> ClockReading:
        """How it stands."""
        return reading(self._state)

    def move(self, to: int) -> None:
        """Nobody moves it here."""

    def adopt(self, state: dict[str, Any], last_at: int) -> None:
        self.learn(state)

    def state(self) -> dict[str, Any]:
        return self._state
