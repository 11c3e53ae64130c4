"""How many rows a filter means: counted through the whole store, step by step, behind the list.

A list shows the first of them at once. Where those are all there are, their number is the
count; else the rest is counted in steps of milliseconds, and rows are dropped as they are counted.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Protocol

from textual import work

from studio.errors import StudioError
from studio.store.views import Views
from studio.tui.session.ask import SLOW_SECONDS
from studio.tui.session.context import session_of
from studio.tui.session.messages import ReadFailed
from studio.tui.session.widget_part import WidgetPart

AGAIN_SECONDS = 3.0
"""A count that may be out of date is made again after this; one that took long, later."""


@dataclass(frozen=True, slots=True)
class HitTally:
    """What one step of a count came to."""

    count: int
    place: Any
    """Where the next step begins; None: everything was counted."""
    done: float
    """The part that has been looked at, 0 to 1; 0 when nobody knows."""


class CountQuestion(Protocol):
    """What is counted, as a value: two equal questions have one count."""

    def step(self, views: Views, place: Any) -> HitTally:
        """Count on from a place, None for the beginning, in the reader's thread."""


class Counting(WidgetPart):
    """A list that says how many rows its filter means."""

    hits: int | None = None
    """None: not known (yet)."""
    counted: float | None = None
    """How far a count is that is under way."""
    _counting: CountQuestion | None = None
    _count_again_at = 0.0
    _waits = False
    """It will be counted again."""

    def _title(self) -> None:
        raise NotImplementedError

    @property
    def hits_words(self) -> str:
        """For the title: "1,204", or "…" while nobody knows."""
        return "…" if self.hits is None else f"{self.hits:,}"

    @property
    def counting_words(self) -> str:
        """For the subtitle, while it is counted and that takes a while: "counting 40%"."""
        return f"counting {self.counted:.0%}" if self.counted else ""

    def forget_hits(self) -> None:
        """Another filter, or none."""
        self.workers.cancel_group(self, "count")
        self.hits = self.counted = self._counting = None
        self._count_again_at = 0.0

    def take_hits(self, all: int | None, question: CountQuestion) -> None:
        """The rows of the present filter were read.

        Args:
            all: how many they are when none are missing; None when there may be more.
            question: counts them.
        """
        if all is not None:
            self.forget_hits()
            self.hits = all
        elif question != self._counting:
            self.hits, self._counting = None, question
            self._count(question)
        elif self.counted is None and not self._waits:
            self._waits = True
            # A timer of no time would end in an error of its own: Textual divides by it.
            wait = max(0.001, self._count_again_at - time.monotonic())
            self.set_timer(wait, self._count_again)

    def _count_again(self) -> None:
        self._waits = False
        if self._counting is not None and self.counted is None:
            self._count(self._counting)

    @work(group="count", exclusive=True, exit_on_error=False)
    async def _count(self, question: CountQuestion) -> None:
        self.counted = 0.0
        count, place = 0, None
        began = time.monotonic()
        try:
            while (reader := session_of(self).reader) is not None:
                asked = time.monotonic()
                tally = await reader.ask(lambda views, place=place: question.step(views, place))  # type: ignore[misc]
                if question is not self._counting or not self.is_attached:
                    return
                count, place = count + tally.count, tally.place
                if place is None:
                    self.hits = count
                    break
                self.counted = tally.done
                self._title()
                took = time.monotonic() - asked
                # The reader has other things to do for the keys.
                await asyncio.sleep(took if took > SLOW_SECONDS else 0)
        except StudioError as error:
            self.post_message(ReadFailed(str(error)))
        finally:
            if question is self._counting:
                self.counted = None
                ended = time.monotonic()
                self._count_again_at = ended + max(AGAIN_SECONDS, 10 * (ended - began))
                self._title()
