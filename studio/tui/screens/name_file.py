"""Asking for the name of a new file, in one line."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from studio.tui.widgets.text import literal


class NameFileScreen(ModalScreen[str]):
    """Gives the name; "" when it was left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", key_display="esc", id="name_file.leave")
    ]

    def __init__(self, text: str, name: str) -> None:
        super().__init__()
        self._text, self._name = text, name

    def compose(self) -> ComposeResult:
        with Vertical(id="question"):
            yield Static(Content(literal(self._text)), id="question-text")
            yield Input(self._name, compact=True, id="file-name")

    def on_mount(self) -> None:
        """Ready to be typed over."""
        field = self.query_one(Input)
        field.cursor_blink = False
        field.focus()

    @on(Input.Submitted)
    def take(self, message: Input.Submitted) -> None:
        """Enter takes it."""
        message.stop()
        self.dismiss(message.value.strip())

    def action_leave(self) -> None:
        """Without a file."""
        self.dismiss("")
