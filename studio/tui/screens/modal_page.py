"""A page over the screen that is read and closed."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from studio.tui.widgets.page import Page


class ModalPage(ModalScreen[None]):
    """Subclasses fill the page."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "close", "close", key_display="esc", id="overlay.close"),
    ]

    def compose(self) -> ComposeResult:
        yield Page(id="page", classes="pane")

    @property
    def page(self) -> Page:
        """The lines."""
        return self.query_one(Page)

    def action_close(self) -> None:
        """Back to what was looked at."""
        self.dismiss(None)
