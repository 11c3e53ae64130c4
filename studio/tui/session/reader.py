"""Reading the store without holding up a key press: one thread with a read-only connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from studio.errors import StudioError
from studio.store.views import Views

T = TypeVar("T")


class ReaderClosed(StudioError):
    """The store is being left: there is no answer, and none is missed."""


class Reader:
    """A thread with its own read-only connection."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="studio-reader")
        self._views: Views | None = None
        self._closed = False
        self._left = False

    async def ask(self, question: Callable[[Views], T]) -> T:
        """Answer a question in the reader's thread.

        Raises:
            StudioError: the store cannot be read, or is being left.
        """
        if self._closed:
            raise ReaderClosed("the store is closed")
        asked = asyncio.get_running_loop().run_in_executor(self._thread, self._answer, question)
        # What is dropped is cancelled, which must not look as if whoever asks were.
        try:
            await asyncio.wait((asked,))
        except asyncio.CancelledError:
            # Nobody takes the answer any more: that it is an error needs no word.
            asked.add_done_callback(_look_away)
            raise
        if asked.cancelled():
            raise ReaderClosed("the store is closed")
        return asked.result()

    def _answer(self, question: Callable[[Views], T]) -> T:
        views = self._views
        if views is None:
            views = self._views = self.open_views()
        try:
            if not self._left:
                return question(views)
        except StudioError:
            if not self._left:
                raise
        raise ReaderClosed("the store is closed")

    def open_views(self) -> Views:
        """A connection for the reader's thread, which asks for it.

        Raises:
            StudioError: the store cannot be read.
        """
        return Views(self.path)

    def retire(self) -> None:
        """Answer what was asked so far, and nothing more."""
        if not self._closed:
            self._closed = True
            # Last of all, and by the thread that the connection belongs to.
            self._thread.submit(self._let_go)
            self._thread.shutdown(wait=False)

    def close(self, last: Callable[[], object] | None = None) -> None:
        """Drop what is not answered yet, and close the connection in its own thread.

        Args:
            last: called by that thread when nothing more is asked there.
        """
        self._left = True
        if (views := self._views) is not None:
            # The process waits for its threads, and a question may take long.
            views.interrupt()
        if last is not None and not self._closed:
            self._thread.submit(last)
        self.retire()

    def _let_go(self) -> None:
        views, self._views = self._views, None
        if views is not None:
            views.close()


def _look_away(answer: asyncio.Future[Any]) -> None:
    if not answer.cancelled():
        answer.exception()
