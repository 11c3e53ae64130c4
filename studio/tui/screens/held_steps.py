"""`H`: the steps that wait for a yes since time was taken back."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from studio.store.approvals import HeldStep
from studio.tui.format.glyphs import glyphs
from studio.tui.format.line import Line
from studio.tui.format.text import literal
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark
from studio.wording.times import clock

MOST_CELLS = 32
"""The most that a user or a step takes."""
HEAD_CELLS = 12
"""Cursor, sign and clock."""
APART = "  "

Answer = tuple[str, int | None]
"""("run", the step) or ("all", None)."""


class HeldList(VirtualList[HeldStep]):
    """Oldest first."""

    _widths: Sequence[int] = (MOST_CELLS,) * 3
    empty_text = "No step is waiting for approval now. New ones will wait, until a approves all."

    def key_of(self, row: HeldStep) -> Hashable:
        return row.seq

    def on_resize(self) -> None:
        widths = [
            max((cell_len(text) for text in texts), default=0)
            for texts in zip(*(self._texts(row) for row in self.rows), strict=True)
        ]
        # Which step would run is never cut where there is room below it.
        fits = HEAD_CELLS + sum(widths) + 2 * len(APART) <= self.size.width
        self.row_height = 1 if fits or not widths else 2
        self._widths = [min(width, MOST_CELLS) for width in widths]

    @staticmethod
    def _texts(row: HeldStep) -> tuple[str, str, str]:
        return literal(row.user), literal(row.name), literal(f"{row.workflow}  {row.line or ''}")

    def draw(self, row: HeldStep, index: int, state: RowState) -> list[Line]:
        colours = state.look
        quiet = colours.text if state.selected else colours.muted
        line = Line(state.width).add(*cursor_mark(state))
        line.add(f"{glyphs().paused_clock} ", colours.warning)
        line.cell(clock(row.at), 8, quiet).gap()
        user, name, where = self._texts(row)
        line.cell(user, self._widths[0], colours.strong).gap(len(APART))
        if self.row_height == 1:
            return [line.cell(name, self._widths[1], colours.text).add(APART + where, quiet)]
        return [line.add(name, colours.text), Line(state.width).gap(HEAD_CELLS).add(where, quiet)]


class HeldStepsScreen(ModalScreen[Answer | None]):
    """Gives what is to run. Enter runs nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "run", "approve this step", id="held.run"),
        Binding("a", "all", "approve all, stop holding", id="held.all"),
        Binding("escape,q,H", "leave", "close", key_display="esc", id="held.leave"),
    ]

    def __init__(self, steps: list[HeldStep], seq: int | None = None) -> None:
        super().__init__()
        self._steps, self._seq = steps, seq

    def compose(self) -> ComposeResult:
        yield HeldList(id="held", classes="pane")

    def on_mount(self) -> None:
        """Show them."""
        found = self.query_one(HeldList)
        found.set_titles(
            f"Steps on hold {len(self._steps):,}",
            "y approves this · a approves all, and stops holding · esc closes",
        )
        found.show_rows(self._steps)
        found.on_resize()
        if self._seq is not None:
            found.point_at(self._seq)
        found.focus()

    @on(VirtualList.Opened)
    def stay(self, message: VirtualList.Opened) -> None:
        """Enter is the safe answer."""
        message.stop()
        self.dismiss(None)

    def action_run(self) -> None:
        """The step at the cursor."""
        row = self.query_one(HeldList).row
        if row is not None:
            self.dismiss(("run", row.seq))

    def action_all(self) -> None:
        """All of them, and those to come."""
        self.dismiss(("all", None))

    def action_leave(self) -> None:
        """They go on waiting."""
        self.dismiss(None)
