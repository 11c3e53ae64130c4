"""Tables for people, laid out and coloured by rich: no boxes, a line a row, nothing that acts on a terminal.

Not by rich's own `Table`: that takes 1.4 ms for a row of nine cells, against 0.2 ms for its `Text` alone, and
would rather cut a moment than leave a column out. Imported where a table is printed, so that no other command
reads rich.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from studio.cli.output import coloured, terminal_width
from studio.text.printable import clean

CUT_TO = 12
"""Cells to which a column of free text may be cut before a column is left out."""
WHOLE = frozenset(
    ("TIME", "AT", "DUE", "STARTED", "LEFT", "KIND", "STATE", "STATUS", "LEVEL", "LINE", "PASS")
)
"""Heads of columns that say nothing when they are cut."""
TELLING = frozenset(("KIND", "STATE", "STATUS", "LEVEL", "CHANGE"))
"""Heads of columns whose words have colours."""
COLOURS = {"failed": "red", "error": "red", "warning": "yellow", "retry": "yellow", "completed": "green"}
"""Of a status or a level, and of the last part of a kind."""
APART = "  "


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lines of a table, the most telling columns first. Elsewhere than on a terminal it is whole.

    On a terminal columns of free text are cut, the widest first; when that is not enough,
    columns are left out from the right.
    """
    shown = [_texts(row) for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(heads, *shown, strict=True)]
    if (available := terminal_width()) is not None:
        widths = _fit(heads, widths, available)
    printer = _Printer(heads)
    return [printer.heads(widths), *(printer.line(row, widths) for row in shown)]


class Columns:
    """Lines of a table that has no last row: a column is as wide as what it has met so far.

    Args:
        heads: stand above the first row.
        least: cells that each column has from the start.
    """

    def __init__(self, heads: Sequence[str], least: Sequence[int]) -> None:
        self._heads = heads
        self._widths = list(least)
        self._begun = False

    def lines(self, rows: Iterable[Sequence[object]]) -> list[str]:
        """The lines of the next rows. On a terminal each is cut to one line of it, elsewhere it is whole."""
        shown = [_texts(row) for row in rows]
        begun, self._begun = self._begun, True
        met = shown if begun else [self._heads, *shown]
        self._widths = [
            max(width, *(cell_len(row[at]) for row in met), 0) for at, width in enumerate(self._widths)
        ]
        printer = _Printer(self._heads, terminal_width())
        first = [] if begun else [printer.heads(self._widths)]
        return first + [printer.line(row, self._widths) for row in shown]


class _Printer:
    """Makes lines of cells.

    Args:
        cut_to: cells of a line; None cuts none.
    """

    def __init__(self, heads: Sequence[str], cut_to: int | None = None) -> None:
        self._heads = heads
        self._cut_to = cut_to
        self._console = (
            Console(file=io.StringIO(), force_terminal=True, color_system="standard", legacy_windows=False)
            if coloured()
            else None
        )

    def heads(self, widths: Sequence[int]) -> str:
        return self._finished(self._joined(self._heads, widths, ["bold"] * len(self._heads)))

    def line(self, row: Sequence[str], widths: Sequence[int]) -> str:
        styles = [
            COLOURS.get(text.rpartition(".")[2], "") if head in TELLING else ""
            for head, text in zip(self._heads, row, strict=True)
        ]
        return self._finished(self._joined(row, widths, styles))

    @staticmethod
    def _joined(row: Sequence[str], widths: Sequence[int], styles: Sequence[str]) -> Text:
        line = Text(no_wrap=True, end="")
        for at, (text, width, style) in enumerate(zip(row, widths, styles, strict=False)):
            line.append(APART * (at > 0)).append(_cut(text, width), style or None)
        line.rstrip()
        return line

    def _finished(self, line: Text) -> str:
        if self._cut_to is not None:
            line.truncate(self._cut_to, overflow="ellipsis")
        if self._console is None:
            return line.plain
        with self._console.capture() as captured:
            self._console.print(line, soft_wrap=True, end="")
        return captured.get()


def _texts(row: Sequence[object]) -> list[str]:
    return ["" if cell is None else clean(str(cell)) for cell in row]


def _cut(text: str, width: int) -> str:
    """The text in exactly `width` cells; what is cut ends in …"""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + "…" if width > 0 else ""


def _fit(heads: Sequence[str], wanted: list[int], available: int) -> list[int]:
    """Widths that fit; fewer than there are heads when columns are left out."""
    for count in range(len(wanted), 1, -1):
        widths = wanted[:count]
        flexible = [i for i in range(count) if heads[i] not in WHOLE and widths[i] > CUT_TO]
        over = sum(widths) + len(APART) * (count - 1) - available
        if over > sum(widths[i] - CUT_TO for i in flexible):
            continue
        while over > 0:
            widest = max(flexible, key=lambda i: widths[i])
            widths[widest] -= 1
            over -= 1
        return widths
    return [min(wanted[0], available)]
