"""Connections that only wait: closed after a time, for each takes the place of one that has something to say.

Neither server does so by itself. uvicorn and aiohttp end a connection that is quiet after an answer, and wait
for ever for a first request, for the rest of one, and for a reader that does not read its answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable

IDLE_SECONDS = 60.0
"""In which a request has come whole, or its answer is read."""
LOOK_SECONDS = 1.0

Waiting = Iterable[tuple[asyncio.BaseTransport, Hashable]]
"""Connections that wait for the other end, each with what for: something else, and it is another wait."""


async def close_idle(waiting: Callable[[], Waiting]) -> None:
    """Close each connection that waits for the same thing for too long. Goes on until it is cancelled."""
    loop = asyncio.get_running_loop()
    since: dict[tuple[asyncio.BaseTransport, Hashable], float] = {}
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        now = loop.time()
        since = {each: since.get(each, now) for each in waiting()}
        for (transport, _), begun in since.items():
            if now - begun >= IDLE_SECONDS and isinstance(transport, asyncio.WriteTransport):
                # Not `close`, which waits until what is left was read.
                transport.abort()
