"""Lines that are read: to scroll through, wrapped where the page is narrower."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size

from studio.tui.format.glyphs import Look
from studio.tui.format.line import Line
from studio.tui.format.pieces import Pieces, wrapped
from studio.tui.widgets.virtual_list import RowState, VirtualList


class Page(VirtualList[tuple[int, Pieces]]):
    """Lines to scroll through; those that are longer than the page is wide go on in the next."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_by(1)", "down", id="page.down", show=False),
        Binding("up,k", "scroll_by(-1)", "up", id="page.up", show=False),
        Binding("pagedown", "scroll_page(1)", "page down", id="page.page_down", show=False),
        Binding("pageup", "scroll_page(-1)", "page up", id="page.page_up", show=False),
        Binding("home,g", "scroll_by(-10000000)", "top", id="page.top", show=False),
        Binding("end,G", "scroll_by(10000000)", "end", id="page.end", show=False),
        Binding("enter", "screen.close", "close", show=False, id="page.close"),
    ]

    empty_text = ""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.lines: list[Pieces] = []
        """As they were given, whole."""
        self._broken: tuple[int, list[Pieces]] = (0, [])
        """The lines at the width that was asked for last."""

    def key_of(self, row: tuple[int, Pieces]) -> Hashable:
        return row[0]

    def hovers(self, row: tuple[int, Pieces]) -> bool:
        return False

    def show_lines(self, lines: Sequence[Pieces]) -> None:
        """Take the lines."""
        self.lines, self._broken = list(lines), (0, [])
        self._break_lines()
        # A page may be as high as what stands on it.
        self.refresh(layout=True)

    def lines_at(self, width: int) -> list[Pieces]:
        """What is to be shown at a width."""
        return [part for line in self.lines for part in wrapped(line, width)]

    def _lines_at(self, width: int) -> list[Pieces]:
        if self._broken[0] != width:
            self._broken = (width, self.lines_at(width))
        return self._broken[1]

    def _break_lines(self) -> None:
        if self.size.width:
            self.show_rows(list(enumerate(self._lines_at(self.size.width))))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines_at(width))

    def on_resize(self) -> None:
        """Where lines break depends on the width."""
        self._break_lines()

    def action_scroll_by(self, by: int) -> None:
        """Scroll by lines."""
        self.scroll_to(y=self.scroll_offset.y + by, animate=False, force=True, immediate=True)

    def action_scroll_page(self, by: int) -> None:
        """Scroll by what is seen, but for a line."""
        self.action_scroll_by(by * max(1, self.size.height - 1))

    def draw(self, row: tuple[int, Pieces], index: int, state: RowState) -> list[Line]:
        line = Line(state.width)
        for text, tone in row[1]:
            line.add(text, state.look.tone(tone))
        return [line]

    def _facts(self, row: tuple[int, Pieces], common: tuple[int, Look, bool]) -> tuple[object, ...]:
        width, _, gone, colours, focused = super()._facts(row, common)
        return (width, False, gone, colours, focused)
