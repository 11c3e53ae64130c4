"""`H`: the steps that wait for a yes since time was taken back."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from studio.store.holds import HeldStep
from studio.tui.widgets.line import Line
from studio.tui.widgets.signs import signs
from studio.tui.widgets.text import literal
from studio.tui.widgets.times import clock
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark

Answer = tuple[str, int | None]
"""("run", the step) or ("all", None)."""


class HeldList(VirtualList[HeldStep]):
    """Oldest first."""

    empty_text = "No step waits now. New ones do, until a lets them all run."

    def key_of(self, row: HeldStep) -> Hashable:
        return row.seq

    def draw(self, row: HeldStep, index: int, state: RowState) -> list[Line]:
        colours = state.look
        quiet = colours.text if state.selected else colours.muted
        line = Line(state.width).add(*cursor_mark(state))
        line.add(f"{signs().paused_clock} ", colours.warning)
        line.cell(clock(row.at), 8, quiet).gap()
        line.cell(literal(row.user), 20, colours.strong).gap()
        line.cell(literal(row.name), 24, colours.text).gap()
        line.add(literal(f"{row.workflow}  {row.line or ''}"), quiet)
        return [line]


class HeldStepsScreen(ModalScreen[Answer | None]):
    """Gives what is to run. Enter runs nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "run", "run this step", id="held.run"),
        Binding("a", "all", "run all, and hold no more", id="held.all"),
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
            f"Steps on hold {len(self._steps):,}", "y runs this · a runs all, and holds no more · esc closes"
        )
        found.show_rows(self._steps)
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
