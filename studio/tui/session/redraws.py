"""When the screen is drawn anew for what an engine has committed: soon, no oftener than can be read."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable

REDRAW_SECONDS = 1 / 30
"""The shortest time between two redraws for what was committed."""
FLOOD_REDRAW_SECONDS = 0.15
"""The same once changes have come without a pause: what is read a thirtieth of a second apart is a blur, and
between the redraws keys are answered."""
FLOOD_AFTER = 10
"""Redraws without a pause that make a flood."""
JUMP_REDRAW_SECONDS = 0.3
"""The same while the clock jumps: rows fly past unread, and drawing them held the engine up sixfold."""


class Redraws:
    """Gathers commits.

    Args:
        draw: called in the screen's thread: something was committed.
        jumps: whether the clock jumps.
    """

    def __init__(self, draw: Callable[[], object], jumps: Callable[[], bool]) -> None:
        self._draw, self._jumps = draw, jumps
        self._loop: asyncio.AbstractEventLoop | None = None
        self._signalled = threading.Event()
        self._drawn_at = 0.0
        self._steady = 0
        """Redraws without a pause between them."""

    def begin(self) -> None:
        """Called in the screen's thread, once its loop runs."""
        self._loop = asyncio.get_running_loop()

    def committed(self) -> None:
        """Called in the engine's thread after every commit: must cost nothing."""
        if self._signalled.is_set() or self._loop is None:
            return
        self._signalled.set()
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody looks any more
            self._loop.call_soon_threadsafe(self._schedule)

    def _schedule(self) -> None:
        since = time.monotonic() - self._drawn_at
        self._steady = self._steady + 1 if since < FLOOD_REDRAW_SECONDS else 0
        shortest = FLOOD_REDRAW_SECONDS if self._steady > FLOOD_AFTER else REDRAW_SECONDS
        if self._jumps():
            shortest = JUMP_REDRAW_SECONDS
        wait = shortest - since
        if wait > 0:
            # Not set_timer: what the engine's thread calls has no app in its context.
            asyncio.get_running_loop().call_later(wait, self.now)
        else:
            self.now()

    def now(self) -> None:
        """Draw at once."""
        self._drawn_at = time.monotonic()
        # Cleared first: what is committed from here on is announced anew.
        self._signalled.clear()
        self._draw()
