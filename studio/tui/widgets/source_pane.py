"""The source of a workflow: highlighted, with who waits at each line and the way of a user through it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from textual.binding import Binding, BindingType

from studio.tui.format.glyphs import glyphs
from studio.tui.format.line import Line
from studio.tui.format.pieces import Pieces
from studio.tui.format.text import ELLIPSIS, literal
from studio.tui.widgets.colouring import coloured
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark

COUNT_CELLS = 6
"""The gutter with the counts: "◷ 1.2k"."""
LEAST_WIDTH = 50
"""In less the source has no gutter of counts: the map beside it has them."""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of a file."""

    number: int
    pieces: Pieces


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the lines of a file."""

    counts: Mapping[int, int]
    """Who waits there now."""
    way: frozenset[int] = frozenset()
    """Lines of what the user came through in this pass."""
    stands: frozenset[int] = frozenset()
    """Where the user waits."""
    user: str | None = None
    wrong: int | None = None
    """The line that does not load."""


class SourcePane(VirtualList[SourceLine]):
    """Pane 2."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "type here", key_display="⏎", id="source.type"),
    ]

    ROW_KEYS = frozenset({"source.type"})

    empty_text = "There is no source."

    def __init__(self) -> None:
        super().__init__(id="source", classes="pane")
        self.file = ""
        self._title_name = ""
        self._note = ""
        self._text: str | None = None
        self._beside = Beside({})

    def show_file(self, file: str, name: str, text: str, note: str) -> None:
        """Show the text of a file.

        Args:
            file: its path, as the map has it.
            name: how it is called in the title.
            note: how it stands, in a word or two.
        """
        if file != self.file:
            self.cursor = None
        self.file, self._title_name, self._note = file, name, note
        if text != self._text:
            self._text = text
            self.show_rows([SourceLine(at, line) for at, line in enumerate(coloured(text), 1)])
        self._title()

    def show_beside(self, beside: Beside) -> None:
        """Show who waits at the lines, and the way of the user."""
        if beside != self._beside:
            self._beside = beside
            self.forget_drawn()
            self._title()

    def select(self, line: int) -> None:
        """Put the cursor on a line, with some of what is around it in sight."""
        if self.point_at(line) and self.size.height:
            high = max(0, len(self.rows) - self.size.height)
            if not self.scroll_offset.y + 2 < line < self.scroll_offset.y + self.size.height - 5:
                top = min(max(0, line - 1 - self.size.height // 3), high)
                self.scroll_to(y=top, animate=False, force=True, immediate=True)

    def on_resize(self) -> None:
        # After the list's own, which runs too: with some of what is around it.
        if self.row is not None:
            self.call_after_refresh(self.select, self.row.number)

    def key_of(self, row: SourceLine) -> Hashable:
        return row.number

    def copy_text(self, row: SourceLine) -> str:
        return "".join(text for text, _ in row.pieces).strip()

    def _title(self) -> None:
        notes = [self._note] if self._note else []
        if self._beside.user is not None and self._beside.way:
            notes.append(f"{glyphs().timeout} {self._beside.user}'s path")
        self.set_titles(f"2 {self._title_name}" if self._title_name else "2 Source", " · ".join(notes))

    def draw(self, row: SourceLine, index: int, state: RowState) -> list[Line]:
        mark, colours, beside = glyphs(), state.look, self._beside
        line = Line(state.width).add(*cursor_mark(state))
        if state.width >= LEAST_WIDTH:
            now = beside.counts.get(row.number, 0)
            line.cell(
                f"{mark.wait} {_short(now)}" if now else "", COUNT_CELLS, colours.warning, align="right"
            )
            line.gap()
        line.add(mark.timeout if row.number in beside.way else " ", colours.accent)
        wrong, here = row.number == beside.wrong, row.number in beside.stands
        quiet = colours.text if state.selected else colours.muted
        style = colours.error if wrong else colours.strong if here else quiet
        line.cell(str(row.number), len(str(len(self.rows))) + 1, style, align="right").gap()
        sign = mark.failed if wrong else mark.cursor if here else " "
        line.add(sign, colours.error if wrong else colours.accent).gap()
        pieces = [(literal(text.expandtabs(4)), tone) for text, tone in row.pieces]
        over = sum(cell_len(text) for text, _ in pieces) > line.room
        code = Line(line.room - over)
        for text, tone in pieces:
            code.add(
                text if cell_len(text) <= code.room else set_cell_size(text, code.room),
                colours.tone("text" if state.selected and tone == "muted" else tone),
            )
        line.append(code)
        return [line.add(ELLIPSIS, quiet) if over else line]


def _short(count: int) -> str:
    return (
        f"{count}"
        if count < 1_000
        else f"{count // 1_000}k"
        if count < 1_000_000
        else f"{count // 1_000_000}M"
    )
