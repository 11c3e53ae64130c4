"""Calls that block, in threads that outlive whoever waits: what is under way is given up, and not cut off.

obstore is asked by its blocking calls. Its async ones settle their futures from threads of its own, one of
which may come too late: the process that has ended meanwhile is aborted. And a listing that is cut off in the
middle of a request panics.
"""

from __future__ import annotations

import asyncio
import atexit
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")

MOST_THREADS = 64
END_SECONDS = 5.0
"""How long the end of the process waits for what is under way."""


class _Threads:
    """Made as they are needed, and kept; the end of the process does not wait for them for ever."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = self._waiting = self._busy = 0

    def submit(self, job: Callable[[], None]) -> None:
        with self._lock:
            self._waiting += 1
            if self._busy + self._waiting > self._threads < MOST_THREADS:
                self._threads += 1
                threading.Thread(target=self._run, name="journey-objects", daemon=True).start()
        self._jobs.put(job)

    def _run(self) -> None:
        while True:
            job = self._jobs.get()
            with self._lock:
                self._waiting -= 1
                self._busy += 1
            try:
                job()
            finally:
                # What it holds of obstore goes now, and not when the next comes.
                del job
                with self._lock:
                    self._busy -= 1

    def end(self) -> None:
        """Let what is under way end: a thread that comes back after Python has ended aborts the process."""
        end = time.monotonic() + END_SECONDS
        while self._waiting + self._busy and time.monotonic() < end:
            time.sleep(0.01)


_threads = _Threads()
atexit.register(_threads.end)


async def in_background(call: Callable[[], T]) -> T:
    """What a call gives; being cancelled ends the waiting alone.

    Raises:
        Exception: what it raised.
    """
    loop = asyncio.get_running_loop()
    over: asyncio.Future[T] = loop.create_future()

    def settle(error: BaseException | None, found: Any) -> None:
        if over.done():
            return
        if error is None:
            over.set_result(found)
        else:
            over.set_exception(error)

    def run() -> None:
        error: BaseException | None = None
        found: Any = None
        try:
            found = call()
        except BaseException as raised:
            error = raised
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            loop.call_soon_threadsafe(settle, error, found)

    _threads.submit(run)
    return await over
