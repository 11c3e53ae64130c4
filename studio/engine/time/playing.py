"""Playing events at their own moments: handed in many at a time, in their order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Future

from studio.language.event import Event
from studio.language.incoming import Incoming

AT_ONCE = 10_000
"""Events that are handed in together."""

Submit = Callable[[list[Incoming]], Future[list[Event]]]


async def play_events(
    events: Iterable[Incoming],
    submit: Submit,
    now: int,
    until: int | None,
    dropped: Callable[[Event], None] | None,
) -> int:
    """Hand events in, up to a moment; gives the moment of the last, `now` when there was none.

    Args:
        now: ms since 1970, as all moments.
        dropped: is given each event whose id was there already.
    """
    last = now
    chunk: list[Incoming] = []
    for event in events:
        if until is not None and event.at is not None and event.at > until:
            break
        chunk.append(event)
        last = max(last, event.at or 0)
        if len(chunk) >= AT_ONCE:
            await _play_some(chunk, submit, dropped)
            chunk = []
    await _play_some(chunk, submit, dropped)
    return last


async def _play_some(events: list[Incoming], submit: Submit, dropped: Callable[[Event], None] | None) -> None:
    for event in await asyncio.wrap_future(submit(events)):
        if event.duplicate and dropped is not None:
            dropped(event)
