"""A pane with a picture that is drawn for its size."""

from __future__ import annotations

import re
from typing import ClassVar

from textual.binding import BindingType

from studio.tui.format.pieces import Pieces
from studio.tui.widgets.page import Page


class ChartPage(Page):
    """Subclasses draw."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def picture(self, width: int, height: int) -> list[Pieces]:
        """The lines."""
        raise NotImplementedError

    def draw_anew(self) -> None:
        """What is drawn is another."""
        if self.size.width > 2:
            self.show_lines([_apart(line) for line in self.picture(self.size.width, self.size.height)])
            self._title()

    def on_resize(self) -> None:
        """The picture depends on the size."""
        self.draw_anew()


def _apart(line: Pieces) -> Pieces:
    """Blanks as pieces of their own: a screen that is exported as a picture may draw no run of them."""
    return tuple(
        (part, "muted" if part.isspace() and tone != "muted" else tone)
        for text, tone in line
        for part in re.findall(r" {2,}|(?:[^ ]| (?! ))+", text) or [text]
    )
