"""`o` in the designer: the workflows that are loaded, to choose one."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from studio.language.definition import Workflow
from studio.source.project import short
from studio.tui.format.line import Line
from studio.tui.format.text import literal
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark

NAME_WIDTH = 32
"""The most that a name takes."""


class WorkflowList(VirtualList[Workflow]):
    """By name, with what starts each and where it is written."""

    def key_of(self, row: Workflow) -> Hashable:
        return row.name

    def copy_text(self, row: Workflow) -> str:
        return row.name

    def draw(self, row: Workflow, index: int, state: RowState) -> list[Line]:
        colours = state.look
        quiet = colours.text if state.selected else colours.muted
        widest = max(cell_len(literal(each.name)) for each in self.rows)
        line = Line(state.width).add(*cursor_mark(state))
        line.cell(literal(row.name), min(NAME_WIDTH, widest), colours.strong, keep="both").gap(2)
        place = literal(short(row.path))
        line.cell(f"triggered by {literal(row.trigger.text)}", line.room - cell_len(place) - 2, quiet).gap()
        return [line.add(place, quiet, "end")]


class WorkflowsScreen(ModalScreen[str | None]):
    """Gives the name that was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "show it", key_display="⏎", id="workflows.take"),
        Binding("escape,q", "leave", "close", key_display="esc", id="workflows.leave"),
        Binding("o", "next", "next", id="workflows.next"),
    ]

    def __init__(self, workflows: Mapping[str, Workflow], shown: str | None) -> None:
        super().__init__()
        self._rows = [workflows[name] for name in sorted(workflows)]
        self._shown = shown

    def compose(self) -> ComposeResult:
        yield WorkflowList(id="workflows", classes="pane")

    def on_mount(self) -> None:
        """The cursor begins behind the one that is shown: `o ⏎` goes to the next, as often as one likes."""
        found = self.query_one(WorkflowList)
        found.set_titles(f"Workflows {len(self._rows)}", "⏎ shows it · esc closes")
        found.show_rows(self._rows)
        if self._shown is not None:
            found.point_at(self._shown)
        self.action_next()
        found.focus()

    @on(VirtualList.Opened)
    def take_row(self, message: VirtualList.Opened) -> None:
        """Enter on a row, or a double click."""
        message.stop()
        self.dismiss(message.row.name)

    def action_take(self) -> None:
        """What stands at the cursor."""
        row = self.query_one(WorkflowList).row
        self.dismiss(row.name if row is not None else None)

    def action_next(self) -> None:
        """The one below, round the end."""
        found = self.query_one(WorkflowList)
        at = next((at for at, each in enumerate(self._rows) if each is found.row), -1)
        found.point_at(self._rows[(at + 1) % len(self._rows)].name)

    def action_leave(self) -> None:
        """Stay where one is."""
        self.dismiss(None)
