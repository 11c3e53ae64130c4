"""Who waits at the node that is selected on the map, the nearest deadline first."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType

from studio.design.outline.labels import title
from studio.design.outline.model import Node, meets
from studio.store.records import WaitRow
from studio.store.views import Views
from studio.tui.format.glyphs import bar, glyphs
from studio.tui.format.line import Line
from studio.tui.format.text import literal
from studio.tui.session.ask import Asking, Question
from studio.tui.widgets.map_pane import kind_of
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark
from studio.wording.times import TIME_CELLS, left

MOST = 200
"""Rows at most."""
FIXED_CELLS = 3 + 10 + 2 + TIME_CELLS
"""Of a row what is not the bar: sign, ten cells of the name, blanks, countdown."""


@dataclass(frozen=True, slots=True)
class HereQuestion:
    """The open waits of a place."""

    workflow: str
    place: str

    def read(self, views: Views) -> list[WaitRow]:
        """The rows, nearest deadline first."""
        return views.waits_at(self.workflow, self.place, limit=MOST)


class HereNow(Asking, VirtualList[WaitRow]):
    """Pane 4."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "go to this user", key_display="⏎", id="here.user"),
    ]

    ROW_KEYS = frozenset({"here.user"})

    def __init__(self) -> None:
        super().__init__(id="here", classes="pane")
        self._workflow = ""
        self._node: Node | None = None
        self._now = 0

    def show_node(self, workflow: str, node: Node | None, now: int) -> None:
        """Show who waits at a node.

        Args:
            now: how many are counted there.
        """
        if (workflow, node) != (self._workflow, self._node):
            self.rows, self.cursor = [], None
            self.show_rows([])
        self._workflow, self._node, self._now = workflow, node, now
        waits = node is not None and node.kind in ("wait", "any", "all", "sleep", "until", "step")
        self.empty_text = "Nobody is here." if waits else "Nothing waits at this node."
        self._title()
        self.ask()

    def question(self) -> Question | None:
        return HereQuestion(self._workflow, self._node.place) if self._node is not None else None

    def show_answer(self, answer: list[WaitRow]) -> None:
        node = self._node
        self.show_rows([row for row in answer if node is not None and meets(node, *kind_of(row))])

    def key_of(self, row: WaitRow) -> Hashable:
        return row.seq

    def due_of(self, row: WaitRow) -> int | None:
        return None if self.is_gone(row.seq) else row.due_at

    def copy_text(self, row: WaitRow) -> str:
        return row.user

    def _title(self) -> None:
        count = max(self._now, len(self.rows))
        parts = [f"4 Here now {count:,}" if count else "4 Here now"]
        if self._node is not None:
            parts.append(title(self._node))
        notes = [f"{self.arrivals:,} new · g"] if self.arrivals else []
        if count > len(self.rows) > 0:
            notes.append(f"{len(self.rows):,} of {count:,}")
        self.set_titles(" · ".join(parts), " · ".join([*notes, "nearest first"]))

    def draw(self, row: WaitRow, index: int, state: RowState) -> list[Line]:
        mark, colours = glyphs(), state.look
        left_ms = None if row.due_at is None else row.due_at - state.now
        tone = colours.muted if state.gone else colours.left(left_ms, sleeping=row.kind == "sleep")
        sign = {"sleep": mark.sleep, "step": mark.running}.get(row.kind, mark.wait)
        line = Line(state.width).add(*cursor_mark(state)).add(sign, tone).gap()
        text = colours.muted if state.gone else colours.text
        bar_width = max(4, min(state.width // 3, state.width - FIXED_CELLS))
        line.cell(literal(row.user), line.room - bar_width - TIME_CELLS - 2, text).gap()
        count = colours.text if state.selected else tone
        if state.gone:
            line.add("over", colours.muted)
        elif left_ms is None or row.due_at is None:
            line.add("running" if row.kind == "step" else "no limit", colours.muted)
        else:
            solid, gone = bar(left_ms, row.due_at - row.opened_at, bar_width)
            line.add(solid, tone).add(gone, colours.faint).gap()
            line.cell(left(row.due_at, state.now), TIME_CELLS, count, align="right")
        return [line]
