"""The entries of the history as they become durable, for an application that wants to know."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from studio.store.records import Entry
from studio.store.views import Views

T = TypeVar("T")

PAGE_ROWS = 1_000


class Subscription:
    """An async iterator over entries, in order and without a gap, that ends when the engine stops.

    It reads from the store at the pace of whoever iterates, so that a slow one holds up nothing
    and loses nothing; nor does it keep the store's write-ahead log from being folded in.
    """

    def __init__(
        self,
        path: Path,
        on_change: Callable[[Callable[[], None]], Callable[[], None]],
        is_over: Callable[[], bool],
        *,
        after: int | None,
        kinds: Collection[str] | None,
        user: str | None,
        workflow: str | None,
    ) -> None:
        self._is_over = is_over
        # A connection belongs to the thread that opened it.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="subscription")
        self._views = self._thread.submit(Views, path).result()
        self._after = self._thread.submit(self._views.last_seq).result() if after is None else after
        self._read = partial(self._views.entries, kinds=kinds, user=user, workflow=workflow, limit=PAGE_ROWS)
        self._page: list[Entry] = []
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._changed.set()
        self._forget = on_change(self._tell)
        self._closed = asyncio.Event()

    def _tell(self) -> None:
        # The loop may be closed by now: then nobody iterates either.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._changed.set)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Entry:
        while not self._page:
            if self._closed.is_set():
                raise StopAsyncIteration
            await self._changed.wait()
            if self._closed.is_set():
                continue
            self._changed.clear()
            # Asked first: what was written before the end is still read after it.
            over = self._is_over()
            newest = await self._ask(self._views.last_seq)
            self._page = (await self._ask(partial(self._read, after=self._after)))[::-1]
            if self._page:
                # There may be more behind it than a page.
                self._changed.set()
            elif over:
                await self.close()
            else:
                # Less than before after a rewind; more, when what came is not what is wanted.
                self._after = newest
        found = self._page.pop()
        self._after = found.seq
        return found

    async def _ask(self, question: Callable[[], T]) -> T:
        return await self._loop.run_in_executor(self._thread, question)

    async def close(self) -> None:
        """End it; calling it again does nothing."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._page = []
        self._forget()
        self._changed.set()
        await self._ask(self._views.close)
        self._thread.shutdown(wait=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
