"""The map of a workflow: its flow with who is where, a cursor that goes from node to node."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.message import Message

from studio.design.outline import drawing
from studio.design.outline.model import Node, Outline
from studio.design.outline.tally import NodeTally
from studio.store.records import WaitRow
from studio.store.view_funnel import PlaceCounts
from studio.store.views import Views
from studio.tui.format.glyphs import glyphs
from studio.tui.format.line import Line
from studio.tui.format.text import cut, literal
from studio.tui.session.ask import Asking, Question
from studio.tui.session.workflow_view import WorkflowView
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark
from studio.wording.times import left

LOOKED_BACK = 500
"""Entries of a user in which the way of the present pass is looked for."""
USER_CELLS = 16
FOLD = Binding.Group("fold")

Seen = tuple[str | None, str, str | None]
"""Place, kind and name of an entry."""


@dataclass(frozen=True, slots=True)
class MapAnswer:
    """The counts at each place, and where a user is and came through."""

    counts: list[PlaceCounts]
    stands: tuple[WaitRow, ...] = ()
    way: tuple[Seen, ...] = ()


@dataclass(frozen=True, slots=True)
class MapQuestion:
    """How people get on in a workflow, and one of them in particular."""

    workflow: str
    user: str | None

    def read(self, views: Views) -> MapAnswer:
        """The counts, the user's open waits there, and the entries of the user's present pass."""
        counts = views.funnel(self.workflow)
        if self.user is None:
            return MapAnswer(counts)
        waits = views.waits(user=self.user, limit=LOOKED_BACK)
        stands = tuple(row for row in waits if row.workflow == self.workflow)
        entries = [
            entry
            for entry in views.timeline(self.user, limit=LOOKED_BACK)
            if entry.workflow == self.workflow and entry.journey is not None
        ]
        if not entries:
            return MapAnswer(counts, stands)
        newest = entries[-1]
        way = tuple(
            (entry.line, entry.kind, entry.name)
            for entry in entries
            if entry.journey == newest.journey and entry.pass_number == newest.pass_number
        )
        return MapAnswer(counts, stands, way)


@dataclass(frozen=True, slots=True)
class MapRow:
    """A row of the map with its identity."""

    key: tuple[str, int]
    """The node, and the how manyth of its rows; ("", n) between nodes."""
    row: drawing.DrawnRow
    passed: bool = False
    """The user came down the line at its left."""

    @property
    def is_head(self) -> bool:
        """Whether the cursor may stand on it."""
        return bool(self.key[0]) and self.key[1] == 0


class MapPane(Asking, VirtualList[MapRow]):
    """Pane 1."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "users here", key_display="⏎", id="map.users"),
        Binding("left", "fold", "fold", key_display="←", group=FOLD, id="map.fold"),
        Binding("right", "unfold", "unfold", key_display="→", group=FOLD, id="map.unfold"),
    ]

    @dataclass
    class Counted(Message):
        """The counts are others, or the user is elsewhere."""

        pane: MapPane

        @property
        def control(self) -> MapPane:
            """The map."""
            return self.pane

    ROW_KEYS = frozenset({"map.users", "map.fold", "map.unfold"})

    empty_text = "No workflow is loaded.\nA file in the workflows folder makes one."

    def __init__(self) -> None:
        super().__init__(id="map", classes="pane")
        self.view: WorkflowView | None = None
        self.user: str | None = None
        self.more = 0
        """Workflows beside this one."""
        self.counts: Mapping[str, NodeTally] = {}
        self.stands: dict[str, WaitRow] = {}
        """The user's open waits, by node."""
        self.lit: frozenset[str] = frozenset()
        """The nodes that the user came through in this pass."""
        self.folded: set[str] = set()
        self._around: dict[str, str] = {}
        """Of a node the one in whose side it stands."""
        self._placed = False
        """The cursor was put on the user's place once."""
        self._answer: MapAnswer | None = None

    # -- what is shown ---------------------------------------------------------------------------

    def show_view(self, view: WorkflowView | None, user: str | None) -> None:
        """Show the map of this workflow, and where this user is on it."""
        if view is None or self.view is None or view.workflow.name != self.view.workflow.name:
            self.folded.clear()
            self.cursor, self._placed, self._answer = None, False, None
            self.counts, self.stands, self.lit = {}, {}, frozenset()
        self.view, self.user = view, user
        self._around = _around(view.outline) if view is not None else {}
        self._join()
        self.update_rows()
        self.ask()

    def question(self) -> Question | None:
        return MapQuestion(self.view.workflow.name, self.user) if self.view is not None else None

    def show_answer(self, answer: MapAnswer) -> None:
        self._answer = answer
        self._join()
        self.update_rows()
        if not self._placed:
            self._placed = True
            if self.stands and self.select(next(iter(self.stands))) and (row := self.row) is not None:
                self.post_message(self.Moved(self, row))
        self.post_message(self.Counted(self))

    def _join(self) -> None:
        view, answer = self.view, self._answer
        if view is None or answer is None:
            return
        self.counts = view.counts(answer.counts)
        self.stands = {
            node.id: row
            for row in answer.stands
            for node in view.outline.entry_nodes(row.line, *kind_of(row))
        }
        lit = {node.id for seen in answer.way for node in view.outline.entry_nodes(*seen)}
        if answer.way:
            lit.add(view.outline.nodes[0].id)
        for id in tuple(lit):
            while (id := self._around.get(id, "")) and id not in lit:
                lit.add(id)
        self.lit = frozenset(lit)

    def update_rows(self) -> None:
        """Draw the map anew: its width, its counts or what is folded has changed."""
        if self.view is None or self.size.width < 2:
            self.show_rows([])
            return
        drawn = drawing.draw(
            self.view.outline,
            self.size.width - 1,
            self.counts,
            frozenset(self.folded),
            glyphs(),
            self._untested,
        )
        spine = {node.id for node in self.view.outline.nodes} & self.lit
        last = max((at for at, each in enumerate(drawn) if each.node in spine), default=0)
        met: dict[str, int] = {}
        rows = []
        for at, each in enumerate(drawn):
            number = met.get(each.node, 0)
            met[each.node] = number + 1
            rows.append(MapRow((each.node, number), each, 0 < at < last))
        self.show_rows(rows)
        if (row := self.row) is not None and not row.is_head:
            self.cursor = next((each.key for each in rows if each.is_head), None)
            self.refresh()

    def on_resize(self) -> None:
        self.update_rows()

    @property
    def _untested(self) -> drawing.Untested | None:
        """Where tests have not been; None where that is not known."""
        tested = None if self.view is None else self.view.tested
        return None if tested is None else tested.untested

    def _title(self) -> None:
        if self.view is None:
            self.set_titles("1 Map", "")
            return
        more = f" · o shows {self.more} more" if self.more else ""
        notes = [] if self.view.same else ["saved, not running yet"]
        if self.user is not None and self.lit:
            notes.append(f"{self.user}'s path is bold")
        if (tested := self.view.tested) is not None:
            more = f" · tests {tested.percent}%{'' if tested.untested else ', stale'}{more}"
            notes += ["green is tested"] if tested.untested else []
        self.set_titles(f"1 Map · {self.view.workflow.name}{more}", " · ".join([*notes, "← → fold"]))

    # -- the cursor ------------------------------------------------------------------------------

    @property
    def node(self) -> Node | None:
        """The node under the cursor."""
        row = self.row
        return self.view.outline.node(row.key[0]) if self.view is not None and row is not None else None

    def select(self, id: str) -> bool:
        """Put the cursor on a node, or on the one in whose folded side it stands."""
        while id and not self.point_at((id, 0)):
            id = self._around.get(id, "")
        return bool(id)

    def _move_to(self, at: int) -> None:
        heads = [place for place, row in enumerate(self.rows) if row.is_head]
        if not heads:
            return
        at = max(0, min(at, len(self.rows) - 1))
        if self.rows[at].key[0] and not self.rows[at].is_head and abs(at - self._place()) != 1:
            # A click on a further row of a node.
            at = self._at[(self.rows[at].key[0], 0)]
        after = bisect_left(heads, at)
        back = at < self._place()
        if after < len(heads) and (heads[after] == at or not back):
            super()._move_to(heads[after])
        else:
            super()._move_to(heads[max(0, after - 1)])

    def _place(self) -> int:
        return self._at.get(self.cursor, 0) if self.cursor is not None else 0

    # -- folding -----------------------------------------------------------------------------------

    def action_fold(self) -> None:
        """Fold what stands in the sides of this node; of one without sides go to that around it."""
        if (node := self.node) is None:
            return
        target = self._foldable(node)
        if target is not None and target not in self.folded:
            self.folded.add(target)
            self.update_rows()
        elif around := self._around.get(node.id):
            self.select(around)
            if (row := self.row) is not None:
                self.post_message(self.Moved(self, row))

    def action_unfold(self) -> None:
        """Show what stands in the sides of this node."""
        node = self.node
        target = self._foldable(node) if node is not None else None
        if target in self.folded:
            self.folded.discard(target or "")
            self.update_rows()

    def _foldable(self, node: Node) -> str | None:
        if node.sides:
            return node.id
        assert self.view is not None
        return next(
            (
                each.id
                for each in self.view.outline.walk()
                if each.kind == "branch" and all(side.waits == (node.id,) for side in each.sides)
            ),
            None,
        )

    # -- drawing -------------------------------------------------------------------------------------

    def key_of(self, row: MapRow) -> Hashable:
        return row.key

    def due_of(self, row: MapRow) -> int | None:
        here = self.stands.get(row.key[0]) if row.is_head else None
        return None if here is None else here.due_at

    def copy_text(self, row: MapRow) -> str:
        return row.row.text.strip()

    def draw(self, row: MapRow, index: int, state: RowState) -> list[Line]:
        colours = state.look
        lit = row.key[0] in self.lit
        untested = self._untested
        gone = untested is not None and bool(row.key[0]) and row.key[0] not in untested.nodes
        gone = gone and not any(text == drawing.TOLD_UNTESTED for text, _ in row.row.segments)

        def tone(name: str) -> str:
            if lit and name == "faint":
                return "accent"
            if gone and name == "faint":
                return "success"
            if state.selected and name in ("muted", "faint"):
                return "text"
            return "text" if self.lit and not lit and name == "strong" else name

        segments = row.row.segments
        at = len(segments) - row.row.numbers
        text, numbers = segments[:at], segments[at:]
        room = state.width - 1 - sum(cell_len(part) for part, _ in numbers)
        line = Line(state.width).add(*cursor_mark(state))
        flow = Line(room)
        here = self.stands.get(row.key[0]) if row.is_head else None
        kept = room
        if here is not None:
            name = cut(literal(here.user), USER_CELLS)
            due = "" if here.due_at is None else f" {left(here.due_at, state.now)}"
            kept = max(0, room - cell_len(name) - cell_len(due) - 4)
        inner = Line(kept)
        if row.passed and text and text[0][1] == "faint" and text[0][0][:1].strip():
            # From the start to where the user is.
            inner.add(text[0][0][0], colours.accent)
            text = ((text[0][0][1:], "faint"), *text[1:])
        for part, style in text:
            inner.add(part.rstrip() if inner.room < cell_len(part) else part, colours.tone(tone(style)))
        if here is None:
            flow.append(inner)
        else:
            flow.append(inner.trim())
            left_ms = None if here.due_at is None else here.due_at - state.now
            flow.gap(2).add(f"{glyphs().cursor} ", colours.accent).add(name, colours.strong)
            flow.add(due, colours.text if state.selected else colours.left(left_ms, here.kind == "sleep"))
        line.append(flow)
        for part, style in numbers:
            line.add(part, colours.tone(tone(style)))
        return [line]


def kind_of(row: WaitRow) -> tuple[str, str | None]:
    """Kind and name of the entry that opened a wait, as nodes are found by."""
    if row.kind == "group":
        return "wait", "wait_all" if row.key.startswith("all") else "wait_any"
    return row.kind, row.name


def _around(outline: Outline) -> dict[str, str]:
    return {inner.id: node.id for node in outline.walk() for side in node.sides for inner in side.body}
