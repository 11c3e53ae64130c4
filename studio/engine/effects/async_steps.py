"""Running async functions: on an event loop in a thread of its own, on another when that is blocked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from studio.engine.effects.attempt import Attempt
from studio.engine.effects.inherited_context import start_outside
from studio.engine.effects.timekeeper import Timekeeper

GRACE = 1.0
"""Seconds in which a function that was cancelled, its time being over, may clean up."""


class AsyncSteps:
    """Runs attempts whose functions are async.

    All share one loop. A function that blocks it, where it should await, holds up those that run on
    it; whatever comes later runs on another.

    Args:
        long: seconds after which a loop that does not answer counts as blocked.
    """

    def __init__(self, keeper: Timekeeper, long: float) -> None:
        self._keeper = keeper
        self._long = long
        self._lock = threading.Lock()
        self._loop: _Loop | None = None
        self._blocked: list[_Loop] = []
        self._is_ending = False

    def run(self, attempt: Attempt) -> None:
        """Start one. Returns at once."""
        with self._lock:
            if self._is_ending:
                return
            if self._loop is None:
                self._loop = _Loop(self._keeper)
                self._keeper.after(self._long, self._look)
            loop = self._loop
            loop.coming.add(attempt)
        loop.call(loop.spawn, attempt)

    def stop(self) -> None:
        """Cancel what runs; none of it reports any more."""
        with self._lock:
            self._is_ending = True
            loops = [*self._blocked, *([self._loop] if self._loop is not None else ())]
            self._loop = None
        for loop in loops:
            loop.end()

    def _look(self) -> None:
        """See whether the loop still answers; what waits to begin on one that does not begins elsewhere."""
        with self._lock:
            loop = self._loop
            if loop is None:
                return
            if loop.has_answered:
                loop.has_answered = False
                loop.call(loop.answer)
                self._keeper.after(self._long, self._look)
                return
            self._blocked.append(loop)
            self._loop = None
            left = list(loop.coming)
            loop.coming.clear()
        for attempt in left:
            self.run(attempt)


class _Loop:
    """An event loop and its thread."""

    def __init__(self, keeper: Timekeeper) -> None:
        self.has_answered = True
        self.coming: set[Attempt] = set()
        """Those that were handed over and have not begun."""
        self._keeper = keeper
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_ending = False
        self._loop = asyncio.new_event_loop()
        start_outside(threading.Thread(target=self._serve, name="journey-steps-loop", daemon=True))

    def call(self, function: Callable[..., object], *args: Any) -> None:
        """Have a function called on the loop, from any thread."""
        self._loop.call_soon_threadsafe(function, *args)

    def answer(self) -> None:
        """Called on the loop: it is not blocked."""
        self.has_answered = True

    def end(self) -> None:
        """Cancel what runs on it, and let its thread end."""
        self._is_ending = True
        self._loop.call_soon_threadsafe(self._loop.stop)

    def spawn(self, attempt: Attempt) -> None:
        """Called on the loop: begin."""
        self.coming.discard(attempt)
        if not attempt.take():
            # Another loop has it.
            return
        task = asyncio.ensure_future(self._run(attempt))
        # The loop keeps weak references only.
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, attempt))
        if attempt.timeout is not None:
            attempt.alarm = self._keeper.after(attempt.timeout, partial(self._expire, attempt, task))

    def _serve(self) -> None:
        loop = self._loop
        asyncio.set_event_loop(loop)
        try:
            while not self._is_ending:
                try:
                    loop.run_forever()
                except (KeyboardInterrupt, SystemExit):
                    # asyncio lets these out of the loop when a task raises them that a step has made.
                    # Whoever awaits that task meets them, too; the other steps go on.
                    continue
        finally:
            tasks = asyncio.all_tasks(loop)
            for task in tasks:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    async def _run(self, attempt: Attempt) -> None:
        attempt.enter()
        try:
            value = await attempt.call()
        except BaseException as error:
            # Whether the task was cancelled says nothing of the step: a group of tasks that failed, or a
            # client's time-out, may have done that to it, and never taken it back.
            if self._is_ending:
                # No result counts, and the next start runs the step again.
                raise
            if attempt.has_expired and isinstance(error, asyncio.CancelledError | TimeoutError):
                attempt.timed_out()
            else:
                attempt.failed(error)
        else:
            attempt.done(value)

    def _ended(self, attempt: Attempt, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if attempt.alarm is not None:
            self._keeper.turn_off(attempt.alarm)
        if self._is_ending or attempt.is_over:
            return
        # Cancelled before its first line.
        if attempt.has_expired:
            attempt.timed_out()
        else:
            attempt.failed(asyncio.CancelledError())

    def _expire(self, attempt: Attempt, task: asyncio.Task[None]) -> None:
        """Called in the timekeeper's thread: its time is over."""
        if attempt.is_over or self._is_ending:
            return
        attempt.has_expired = True
        self.call(task.cancel)
        # What takes no notice of that is left alone.
        attempt.alarm = self._keeper.after(GRACE, attempt.timed_out)
