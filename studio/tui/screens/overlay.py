"""A page over the screen that is read and closed."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from studio.tui.widgets.line import Line
from studio.tui.widgets.signs import Look
from studio.tui.widgets.virtual_list import RowState, VirtualList

Piece = tuple[str, str]
"""A literal text and the name of its style in `Look`."""


class Page(VirtualList[tuple[int, tuple[Piece, ...]]]):
    """Lines to scroll through."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_by(1)", "down", id="page.down", show=False),
        Binding("up,k", "scroll_by(-1)", "up", id="page.up", show=False),
        Binding("pagedown", "scroll_by(20)", "page down", id="page.page_down", show=False),
        Binding("pageup", "scroll_by(-20)", "page up", id="page.page_up", show=False),
        Binding("home,g", "scroll_by(-10000000)", "top", id="page.top", show=False),
        Binding("end,G", "scroll_by(10000000)", "end", id="page.end", show=False),
        Binding("enter", "screen.close", "close", show=False, id="page.close"),
    ]

    empty_text = ""

    def key_of(self, row: tuple[int, tuple[Piece, ...]]) -> Hashable:
        return row[0]

    def show_lines(self, lines: list[tuple[Piece, ...]]) -> None:
        """Take the lines."""
        self.show_rows(list(enumerate(lines)))

    def action_scroll_by(self, by: int) -> None:
        """Scroll by lines."""
        self.scroll_to(y=self.scroll_offset.y + by, animate=False, force=True, immediate=True)

    def draw(self, row: tuple[int, tuple[Piece, ...]], index: int, state: RowState) -> list[Line]:
        line = Line(state.width)
        for text, tone in row[1]:
            line.add(text, _style(state.look, tone))
        return [line]

    def _facts(self, row: tuple[int, tuple[Piece, ...]]) -> tuple[object, ...]:
        width, _, gone, colours, focused = super()._facts(row)
        return (width, False, gone, colours, focused)


def _style(colours: Look, tone: str) -> Style:
    return colours.tone(tone)


class Overlay(ModalScreen[None]):
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
