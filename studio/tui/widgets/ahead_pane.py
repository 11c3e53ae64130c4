"""The deadlines ahead: how many journeys go on by time alone in the next hours and days."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from textual.binding import Binding, BindingType

from studio.tui.format.charts import parted
from studio.tui.format.glyphs import glyphs
from studio.tui.format.line import Line
from studio.tui.session.ask import Asking, Question
from studio.tui.session.chart_reading import (
    NO_LIMIT,
    OVERDUE,
    Ahead,
    AheadQuestion,
    ChartSpan,
    DeadlineReading,
)
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark

NAME_CELLS = 12
NUMBER_CELLS = 9
AGAIN_SECONDS = 0.5


class AheadPane(Asking, VirtualList[ChartSpan]):
    """Pane 3."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "who", key_display="⏎", id="charts.due"),
    ]

    ROW_KEYS = frozenset({"charts.due"})

    def __init__(self) -> None:
        super().__init__(id="ahead", classes="pane")
        self.reading: DeadlineReading | None = None
        self.empty_text = ""

    def follow(self, reading: DeadlineReading | None) -> None:
        """Show another workflow's."""
        self.reading, self.empty_text = reading, ""
        self.show_others([], 0)
        self.ask()

    def question(self) -> Question | None:
        return AheadQuestion(self.reading) if self.reading is not None else None

    def show_answer(self, answer: Ahead) -> None:
        if not answer.behind:
            self.empty_text = "Nobody waits."
            if list(answer.spans) != self.rows:
                self.show_rows(list(answer.spans))
        else:
            self.set_timer(AGAIN_SECONDS if self.rows else 0.01, self.ask)

    def _title(self) -> None:
        waits = sum(each.waits for each in self.rows)
        self.set_titles(f"3 Deadlines ahead · {waits:,}" if waits else "3 Deadlines ahead", "")

    def key_of(self, row: ChartSpan) -> Hashable:
        return row.name

    def copy_text(self, row: ChartSpan) -> str:
        return f"{row.name}  {row.waits:,}"

    def draw(self, row: ChartSpan, index: int, state: RowState) -> list[Line]:
        mark, colours = glyphs(), state.look
        top = max(each.waits for each in self.rows)
        late = row.name == OVERDUE
        tone = "error" if late else "muted" if row.name == NO_LIMIT else "warning"
        line = Line(state.width).add(*cursor_mark(state))
        line.cell(row.name, NAME_CELLS, colours.error if late else colours.text, align="right").gap()
        width = max(4, state.width - NAME_CELLS - NUMBER_CELLS - 3)
        end = line.used + width
        sign = mark.no_limit if row.name == NO_LIMIT else "!" if late else mark.bar_left
        for text, name in parted([(row.waits, sign, tone)], top, width):
            line.add(text, colours.text if state.selected else colours.tone(name))
        line.gap(end - line.used)
        return [line.cell(f"{row.waits:,}" if row.waits else "", NUMBER_CELLS, colours.text, align="right")]
