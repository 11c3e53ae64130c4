"""The thread that drives journeys, and the guard that replaces it when a drive does not come back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from studio.engine.effects.interpreter_watch import InterpreterWatch
from studio.engine.loop.state import LoopState
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.watchdog import CLASS, give_up, hung

ONE_BY_ONE = 64
"""Causes that come one by one after a drive that hung while other functions stood."""
STOP_HANG = 2.0
"""Seconds that the drive of one journey may last when the engine stops."""
MOST_HUNG = 1_000
"""Events of which it is known that they hang; one that is forgotten hangs once more."""
LOOK = 0.05
"""Seconds between two looks whether the thread has ended."""


class EngineThread:
    """The engine's thread, one after another.

    Args:
        live: what it does, from its beginning to its end.
        put_back: takes back what a thread that is given up has taken.
        die: the engine ends by itself.
        hang_after: seconds after which a drive does not come back.
        replay_always: each journey is driven from its top at every cause.
    """

    def __init__(
        self,
        state: LoopState,
        live: Callable[[ThreadMonitor], None],
        put_back: Callable[[], None],
        die: Callable[[BaseException], None],
        hang_after: float,
        replay_always: bool,
    ) -> None:
        self._state = state
        self._live = live
        self._put_back = put_back
        self._die = die
        self._hang_after = hang_after
        self._replay_always = replay_always
        self.monitor = ThreadMonitor()
        """Of the thread that drives now."""
        self._thread: threading.Thread | None = None
        self._has_given_up = False
        """It hung while the engine stopped, and is left alone."""
        self._over = threading.Event()
        """The engine has stopped: nothing is left to guard."""

    def start(self) -> None:
        """Begin, with the guard beside it."""
        self._start_thread()
        # From the first drive on: a step that is found running at the start is driven to.
        threading.Thread(target=self._guard, name="journey-guard", daemon=True).start()

    def is_hanging(self) -> bool:
        """Whether a drive lasts for longer than a stop waits for."""
        return self.monitor.is_hanging(STOP_HANG)

    def await_end(self, timeout: float) -> None:
        """Wait for the engine's thread, which may hang in a workflow and be given up."""
        end = time.monotonic() + timeout
        while (thread := self._thread) is not None and thread.is_alive():
            if self._has_given_up or time.monotonic() > end:
                break
            thread.join(LOOK)
        self._leave_behind()
        if self._has_given_up or self._thread is None or not self._thread.is_alive():
            self._over.set()

    def _leave_behind(self) -> None:
        """A thread that does not end writes nothing more: the store may be another engine's from here on."""
        while self._thread is not None and self._thread.is_alive():
            with self._state.lock:
                if not self.monitor.committing:
                    self.monitor.abandoned = True
                    return
            self._thread.join(LOOK)

    def _start_thread(self) -> None:
        watch, before = ThreadMonitor(), self.monitor
        # A lock that one of them holds keeps others waiting.
        watch.live.inherit(before.live)
        self.monitor = watch
        watch.quarantined = self._state.quarantined
        watch.live.replays = self._replay_always
        self._thread = threading.Thread(target=self._live, args=(watch,), name="journey-engine", daemon=True)
        self._thread.start()

    def _guard(self) -> None:
        """Look for a drive that does not come back; give its thread up and replace it."""
        interpreter = InterpreterWatch()
        try:
            self._watch_drives(interpreter)
        finally:
            interpreter.end()

    def _watch_drives(self, interpreter: InterpreterWatch) -> None:
        interval = min(0.25, self._hang_after / 4)
        while not self._state.stopping or (self._thread is not None and self._thread.is_alive()):
            interpreter.live()
            self._over.wait(interval)
            watch, thread = self.monitor, self._thread
            journey, reading = watch.journey, watch.reading
            limit = min(self._hang_after, STOP_HANG) if self._state.stopping else self._hang_after
            if (journey is None and reading is None) or thread is None or not watch.is_hanging(limit):
                continue
            with self._state.lock:
                if watch.committing or watch.journey != journey or watch.reading is not reading:
                    continue
                watch.abandoned = True
            if self._state.stopping:
                # The journey is not to blame: the next start drives it again.
                give_up(thread)
                self._put_back()
                self._has_given_up = True
                return
            if reading is not None:
                if len(self._state.hung_events) >= MOST_HUNG:
                    self._state.hung_events.clear()
                self._state.hung_events[reading.number] = reading.own, hung(thread, self._hang_after, CLASS)
            elif journey is None:
                # It came back in this moment, and its thread is given up.
                pass
            elif watch.live.any_other(journey) and not self._state.one_by_one:
                # It may wait for a lock that a function holds which stands where it waits, in this
                # batch only: tried once more, a cause at a time, before it is blamed.
                self._state.one_by_one = max(len(self._state.in_flight), ONE_BY_ONE)
            else:
                self._state.quarantined[journey] = hung(thread, self._hang_after)
            give_up(thread)
            self._put_back()
            try:
                self._start_thread()
            except BaseException as error:
                # No thread can be had: nobody would ever answer those who wait.
                self._die(error)
                raise
            self._state.wake.ring()
