"""Asking how far time is to go on, in one line that says what it would come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Label, Static

from studio.clocks import moments
from studio.clocks.clock import Clock
from studio.errors import StudioError
from studio.store.views import Views
from studio.tui.format.glyphs import glyphs
from studio.tui.format.text import literal
from studio.tui.screens.drawer import Drawer, DrawerScreen, keys_line
from studio.tui.session.reader import Reader
from studio.wording.times import day_clock, span


@dataclass(frozen=True, slots=True)
class DueUntil:
    """The question how many deadlines come up to a moment."""

    at: int

    def read(self, views: Views) -> int:
        """The count, from an index."""
        return views.due_until(self.at)


def deadlines(count: int, other: bool = False) -> str:
    """A count in words: "214 deadlines", "1 other deadline"."""
    return f"{count:,} {'other ' if other else ''}deadline{'s' * (count != 1)}"


class ForwardScreen(DrawerScreen[int]):
    """Gives the moment, ms since 1970; 0 when it was left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", key_display="esc", id="forward.leave")
    ]

    def __init__(self, clock: Clock, reader: Reader) -> None:
        super().__init__()
        self._clock, self._reader = clock, reader

    def compose(self) -> ComposeResult:
        with Drawer():
            with Horizontal(id="forward-line"):
                yield Label(Content.styled(f"{glyphs().moved} forward by, or to ", "bold $accent"))
                yield Input(placeholder="7d · 2h30m · 09:00 · 2026-12-01 09:00", compact=True, id="forward")
            yield Static("", id="question-text")
            yield Static(keys_line([("⏎", "jump there"), ("esc", "leave time as it is")]), id="question-keys")

    def on_mount(self) -> None:
        """Ready to be typed in."""
        field = self.query_one(Input)
        field.cursor_blink = False
        field.focus()

    @on(Input.Changed)
    def weigh(self, message: Input.Changed) -> None:
        """Say what it would come to."""
        message.stop()
        now = self._clock.now()
        try:
            to = moments.parse(message.value, now)
        except StudioError as error:
            self._say(str(error) if message.value.strip() else "")
            return
        if to < now:
            self._say(f"{day_clock(to)} is in the past: time goes forward only")
            return
        self._count(to)

    @work(group="count", exclusive=True, exit_on_error=False)
    async def _count(self, to: int) -> None:
        try:
            count = await self._reader.ask(DueUntil(to).read)
        except StudioError as error:
            self._say(str(error))
            return
        left = span(max(0, to - self._clock.now()))
        self._say(f"to {day_clock(to)} · in {left} · {deadlines(count)} on the way")

    def _say(self, text: str) -> None:
        self.query_one("#question-text", Static).update(Content(literal(text)))

    @on(Input.Submitted)
    def take(self, message: Input.Submitted) -> None:
        """Enter takes it, when it is a moment to come."""
        message.stop()
        now = self._clock.now()
        try:
            to = moments.parse(message.value, now)
        except StudioError as error:
            self._say(str(error))
            return
        if to >= now:
            self.dismiss(to)

    def action_leave(self) -> None:
        """Time stays as it is."""
        self.dismiss(0)
