"""What a widget wants to know of the store: asked off the screen's thread, shown when it is answered.

A pane asks through `Asking`: at most one of its questions is under way, and what changes
meanwhile makes it ask once more. Cancelling the one under way instead would starve
the pane under a flood: each change would throw away the answer to the last.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any, Protocol

from textual import work
from textual.widget import Widget

from studio.errors import StudioError
from studio.store.views import Views
from studio.tui.session.context import session_of
from studio.tui.session.messages import ReadFailed
from studio.tui.session.reader import Reader, ReaderClosed
from studio.tui.session.widget_part import WidgetPart

SLOW_SECONDS = 0.02
"""A read that takes longer is followed by a rest as long as itself."""
MOST_REST_SECONDS = 1.0


class OwnStore:
    """A screen that shows another store than the studio's."""

    own_reader: Reader | None = None
    """Answers the questions of what stands on it; None while there is none."""


def reader_of(widget: Widget) -> Reader | None:
    """Who answers the questions of a widget: the reader of its screen's own store, else the studio's."""
    screen = widget.screen
    return screen.own_reader if isinstance(screen, OwnStore) else session_of(widget).reader


class Question(Protocol):
    """What a pane wants to know, as a value: two equal questions have one answer."""

    def read(self, views: Views) -> Any:
        """Answer in the reader's thread."""


class Asking(WidgetPart):
    """A widget that keeps showing the answer to its present question."""

    _asking = False
    _ask_again = False
    _rests: Question | None = None
    """The question that was answered slowly, and is not asked again yet."""
    _moved: asyncio.Event | None = None
    """Ends that rest."""

    def question(self) -> Question | None:
        """What to read now, from the selection, the filter, the size; None for nothing."""
        raise NotImplementedError

    def show_answer(self, answer: Any) -> None:
        """Show what was read."""
        raise NotImplementedError

    def asked(self) -> Reader | None:
        """Who answers."""
        return reader_of(self)

    def ask(self) -> None:
        """The store or the question has changed."""
        if not self.is_attached or self.asked() is None:
            return
        if self._asking:
            self._ask_again = True
            if self._moved is not None and self.question() != self._rests:
                self._moved.set()
            return
        self._asking = True
        self._ask()

    @work(group="ask", exit_on_error=True)
    async def _ask(self) -> None:
        try:
            while True:
                self._ask_again = False
                question = self.question()
                reader = self.asked()
                if question is None or reader is None:
                    return
                began = time.monotonic()
                answer = await reader.ask(question.read)
                took = time.monotonic() - began
                # An answer to what is no longer asked would show one user's rows as another's.
                if self.is_attached and question == self.question():
                    self.show_answer(answer)
                elif self.is_attached:
                    continue
                if not self._ask_again:
                    return
                if took > SLOW_SECONDS:
                    # A big store under a flood: leave the other half of the time to the keys.
                    await self._rest(question, min(took, MOST_REST_SECONDS))
        except ReaderClosed:
            return
        except StudioError as error:
            self.post_message(ReadFailed(str(error)))
        finally:
            self._asking = False

    async def _rest(self, question: Question, seconds: float) -> None:
        """Let the same question rest; another one, since the cursor has moved, is answered at once."""
        self._rests, moved = question, asyncio.Event()
        self._moved = moved
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await moved.wait()
        self._rests = self._moved = None
