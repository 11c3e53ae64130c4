"""Awaiting, in a thread without an event loop, what a function gave that turned out to be awaitable."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


def awaited(value: Awaitable[T]) -> T:
    """Its result, on an event loop of its own.

    Raises:
        BaseException: what it raised.
    """
    kept: list[T] = []

    async def keep() -> None:
        kept.append(await value)

    try:
        asyncio.run(keep())
    except asyncio.CancelledError:
        # A task that was cancelled, and came to its end without meeting that, loses its result.
        if not kept:
            raise
    return kept[0]
