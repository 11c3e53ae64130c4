"""A call that holds the interpreter, such as a regular expression that tries for ever: it is named.

No thread of Python runs then, neither the guard nor what handles ctrl+c, so that nothing can give it
up; the process can only be killed. What still runs is a thread of `faulthandler`, which writes where
each thread stands. It is one for the whole process: an application with timers of its own keeps them.
"""

from __future__ import annotations

import faulthandler
import time

from studio.engine.work.garbage_collection import is_own_process

AFTER = 10.0
"""Seconds that no thread of Python ran, after which it is said where each stands."""
EVERY = 2.0
"""Seconds between two signs of life."""
STDERR = 2


class InterpreterWatch:
    """Gives signs of life, in a thread of Python; without one for a while the stacks stand on stderr."""

    def __init__(self) -> None:
        self._next = 0.0

    def live(self) -> None:
        """Python runs. Called again and again, more often than `EVERY`."""
        if is_own_process() and (now := time.monotonic()) >= self._next:
            self._next = now + EVERY
            faulthandler.dump_traceback_later(AFTER, file=STDERR)

    def end(self) -> None:
        """Nobody gives signs any more."""
        if self._next:
            faulthandler.cancel_dump_traceback_later()
