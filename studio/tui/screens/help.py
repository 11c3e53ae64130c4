"""The keys, made from the bindings themselves, and the signs: what stands here is what works."""

from __future__ import annotations

from itertools import zip_longest
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.dom import DOMNode

from studio.tui.format.key_names import labels
from studio.tui.format.pieces import Pieces, wrapped
from studio.tui.format.text import fit, literal
from studio.tui.screens.modal_page import ModalPage
from studio.tui.widgets.filter_bar import FilterBar
from studio.tui.widgets.legend import Meaning, legend
from studio.tui.widgets.page import Page

COLUMN_WIDTH, MOST_COLUMNS = 48, 3
"""A column has at least so many cells, where there are several."""
APART = "  "

Group = tuple[str, list[tuple[Binding, DOMNode]]]
"""A title, and the bindings below it with the nodes they act on."""
Block = tuple[str, list[Meaning]]
"""A title, and the keys or signs below it."""
FURTHER: list[Pieces] = [
    ((" Times are local. The same as plain lines, for scripts and screen readers:", "muted"),),
    (("   journey-studio users | waits | timeline USER | logs --follow", "muted"),),
]


class HelpPage(Page):
    """As many columns as there is room for, of what a filter leaves."""

    def __init__(self, groups: list[Group]) -> None:
        super().__init__(id="page", classes="pane")
        self._groups: list[Block] = [
            (title, [(label.keys, "accent", label.words) for label in found])
            for title, bindings in groups
            if (found := labels(bindings))
        ]
        self._groups += legend()
        self.filter_text = ""
        self.leads = False

    def set_filter(self, text: str) -> None:
        """Show only keys and signs that have all words of it; where there are none, whole groups."""
        if text != self.filter_text:
            self.filter_text = text
            self.show_lines([])
            self.scroll_home(animate=False)

    def lines_at(self, width: int) -> list[Pieces]:
        groups = self._narrowed()
        if not groups:
            return list(wrapped(((f" No key or sign has {literal(self.filter_text)}.", "muted"),), width))
        count = max(1, min(MOST_COLUMNS, len(groups), width // COLUMN_WIDTH))
        column_width = width // count
        columns: list[list[Pieces]] = [[] for _ in range(count)]
        for block in self._blocks(groups, column_width - 1):
            shortest = min(columns, key=len)
            shortest += [*block, ()]
        lines = [_beside(row, column_width) for row in zip_longest(*columns, fillvalue=())]
        further = [] if self.filter_text.strip() else FURTHER
        return lines + [part for line in further for part in wrapped(line, width)]

    def _narrowed(self) -> list[Block]:
        words = self.filter_text.casefold().split()
        found = [
            (title, [row for row in rows if _has(f"{row[0]} {row[2]}", words)])
            for title, rows in self._groups
        ]
        return [(title, rows) for title, rows in found if rows] or [
            (title, rows) for title, rows in self._groups if _has(title, words)
        ]

    def _blocks(self, groups: list[Block], width: int) -> list[list[Pieces]]:
        blocks: list[list[Pieces]] = []
        for title, rows in groups:
            key_width = max(cell_len(key) for key, _, _ in rows)
            block: list[Pieces] = [((f" {literal(title)}", "strong"),)]
            for key, tone, words in rows:
                sign = f"   {fit(key, key_width)}{APART}"
                block += wrapped(((sign, tone), (literal(words), "text")), width)
            blocks.append(block)
        return blocks


def _has(text: str, words: list[str]) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words)


class HelpScreen(ModalPage):
    """The keys of the focused pane, those of the screen, those that work everywhere, and the signs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "narrow", "filter", key_display="/", id="help.filter"),
        Binding("escape", "step_out", "close", key_display="esc", id="overlay.close"),
    ]

    def __init__(self, groups: list[Group]) -> None:
        super().__init__()
        self._groups = groups

    def compose(self) -> ComposeResult:
        yield HelpPage(self._groups)
        yield FilterBar()

    def on_mount(self) -> None:
        """Name the page."""
        self.page.set_titles("Keys and signs", "/ filter · ↑ ↓ scroll · esc closes")

    def action_narrow(self) -> None:
        """Type what is looked for."""
        self.query_one(FilterBar).open_for(self.query_one(HelpPage))

    def action_step_out(self) -> None:
        """One step: the filter, then the help."""
        page = self.query_one(HelpPage)
        if page.filter_text:
            page.set_filter("")
        else:
            self.action_close()


def _beside(row: tuple[Pieces, ...], width: int) -> Pieces:
    """The lines of several columns as one."""
    found: list[tuple[str, str]] = []
    for part in row:
        used = sum(cell_len(text) for text, _ in part)
        found += [*part, (" " * (width - used), "text")]
    return tuple(found)
