"""The keys, made from the bindings themselves: what stands here is what works."""

from __future__ import annotations

from itertools import zip_longest

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding
from textual.dom import DOMNode

from studio.tui.screens.overlay import Overlay, Page
from studio.tui.widgets.key_names import labels
from studio.tui.widgets.pieces import Pieces, wrapped
from studio.tui.widgets.signs import signs
from studio.tui.widgets.text import fit, literal

COLUMN_WIDTH, MOST_COLUMNS = 48, 3
"""A column has at least so many cells, where there are several."""
APART = "  "

Group = tuple[str, list[tuple[Binding, DOMNode]]]
"""A title, and the bindings below it with the nodes they act on."""


class HelpPage(Page):
    """As many columns as there is room for."""

    def __init__(self, groups: list[Group]) -> None:
        super().__init__(id="page", classes="pane")
        self._groups = [(title, found) for title, bindings in groups if (found := labels(bindings))]

    def lines_at(self, width: int) -> list[Pieces]:
        count = max(1, min(MOST_COLUMNS, len(self._groups), width // COLUMN_WIDTH))
        column_width = width // count
        columns: list[list[Pieces]] = [[] for _ in range(count)]
        for block in self._blocks(column_width - 1):
            shortest = min(columns, key=len)
            shortest += [*block, ()]
        lines = [_beside(row, column_width) for row in zip_longest(*columns, fillvalue=())]
        return lines + [part for line in _further() for part in wrapped(line, width)]

    def _blocks(self, width: int) -> list[list[Pieces]]:
        key_width = max(cell_len(label.keys) for _, found in self._groups for label in found)
        blocks: list[list[Pieces]] = []
        for title, found in self._groups:
            block: list[Pieces] = [((f" {literal(title)}", "strong"),)]
            for label in found:
                keys = f"   {fit(label.keys, key_width)}{APART}"
                block += wrapped(((keys, "accent"), (literal(label.words), "text")), width)
            blocks.append(block)
        return blocks


class HelpScreen(Overlay):
    """The keys of the focused pane, then those of the screen, then those that work everywhere."""

    def __init__(self, groups: list[Group]) -> None:
        super().__init__()
        self._groups = groups

    def compose(self) -> ComposeResult:
        yield HelpPage(self._groups)

    def on_mount(self) -> None:
        """Name the page."""
        self.page.set_titles("Keys", "↑ ↓ scroll · esc closes")


def _beside(row: tuple[Pieces, ...], width: int) -> Pieces:
    """The lines of several columns as one."""
    found: list[tuple[str, str]] = []
    for part in row:
        used = sum(cell_len(text) for text, _ in part)
        found += [*part, (" " * (width - used), "text")]
    return tuple(found)


def _further() -> list[Pieces]:
    """What the signs mean, and where the same stands as plain lines."""
    mark = signs()
    said = (
        (mark.event, "event"),
        (mark.sent, "sent by a journey"),
        (mark.matched, "matched"),
        (mark.timeout, "timed out"),
        (mark.wait, "waits"),
        (mark.no_limit, "no limit"),
        (mark.sleep, "sleeps"),
        (mark.done, "step done"),
        (mark.running, "step runs"),
        (mark.paused_clock, "on hold"),
        (mark.failed, "failed"),
        (mark.completed, "completed"),
        (mark.stopped, "ended"),
        (mark.again, "pass"),
        (mark.log, "log"),
        (mark.warning, "warning"),
        (mark.near, "near miss"),
        (mark.moved, "clock moved"),
        (mark.loaded, "code reloaded"),
    )
    signs_line = [
        ("   ", "muted"),
        *((f"{APART * bool(at)}{s} {words}", "muted") for at, (s, words) in enumerate(said)),
    ]
    return [
        ((" Signs", "strong"),),
        tuple(signs_line),
        (),
        ((" Times are local. The same as plain lines, for scripts and screen readers:", "muted"),),
        (("   journey-studio users | waits | timeline USER | logs --follow", "muted"),),
    ]
