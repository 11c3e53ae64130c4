"""An event loop that outlives whoever waits: what is under way there is given up, and not cut off.

A listing of obstore that is dropped in the middle of a request panics in its library, as no runtime of its
own is there in the thread that drops it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


async def in_background(ask: Callable[[], Awaitable[T]]) -> T:
    """What is asked for, asked in the background; being cancelled ends the waiting alone."""

    async def asked() -> T:
        return await ask()

    loop = asyncio.get_running_loop()
    over = loop.create_future()

    def tell() -> None:
        if not over.done():
            over.set_result(None)

    def tell_soon(_: object) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            loop.call_soon_threadsafe(tell)

    future = asyncio.run_coroutine_threadsafe(asked(), _background())
    future.add_done_callback(tell_soon)
    await over
    return future.result()


def _background() -> asyncio.AbstractEventLoop:
    global _loop
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            # The end of the process does not wait for it.
            threading.Thread(target=_loop.run_forever, name="journey-objects", daemon=True).start()
        return _loop
