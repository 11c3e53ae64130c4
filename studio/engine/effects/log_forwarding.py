"""Handing what journeys and steps log to the application's own handlers: files, consoles, services.

After the commit, so that a line comes once, also when a batch is put back and driven again; and in
a thread of its own, so that a handler which blocks or raises holds up nobody.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

from studio.engine.effects.inherited_context import start_outside
from studio.engine.work.log_lines import LogLine

MOST = 10_000
"""Lines that wait for a handler which does not come back; further ones are left out, and counted."""
PATIENCE = 1.0
"""Seconds after which a handler counts as one that blocks: nobody waits for it any longer."""
IDLE = 5.0
"""Seconds without a line after which the thread ends."""

_log = logging.getLogger("studio")


class LogForwarding:
    """The lines of one engine on their way to the handlers of their loggers.

    Args:
        done: is called, in its thread, when the last line was handed over.
    """

    def __init__(self, done: Callable[[], None]) -> None:
        self._done = done
        self._lines: deque[LogLine] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._since: float | None = None
        """`time.monotonic()` when the handlers were given a line that they have not taken yet."""
        self._left_out = 0

    @property
    def is_behind(self) -> bool:
        """Lines are still to be handed over, and nothing blocks."""
        since = self._since
        if since is not None and time.monotonic() - since > PATIENCE:
            return False
        return since is not None or bool(self._lines)

    def put(self, lines: Iterable[LogLine]) -> None:
        """Hand lines over, in order. Returns at once."""
        with self._changed:
            for line in lines:
                if len(self._lines) >= MOST:
                    self._left_out += 1
                else:
                    self._lines.append(line)
            if self._lines and self._thread is None:
                self._thread = threading.Thread(target=self._hand, name="journey-log", daemon=True)
                start_outside(self._thread)
            self._changed.notify()

    def drain(self, timeout: float) -> None:
        """Wait until all were handed over, something blocks, or the time is over."""
        end = time.monotonic() + timeout
        while self.is_behind and time.monotonic() < end:
            time.sleep(0.005)

    def _hand(self) -> None:
        while (line := self._next()) is not None:
            _give(line)
            self._since = None
            if not self._lines:
                self._done()

    def _next(self) -> LogLine | None:
        """Wait for a line; None when the thread is not needed any longer."""
        with self._changed:
            if not self._lines and not self._changed.wait_for(lambda: self._lines, IDLE):
                self._thread = None
                return None
            self._since = time.monotonic()
            if self._left_out and len(self._lines) < MOST:
                count, self._left_out = self._left_out, 0
                what = "the log handlers did not keep up: %s lines were left out, which are in the history"
                record = _log.makeRecord(_log.name, logging.WARNING, __file__, 0, what, (f"{count:,}",), None)
                return LogLine(_log, record)
            return self._lines.popleft()


def _give(line: LogLine) -> None:
    try:
        line.logger.callHandlers(line.record)
    except BaseException:
        # As `logging` itself tells of a handler that fails: on stderr, unless that is turned off.
        logging.Handler().handleError(line.record)
