"""Requests that wait until their events are durable, and are given up when the engine takes none.

One look a moment for all of them: a timer for each costs as much as reading its request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from studio.web.ingest.refused_request import RefusedRequest

LOOK_SECONDS = 0.25
"""How often it is looked whether the engine still runs."""

T = TypeVar("T")


class DurableWaits:
    """The waits of one event loop.

    Args:
        running: raises why no events are taken, while none are.
    """

    def __init__(self, running: Callable[[], object]) -> None:
        self._running = running
        self._waiting: set[asyncio.Task[object]] = set()
        self._given_up: dict[asyncio.Task[object], RefusedRequest] = {}
        self._watch: asyncio.Task[None] | None = None

    async def until(self, storing: Awaitable[T]) -> T:
        """Wait, in the task of one request.

        Raises:
            RefusedRequest: the engine is paused or gone. The events may be stored yet, when it goes on.
        """
        task = asyncio.current_task()
        assert task is not None
        self._waiting.add(task)
        if self._watch is None:
            self._watch = asyncio.create_task(self._look())
        try:
            return await storing
        except asyncio.CancelledError:
            if task not in self._given_up:
                # The server ends.
                raise
            task.uncancel()
            raise self._given_up[task] from None
        finally:
            self._waiting.discard(task)
            self._given_up.pop(task, None)

    async def _look(self) -> None:
        while self._waiting:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                self._running()
            except RefusedRequest as refused:
                for task in self._waiting - self._given_up.keys():
                    self._given_up[task] = refused
                    task.cancel()
        self._watch = None
