"""Reading the store without holding up a key press.

One thread owns one read-only connection and answers one question at a time. A pane
asks through `Asking`: at most one of its questions is under way, and what changes
meanwhile makes it ask once more. Cancelling the one under way instead would starve
the pane under a flood: each change would throw away the answer to the last.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from textual import work
from textual.widget import Widget

from studio.errors import StudioError
from studio.store.views import Views
from studio.tui.messages import ReadFailed

if TYPE_CHECKING:
    from studio.tui.app import StudioApp

T = TypeVar("T")

SLOW_SECONDS = 0.02
"""A read that takes longer is followed by a rest as long as itself."""


class Reader:
    """A thread with its own read-only connection."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="studio-reader")
        self._views: Views | None = None
        self._closed = False

    async def ask(self, question: Callable[[Views], T]) -> T:
        """Answer a question in the reader's thread.

        Raises:
            StudioError: the store cannot be read, or is being left.
        """
        if self._closed:
            raise StudioError("the store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, question)

    def _answer(self, question: Callable[[Views], T]) -> T:
        if self._views is None:
            self._views = Views(self._path)
        return question(self._views)

    def retire(self) -> None:
        """Answer what was asked so far, and nothing more."""
        self._closed = True
        self._thread.shutdown(wait=False)

    def close(self) -> None:
        """Drop what is not answered yet, and close the connection in its own thread."""
        self._closed = True
        self._thread.shutdown(wait=False, cancel_futures=True)
        # The thread is gone or about to go; Views gives its connection back when it is dropped.
        self._views = None


class OwnStore:
    """A screen that shows another store than the studio's."""

    own_reader: Reader | None = None
    """Answers the questions of what stands on it; None while there is none."""


def reader_of(widget: Widget) -> Reader | None:
    """Who answers the questions of a widget: the reader of its screen's own store, else the studio's."""
    screen = widget.screen
    return screen.own_reader if isinstance(screen, OwnStore) else cast("StudioApp", widget.app).reader


class Question(Protocol):
    """What a pane wants to know, as a value: two equal questions have one answer."""

    def read(self, views: Views) -> Any:
        """Answer in the reader's thread."""


class Asking:
    """A widget that keeps showing the answer to its present question."""

    _asking = False
    _ask_again = False

    def question(self) -> Question | None:
        """What to read now, from the selection, the filter, the size; None for nothing."""
        raise NotImplementedError

    def show_answer(self, answer: Any) -> None:
        """Show what was read."""
        raise NotImplementedError

    def ask(self) -> None:
        """The store or the question has changed."""
        widget = cast(Widget, self)
        if not widget.is_attached or reader_of(widget) is None:
            return
        if self._asking:
            self._ask_again = True
            return
        self._asking = True
        self._ask()

    @work(group="ask", exit_on_error=True)
    async def _ask(self) -> None:
        widget = cast(Widget, self)
        try:
            while True:
                self._ask_again = False
                question = self.question()
                reader = reader_of(widget)
                if question is None or reader is None:
                    return
                began = time.monotonic()
                answer = await reader.ask(question.read)
                took = time.monotonic() - began
                # An answer to what is no longer asked would show one user's rows as another's.
                if widget.is_attached and question == self.question():
                    self.show_answer(answer)
                elif widget.is_attached:
                    continue
                if not self._ask_again:
                    return
                if took > SLOW_SECONDS:
                    # A big store under a flood: leave the other half of the time to the keys.
                    await asyncio.sleep(min(took, 1.0))
        except StudioError as error:
            widget.post_message(ReadFailed(str(error)))
        finally:
            self._asking = False
