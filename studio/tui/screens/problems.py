"""`E` where several things are wrong: all of them, each in full; enter goes to the file of one."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from studio.tui.format.glyphs import glyphs
from studio.tui.format.line import Line
from studio.tui.format.pieces import Pieces, wrapped
from studio.tui.format.text import literal
from studio.tui.session.editor import CursorPlace
from studio.tui.widgets.problem_bar import Problem
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark

MOST_LINES = 6
"""As much as one of them takes, where it is long."""
INDENT = 3


class ProblemList(VirtualList[tuple[int, Problem]]):
    """One below the other, the worst first."""

    def key_of(self, row: tuple[int, Problem]) -> Hashable:
        return row[0]

    def copy_text(self, row: tuple[int, Problem]) -> str:
        return row[1].text

    def on_resize(self) -> None:
        longest = max((len(self._lines(row[1], self.size.width)) for row in self.rows), default=1)
        self.row_height = min(MOST_LINES, longest) + 1

    def _lines(self, problem: Problem, width: int) -> list[Pieces]:
        text = literal(" ".join(problem.text.split()))
        return wrapped(((text, "text"),), max(1, width - INDENT))

    def draw(self, row: tuple[int, Problem], index: int, state: RowState) -> list[Line]:
        colours = state.look
        lines = []
        for at, pieces in enumerate(self._lines(row[1], state.width)[:MOST_LINES]):
            line = Line(state.width)
            if at == 0:
                line.add(*cursor_mark(state)).add(f"{glyphs().failed} ", colours.error)
            else:
                line.gap(INDENT)
            for text, _ in pieces:
                line.add(text, colours.text)
            lines.append(line)
        return [*lines, *(Line(state.width) for _ in range(self.row_height - len(lines)))]


class ProblemsScreen(ModalScreen[CursorPlace | None]):
    """Gives the place that is gone to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "editor there", key_display="⏎", id="problems.take"),
        Binding("escape,q,E", "leave", "close", key_display="esc", id="problems.leave"),
    ]

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__()
        self._problems = problems

    def compose(self) -> ComposeResult:
        yield ProblemList(id="problems", classes="pane")

    def on_mount(self) -> None:
        """All of them."""
        found = self.query_one(ProblemList)
        found.set_titles(f"Problems {len(self._problems)}", "⏎ opens the editor there · esc closes")
        found.show_rows(list(enumerate(self._problems)))
        found.on_resize()
        # One more key goes to the first that lies in a file.
        at = next((at for at, each in enumerate(self._problems) if each.place is not None), 0)
        found.point_at(at)
        found.focus()

    @on(VirtualList.Opened)
    def take_row(self, message: VirtualList.Opened) -> None:
        """Enter on a row, or a double click."""
        message.stop()
        self._take(message.row[1])

    def action_take(self) -> None:
        """What stands at the cursor."""
        if (row := self.query_one(ProblemList).row) is not None:
            self._take(row[1])

    def _take(self, problem: Problem) -> None:
        if problem.place is not None:
            self.dismiss(problem.place)
        else:
            # It is about no file: there is nothing to open.
            self.query_one(ProblemList).set_titles(
                f"Problems {len(self._problems)}", "this one is in no file · esc closes"
            )

    def action_leave(self) -> None:
        """Stay where one is."""
        self.dismiss(None)
