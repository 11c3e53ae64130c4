"""The workflows of a store side by side: how many are in, wait, are overdue, failed, are done."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType

from studio.store.view_charts import WorkflowCounts
from studio.tui.format.charts import parted
from studio.tui.format.glyphs import glyphs
from studio.tui.format.line import Line
from studio.tui.format.text import literal
from studio.tui.session.ask import Asking, Question
from studio.tui.session.chart_reading import WorkflowsQuestion
from studio.tui.session.context import session_of
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark

NAME_CELLS = 24
LEAST_BAR = 10


class WorkflowsTable(Asking, VirtualList[WorkflowCounts]):
    """Pane 5."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "its charts", key_display="⏎", id="charts.show"),
    ]

    ROW_KEYS = frozenset({"charts.show"})
    empty_text = "No workflow ran here yet."

    def __init__(self) -> None:
        super().__init__(id="table", classes="pane")
        self.shown: str | None = None
        """The one whose charts are seen."""

    def question(self) -> Question:
        return WorkflowsQuestion(session_of(self).shown_now)

    def show_answer(self, answer: list[WorkflowCounts]) -> None:
        if answer != self.rows:
            # The columns are as wide as their widest number.
            self.forget_drawn()
            self.show_rows(answer)

    def _title(self) -> None:
        mark = glyphs()
        legend = (
            f"{mark.event} in  {mark.wait} waiting  ! overdue  {mark.failed} failed  {mark.completed} done"
        )
        self.set_titles(f"5 Workflows {len(self.rows)}", legend)

    def key_of(self, row: WorkflowCounts) -> Hashable:
        return row.name

    def copy_text(self, row: WorkflowCounts) -> str:
        return (
            f"{row.name}  in {row.entered:,}  waiting {row.waiting:,}  overdue {row.overdue:,}"
            f"  failed {row.failed:,}  done {row.completed:,}{'  paused' * row.paused}"
        )

    @staticmethod
    def _cells(row: WorkflowCounts) -> list[tuple[str, str]]:
        mark = glyphs()
        found = [
            (row.entered, mark.event, "text"),
            (row.waiting, mark.wait, "warning"),
            (row.overdue, "!", "error"),
            (row.failed, mark.failed, "error"),
            (row.completed, mark.completed, "success"),
        ]
        return [(f"{sign} {n:,}" if n else "", tone) for n, sign, tone in found]

    def draw(self, row: WorkflowCounts, index: int, state: RowState) -> list[Line]:
        mark, colours = glyphs(), state.look
        table = [self._cells(each) for each in self.rows]
        widths = [max(cell_len(cells[at][0]) for cells in table) for at in range(5)]
        sign = cell_len(mark.paused_clock) + 1
        widest = max(cell_len(literal(each.name)) + sign * each.paused for each in self.rows)
        numbers = sum(width + 2 for width in widths if width)
        name_cells = max(6, min(widest, NAME_CELLS, state.width - 2 - numbers))
        line = Line(state.width).add(*cursor_mark(state))
        name = literal(row.name)
        if row.paused:
            name = f"{mark.paused_clock} {name}"
        line.cell(name, name_cells, colours.strong if row.name == self.shown else colours.text, keep="both")
        for (text, tone), width in zip(self._cells(row), widths, strict=True):
            if width:
                line.gap(2).cell(text, width, colours.text if state.selected else colours.tone(tone))
        if line.room >= LEAST_BAR:
            parts = [
                (row.completed, mark.bar_left, "success"),
                (row.waiting + row.idle, mark.staying, "warning"),
                (row.failed, mark.failed, "error"),
                (row.left, mark.stopped, "muted"),
            ]
            top = max(each.entered for each in self.rows)
            line.gap(2)
            for text, tone in parted(parts, top, line.room):
                line.add(text, colours.text if state.selected else colours.tone(tone))
        return [line]
