"""The funnel of a workflow: a bar for each node, with what became of those who came there."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.message import Message

from studio.reports import words
from studio.reports.funnel import Funnel, NodeCounts
from studio.tui.format.charts import parted
from studio.tui.format.glyphs import Glyphs, glyphs
from studio.tui.format.line import Line
from studio.tui.format.text import cut, literal
from studio.tui.session.ask import Asking, Question
from studio.tui.session.funnel_reading import FunnelQuestion, FunnelReading, FunnelState
from studio.tui.session.reader import Reader
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark
from studio.wording.values import counted

ONE_LINE = 96
"""From this width on a node is one line."""
NAME_CELLS = 30
NUMBER_CELLS = 9
SHARE_CELLS = 7
LEAST_BAR = 16
AGAIN_SECONDS = 0.5
"""What is still to be counted is asked for again after so long."""

Told = tuple[str, str]
"""A text and its tone."""


class FunnelPane(Asking, VirtualList[NodeCounts]):
    """Pane 1. Reads by a reader of its own, so that a long history holds up nobody else's questions."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "who", key_display="⏎", id="charts.who"),
    ]

    ROW_KEYS = frozenset({"charts.who"})

    @dataclass
    class Counted(Message):
        """The journeys were counted, or some more of the history was read."""

        state: FunnelState

    def __init__(self) -> None:
        super().__init__(id="funnel", classes="pane")
        self.own_reader: Reader | None = None
        self.reading: FunnelReading | None = None
        self.state: FunnelState | None = None
        self.empty_text = ""
        self._told_cells = self._counted_cells = 0
        """What the words beside the bars take at most, and their numbers alone."""

    def follow(self, reading: FunnelReading | None) -> None:
        """Show another workflow's."""
        self.reading, self.state = reading, None
        self.empty_text = "No workflow ran here yet." if reading is None else ""
        self.show_others([], 0)
        self.ask()

    @property
    def funnel(self) -> Funnel | None:
        """What was counted last."""
        return self.state.funnel if self.state is not None else None

    def asked(self) -> Reader | None:
        return self.own_reader

    def question(self) -> Question | None:
        return FunnelQuestion(self.reading) if self.reading is not None else None

    def show_answer(self, answer: FunnelState) -> None:
        before, self.state = self.funnel, answer
        if answer.funnel is not None and answer.funnel is not before:
            self.empty_text = "No journey began here yet."
            found = answer.funnel
            told = [fates(node) for node in found.nodes]
            cells = max(map(_cells, told), default=0), max((_cells(_short(each)) for each in told), default=0)
            if cells != (self._told_cells, self._counted_cells):
                self._told_cells, self._counted_cells = cells
                self.forget_drawn()
            self.show_rows(list(found.nodes) if found.entered else [])
        if answer.funnel is None:
            self.empty_text = f"Reading the history: {100 * answer.share:.0f} %"
            self.refresh()
        self._title()
        self.post_message(self.Counted(answer))
        if answer.behind and answer.share < 1:
            self.ask()
        elif answer.behind:
            self.set_timer(AGAIN_SECONDS, self.ask)

    def _title(self) -> None:
        funnel = self.funnel
        if self.reading is None or funnel is None:
            self.set_titles("1 Funnel", "")
            return
        share = f"  {100 * funnel.reached / funnel.entered:.0f} %" if funnel.entered else ""
        got = "reached the end" if funnel.outcome == "completed" else f"reached {funnel.outcome}"
        self.set_titles(
            f"1 {funnel.workflow} · {counted(funnel.entered, 'journey')} · {funnel.reached:,} {got}{share}",
            legend(self.size.width),
        )

    def key_of(self, row: NodeCounts) -> Hashable:
        return row.key

    def copy_text(self, row: NodeCounts) -> str:
        return "  ".join(words.cells(row))

    def on_resize(self) -> None:
        self.row_height = 1 if self.size.width >= ONE_LINE else 2
        super().on_resize()

    def draw(self, row: NodeCounts, index: int, state: RowState) -> list[Line]:
        colours, whole = state.look, self.funnel.entered if self.funnel is not None else 0
        mark, tone = sign_of(row)
        quiet = "text" if state.selected else "muted"
        head = Line(state.width).add(*cursor_mark(state))
        head.gap(2 if row.group is not None else 0).add(f"{mark} ", colours.tone(tone))
        number = f"{row.entered:,}"
        share = f"{100 * row.entered / whole:.0f} %" if whole else ""
        place = f":{(row.line or '').rpartition(':')[2]}" if row.line else ""
        name = literal(_name(row))
        lost = fates(row)

        def named(line: Line, width: int) -> None:
            room = width - line.used - cell_len(place) - 1
            line.add(name if cell_len(name) <= room else _cut(name, room), colours.strong)
            line.gap().add(place, colours.tone(quiet))
            line.gap(width - line.used)

        if self.row_height == 1:
            named(head, NAME_CELLS)
            room = state.width - NAME_CELLS - NUMBER_CELLS - SHARE_CELLS - 2
            width = max(LEAST_BAR, room - self._told_cells)
            self._bar(head, row, whole, width, state)
            head.cell(number, NUMBER_CELLS, colours.text, align="right")
            head.cell(share, SHARE_CELLS, colours.tone(quiet), align="right").gap(2)
            _fates(head, lost, state)
            return [head]
        named(head, state.width - NUMBER_CELLS - SHARE_CELLS)
        head.cell(number, NUMBER_CELLS, colours.text, align="right")
        head.cell(share, SHARE_CELLS, colours.tone(quiet), align="right")
        below = Line(state.width).gap(3)
        told = self._told_cells
        if told * 2 > state.width + 8:
            lost, told = _short(lost), self._counted_cells
        self._bar(below, row, whole, max(LEAST_BAR, state.width - 6 - told), state)
        below.gap(2)
        _fates(below, lost, state)
        return [head, below]

    def _bar(self, line: Line, row: NodeCounts, whole: int, width: int, state: RowState) -> None:
        end = line.used + width
        for text, tone in parted(parts(row, glyphs()), whole, width):
            line.add(text, state.look.text if state.selected else state.look.tone(tone))
        line.gap(end - line.used)


def _name(row: NodeCounts) -> str:
    name = words.label(row)
    return name.removeprefix("wait ") if row.family == "wait" else name


def _cut(name: str, room: int) -> str:
    # The end of an event's name tells most.
    return cut(name, room, "end")


def sign_of(row: NodeCounts) -> tuple[str, str]:
    """The sign of a node, and its tone."""
    mark = glyphs()
    return {
        "start": (mark.event, "primary"),
        "sleep": (mark.sleep, "secondary"),
        "step": (mark.done, "success"),
        "message": (mark.done, "success"),
        "ingest": (mark.sent, "primary"),
        "split": (mark.branch, "accent"),
    }.get(row.family, (mark.wait, "warning"))


def parts(row: NodeCounts, mark: Glyphs) -> list[tuple[int, str, str]]:
    """What became of those who came to a node, as parts of its bar."""
    failed = row.left.get("failed", 0)
    return [
        (row.matched + row.closed, mark.bar_left, "success"),
        (row.missed, mark.bar_gone, "muted"),
        (row.inside, mark.staying, "warning"),
        (failed, mark.failed, "error"),
        (sum(row.left.values()) - failed, mark.stopped, "muted"),
    ]


def fates(row: NodeCounts) -> list[Told]:
    """The same in words, without those who simply went on."""
    mark = glyphs()
    here = {"sleep": (mark.sleep, "asleep", "secondary"), "step": (mark.running, "running", "accent")}
    sign, what, tone = here.get(row.family, (mark.wait, "waiting", "warning"))
    if row.family == "start":
        sign, what = mark.running, "under way"
    missed = "not sent" if row.family == "message" else "failed" if row.family == "step" else "timed out"
    found = [
        (row.left.get("failed", 0), mark.failed, "failed", "error"),
        (row.left.get("exited", 0), mark.stopped, "exited", "muted"),
        (row.left.get("cancelled", 0), mark.stopped, "cancelled", "muted"),
        (row.missed, mark.timeout, missed, "muted"),
        (row.inside, sign, what, tone),
    ]
    return [(f"{sign} {n:,} {what}", tone) for n, sign, what, tone in found if n]


def _short(told: list[Told]) -> list[Told]:
    """With the sign alone."""
    return [(" ".join(text.split(" ")[:2]), tone) for text, tone in told]


def _cells(told: list[Told]) -> int:
    return sum(cell_len(text) + 2 for text, _ in told)


def _fates(line: Line, told: list[Told], state: RowState) -> None:
    for text, tone in told:
        if cell_len(text) > line.room:
            break
        line.add(text, state.look.text if state.selected else state.look.tone(tone)).gap(2)


def legend(width: int) -> str:
    """What the parts of a bar mean."""
    mark = glyphs()
    named = [
        f"{mark.bar_left} went on",
        f"{mark.bar_gone} timed out",
        f"{mark.staying} still there",
        f"{mark.failed} failed",
        f"{mark.stopped} left",
    ]
    return "  ".join(named) if width >= 60 else ""
