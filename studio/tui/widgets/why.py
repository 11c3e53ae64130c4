"""Pane 6: why an entry came to what it came to. Always open where there is room."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from studio.engine.client import EngineClient
from studio.engine.inspect.explanation import Proposal, Why
from studio.store.views import Views
from studio.tui.format.countdown import CALM_SECONDS, TENTHS_SECONDS
from studio.tui.format.text import literal
from studio.tui.session.ask import Asking, Question
from studio.tui.session.context import session_of
from studio.tui.widgets.page import Page
from studio.tui.widgets.why_text import why_lines

REST_SECONDS = 0.5
"""While events flow the explanation follows no faster: it reads more than a row."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is explained: an entry, or the nearest wait of a user."""

    seq: int | None
    user: str | None = None


@dataclass(frozen=True, slots=True)
class WhyQuestion:
    """Why it came to what it came to."""

    subject: Subject
    client: EngineClient = field(compare=False)

    def read(self, views: Views) -> Why | None:
        """The explanation; None when there is nothing to explain."""
        seq = self.subject.seq
        if seq is None and self.subject.user is not None:
            waits = views.waits(user=self.subject.user, limit=1)
            seq = waits[0].seq if waits else None
            if seq is None:
                newest = views.timeline(self.subject.user, limit=1)
                seq = newest[0].seq if newest else None
        return None if seq is None else self.client.why(views, seq)


class WhyPane(Asking, Page):
    """The explanation of what is selected."""

    @dataclass
    class Mend(Message):
        """The event that would have done it is wanted in the form."""

        proposal: Proposal

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e,enter", "mend", "fill in", key_display="e", id="why.mend"),
    ]

    empty_text = "Nothing is chosen."

    def __init__(self, subject: Subject | None = None, *, id: str = "why") -> None:
        super().__init__(id=id, classes="pane")
        self.subject = subject
        self.why: Why | None = None
        self._stale = False
        self._asked_at = 0.0

    def on_mount(self) -> None:
        """Explain at once what is known already."""
        self._title()
        if self.subject is not None:
            self._read()

    def follow(self, subject: Subject) -> None:
        """Explain this from now on."""
        if subject != self.subject:
            self.subject = subject
            if self.display:
                self._read()
            else:
                self._stale = True

    def drift(self, subject: Subject) -> None:
        """The cursor was carried on to what is new: explain that, after a rest."""
        if subject != self.subject:
            self.subject, self._stale = subject, True

    def ask(self) -> None:
        """The store has changed: read anew, after a rest."""
        self._stale = True

    def hold(self, held: bool) -> None:
        """Its lines are no rows that could slide: there is nothing to freeze."""

    def tick(self, now: int) -> None:
        super().tick(now)
        if self._stale and self.display and time.monotonic() - self._asked_at > REST_SECONDS:
            self._read()
        self.tick_seconds = TENTHS_SECONDS if self._stale and self.display else CALM_SECONDS

    def _read(self) -> None:
        self._stale, self._asked_at = False, time.monotonic()
        super().ask()

    def question(self) -> Question | None:
        client = session_of(self).client
        return None if self.subject is None or client is None else WhyQuestion(self.subject, client)

    def show_answer(self, answer: Why | None) -> None:
        self.why = answer
        self.empty_text = "Nothing has happened to this user." if answer is None else ""
        self.show_lines([] if answer is None else why_lines(answer))
        self._title()

    def _title(self) -> None:
        title = f"6 Why · {literal(self.why.title)}" if self.why is not None else "6 Why"
        keys = "esc back"
        if self.why is not None and self.why.proposal is not None:
            keys = f"{'⏎ fill in' if self.why.proposal is self.why.answer else 'e corrected'} · {keys}"
        self.set_titles(title, keys)

    def idle_keys(self) -> frozenset[str]:
        mends = self.why is not None and self.why.proposal is not None
        return super().idle_keys() | (frozenset() if mends else {"why.mend"})

    def action_mend(self) -> None:
        """Open the form with the event that would have done it."""
        if self.why is not None and self.why.proposal is not None:
            self.post_message(self.Mend(self.why.proposal))
