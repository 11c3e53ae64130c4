"""Asking for the name of a new file, in one line."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Static

from studio.tui.format.text import literal
from studio.tui.screens.drawer import Drawer, DrawerScreen, keys_line


class NameFileScreen(DrawerScreen[str]):
    """Gives the name; "" when it was left.

    Args:
        text: what is asked; literal.
        name: what is proposed.
        takes: what enter does, in a few words.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", key_display="esc", id="name_file.leave")
    ]

    def __init__(self, text: str, name: str, takes: str) -> None:
        super().__init__()
        self._text, self._name, self._takes = text, name, takes

    def compose(self) -> ComposeResult:
        with Drawer():
            yield Static(Content(literal(self._text)), id="question-text")
            yield Input(self._name, compact=True, id="file-name")
            yield Static(keys_line([("⏎", self._takes), ("esc", "no file")]), id="question-keys")

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
