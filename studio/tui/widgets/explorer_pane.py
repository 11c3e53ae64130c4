"""Every path that a user can take through a workflow, as a tree; explored in a thread beside the keys."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from textual import work
from textual.message import Message
from textual.worker import get_current_worker

from studio.clocks import durations
from studio.design.explorer import report, samples, tree
from studio.design.explorer.search import Bounds, Exploration, explore
from studio.errors import StudioError
from studio.language.definition import Workflow
from studio.tui.format.glyphs import Glyphs, glyphs
from studio.tui.format.line import Line
from studio.tui.format.text import literal
from studio.tui.session.context import session_of
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark
from studio.wording.times import took

BOUNDS = Bounds(depth=10, paths=300, seconds=1.0)
"""As far as it goes at each save; `journey-studio explore` goes further."""
TIME_CELLS = 8
_SHOWN = {
    "◷": ("wait", "warning"),
    "☾": ("sleep", "secondary"),
    "■": ("done", "success"),
    "◆": ("sent", "primary"),
    "◇": ("branch", "accent"),
    "›": ("log", "text"),
    "↻": ("again", "muted"),
    "✓": ("completed", "success"),
    "✗": ("failed", "error"),
    "⊘": ("stopped", "muted"),
    "∞": ("no_limit", "muted"),
    "◉": ("matched", "success"),
    "┃": ("timeout", "muted"),
}
"""A sign of the tree: its name among the studio's signs, and its tone."""


@dataclass(frozen=True, slots=True)
class PathRow:
    """A row of the tree, by its number."""

    number: int
    row: tree.Row


class ExplorerPane(VirtualList[PathRow]):
    """Pane 3."""

    empty_text = "…"

    @dataclass
    class Explored(Message):
        """A workflow was explored, or could not be."""

        pane: ExplorerPane
        workflow: Workflow
        rows: list[PathRow]
        said: str
        seconds: float

        @property
        def control(self) -> ExplorerPane:
            """The pane that asked."""
            return self.pane

    def __init__(self) -> None:
        super().__init__(id="explorer", classes="pane")
        self._workflow: Workflow | None = None
        self._said = ""
        self._took = ""

    def idle_keys(self) -> frozenset[str]:
        # The map and the source follow the cursor: there is nothing to open.
        return super().idle_keys() | self.ROW_KEYS

    def explore(self, workflow: Workflow | None) -> None:
        """Show the paths of this code; those that are shown stay until others are known."""
        if workflow is self._workflow:
            return
        if workflow is None or self._workflow is None or workflow.name != self._workflow.name:
            self.cursor, self._said = None, ""
            self.empty_text = "exploring …" if workflow is not None else "No workflow is loaded."
            self.show_rows([])
        self._workflow = workflow
        self._took = "exploring …" if workflow is not None else ""
        self._title()
        if workflow is not None:
            self._begin(workflow)

    @work(group="explore", exclusive=True, exit_on_error=False)
    async def _begin(self, workflow: Workflow) -> None:
        known = samples.Samples()
        reader = session_of(self).reader
        if reader is not None:
            try:
                await reader.ask(lambda views: known.add_history(views, workflow.name))
            except StudioError as error:
                self._said = str(error)
        self._explore(workflow, known)

    @work(thread=True, group="explore-thread", exclusive=True, exit_on_error=False)
    def _explore(self, workflow: Workflow, known: samples.Samples) -> None:
        worker = get_current_worker()
        try:
            known.add_event_file(workflow)
            found = explore(workflow, known, bounds=BOUNDS)
            rows = [PathRow(number, row) for number, row in enumerate(tree.rows(found.paths))]
            message = self.Explored(self, workflow, rows, summary(found), found.seconds)
        except StudioError as error:
            message = self.Explored(self, workflow, [], str(error), 0.0)
        if not worker.is_cancelled:
            self.post_message(message)

    def on_explorer_pane_explored(self, message: Explored) -> None:
        """Show what was found, if it is still asked for."""
        message.stop()
        if message.workflow is self._workflow:
            self._said = message.said
            self.empty_text = message.said or "There is no path."
            self.show_rows(message.rows)
            self.show_took(round(message.seconds * 1000))

    def show_took(self, ms: int | None) -> None:
        """Say how long it took; nothing of it with None."""
        self._took = f"explored in {took(ms)}" if ms is not None else ""
        self._title()

    def key_of(self, row: PathRow) -> Hashable:
        return row.number

    def copy_text(self, row: PathRow) -> str:
        return f"{row.row.sign} {row.row.text}"

    def _title(self) -> None:
        self.set_titles(
            f"3 Explorer · {self._said}" if self._said and self.rows else "3 Explorer", self._took
        )

    def draw(self, row: PathRow, index: int, state: RowState) -> list[Line]:
        colours, each = state.look, row.row
        name, tone = _SHOWN.get(each.sign, ("", "muted"))
        sign = getattr(glyphs(), name) if name in Glyphs.__dataclass_fields__ else each.sign
        line = Line(state.width).add(*cursor_mark(state))
        line.add(each.guide, colours.muted if state.selected else colours.faint)
        line.add(sign, colours.tone(tone)).gap()
        time = each.time
        room = line.room - (len(time) + 1 if time else 0)
        strong = name in ("wait", "sleep", "done") and each.line
        line.cell(literal(each.text), room, colours.strong if strong else colours.text)
        if time:
            line.gap().add(time, colours.text if state.selected else colours.muted)
        return [line]


def summary(found: Exploration) -> str:
    """What the paths come to, in a few words."""
    told: Any = report.summarise(found)
    count = len(found.paths)
    parts = [f"{count:,}{'+' if 'paths' in found.truncated else ''} path{'s' * (count != 1)}"]
    if told.longest is not None and found.paths:
        longest = max(path.time for path in found.paths)
        parts.append(f"longest {durations.show(longest)}")
    if never := len(told.never_end):
        parts.append(f"! {never} never end{'s' * (never == 1)}")
    if found.unreached:
        parts.append(f"! {len(found.unreached)} line{'s' * (len(found.unreached) != 1)} not reached")
    return " · ".join(parts)
