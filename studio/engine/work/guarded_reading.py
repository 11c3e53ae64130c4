"""Events that are read by their classes, in a thread that can be given up: a class may loop, or block."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable

from studio.engine.work.watchdog import CLASS, give_up, hung
from studio.errors import EventError
from studio.kernel.drive import Abandoned


async def read_guarded(check: Callable[[], None], after: float) -> None:
    """Have events read; whoever waits for it goes on meanwhile.

    Args:
        after: seconds that it is given.

    Raises:
        EventError: an event does not fit, or its class did not come back.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def end(error: Exception | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def read() -> None:
        error: Exception | None = None
        try:
            check()
        except Abandoned:
            return
        except Exception as found:
            error = found
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
            loop.call_soon_threadsafe(end, error)

    thread = threading.Thread(target=read, name="event-reading", daemon=True)
    thread.start()
    try:
        async with asyncio.timeout(after):
            await done
    except TimeoutError:
        failed = hung(thread, after, CLASS)
        give_up(thread)
        raise EventError(f"what reads the event hangs at {failed.message}") from None
