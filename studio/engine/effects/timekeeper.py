"""Calls functions when their time has come, in a thread that is there only as long as it is needed."""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable

from studio.engine.effects.inherited_context import start_outside

_log = logging.getLogger("studio")

IDLE = 5.0
"""Seconds without anything to wait for after which the thread ends."""
LEAST = 64
"""Alarms that were turned off are cleared away when there are more of them than this, and than of others."""


class Alarm:
    """A call that is to come."""

    __slots__ = ("at", "call", "number")

    def __init__(self, at: float, number: int, call: Callable[[], None]) -> None:
        self.at = at
        self.number = number
        self.call: Callable[[], None] | None = call

    def __lt__(self, other: Alarm) -> bool:
        return (self.at, self.number) < (other.at, other.number)


class Timekeeper:
    """Alarms of one engine. May be used from any thread; what it calls must not block."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._alarms: list[Alarm] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._made = 0
        self._off = 0
        self._is_ending = False

    def after(self, seconds: float, call: Callable[[], None]) -> Alarm:
        """Have a function called after so many seconds."""
        with self._changed:
            self._made += 1
            alarm = Alarm(time.monotonic() + seconds, self._made, call)
            heapq.heappush(self._alarms, alarm)
            if self._thread is None and not self._is_ending:
                self._thread = threading.Thread(target=self._keep, name=self._name, daemon=True)
                start_outside(self._thread)
            elif self._alarms[0] is alarm:
                self._changed.notify()
        return alarm

    def turn_off(self, alarm: Alarm) -> None:
        """It need not come; what it would have called is let go of at once."""
        with self._changed:
            if alarm.call is None:
                return
            alarm.call = None
            self._off += 1
            if self._off > max(LEAST, len(self._alarms) // 2):
                self._alarms = [each for each in self._alarms if each.call is not None]
                heapq.heapify(self._alarms)
                self._off = 0

    def stop(self) -> None:
        """Nothing is called any more."""
        with self._changed:
            self._is_ending = True
            self._alarms.clear()
            self._changed.notify()

    def _keep(self) -> None:
        while (call := self._next()) is not None:
            try:
                call()
            except Exception:
                # The other alarms come all the same.
                _log.exception("what an alarm calls failed")

    def _next(self) -> Callable[[], None] | None:
        """Wait for the next call; None when the thread is not needed any longer."""
        with self._changed:
            while not self._is_ending:
                if not self._alarms:
                    if not self._changed.wait(IDLE) and not self._alarms:
                        break
                    continue
                left = self._alarms[0].at - time.monotonic()
                if self._alarms[0].call is not None and left > 0:
                    self._changed.wait(left)
                    continue
                alarm = heapq.heappop(self._alarms)
                call, alarm.call = alarm.call, None
                if call is not None:
                    return call
                self._off -= 1
            self._thread = None
            return None
