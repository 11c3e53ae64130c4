"""Everything that is waited for, nearest deadline first, with what is left of it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, cast

from rich.style import Style
from textual.binding import Binding, BindingType

from studio.clock import iso
from studio.store.records import WaitRow
from studio.store.views import Views
from studio.tui import filters
from studio.tui.reading import Asking, Question
from studio.tui.widgets.hits import Counting, Tally
from studio.tui.widgets.line import Line
from studio.tui.widgets.signs import bar, signs
from studio.tui.widgets.text import literal
from studio.tui.widgets.times import TIME_CELLS, left, total
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark

if TYPE_CHECKING:
    from studio.tui.app import StudioApp

PAGE = 200
MOST = 5_000
FIELDS = ("user", "workflow", "event", "state", "kind")
LOOKED_AT = 1_000
MOST_LOOKED_AT = 20_000
"""A filter looks at the nearest so many waits: what is due later can be looked for by user."""
ONE_LINE_WIDTH = 58
"""From this width on a wait takes one line, below it two."""
OF = " of "
FIGURES = 1 + TIME_CELLS + len(OF) + TIME_CELLS
"""Cells of "  4.2s of 6s" with the blank before: the bar gives way to them, and they are never cut."""
ENDINGS = (
    "wait.matched",
    "wait.timeout",
    "wait.closed",
    "sleep.done",
    "sleep.closed",
    "step.done",
    "step.failed",
    "step.retry",
)


@dataclass(frozen=True, slots=True)
class WaitsAnswer:
    """What is open, and how that ended which is shown but no longer open."""

    rows: list[WaitRow]
    endings: dict[int, str]
    """`seq` of the wait to the kind of the entry that ended it."""
    all: int | None = None
    """How many a filter means; None when there may be more than were looked at."""


@dataclass(frozen=True, slots=True)
class WaitsCount:
    """How many open waits a filter means."""

    filter: filters.Filter
    total: int = field(compare=False)

    def step(self, views: Views, place: tuple[tuple[int | None, int], int] | None) -> Tally:
        """Count among the next thousand."""
        after, looked = place or (None, 0)
        page = views.waits(limit=LOOKED_AT, after=after)
        count = sum(1 for row in page if meets(self.filter, row))
        if len(page) < LOOKED_AT:
            return Tally(count, None, 1.0)
        looked += len(page)
        return Tally(count, ((page[-1].due_at, page[-1].seq), looked), min(0.99, looked / max(1, self.total)))


@dataclass(frozen=True, slots=True)
class WaitsQuestion:
    """The open waits of everyone."""

    limit: int
    filter: filters.Filter = filters.Filter()  # noqa: RUF009 - a frozen value
    watched: tuple[WaitRow, ...] = field(default=(), compare=False)
    """Rows on the screen whose end is worth a look."""

    def read(self, views: Views) -> WaitsAnswer:
        """The rows, nearest deadline first."""
        all: int | None = None
        if self.filter:
            rows, all = self._filtered(views)
        else:
            rows = views.waits(limit=self.limit)
        still = {row.seq for row in rows}
        endings: dict[int, str] = {}
        for row in self.watched:
            if row.seq not in still:
                for entry in views.entries(after=row.seq, limit=50, kinds=ENDINGS, user=row.user):
                    if entry.journey == row.journey and entry.key == row.key:
                        endings[row.seq] = entry.kind
                        break
        return WaitsAnswer(rows, endings, all)

    def _filtered(self, views: Views) -> tuple[list[WaitRow], int | None]:
        found: list[WaitRow] = []
        after: tuple[int | None, int] | None = None
        looked = 0
        while looked < MOST_LOOKED_AT and len(found) < self.limit:
            page = views.waits(limit=LOOKED_AT, after=after)
            found += [row for row in page if meets(self.filter, row)]
            looked += len(page)
            if len(page) < LOOKED_AT:
                return found[: self.limit], len(found)
            after = (page[-1].due_at, page[-1].seq)
        return found[: self.limit], None


def meets(filter: filters.Filter, row: WaitRow) -> bool:
    """Whether a filter means this wait."""
    fields = {
        "user": row.user,
        "workflow": row.workflow,
        "event": row.name,
        "state": row.kind,
        "kind": row.kind,
    }
    return filter.meets(f"{row.user} {row.name or row.kind} {row.workflow}", fields)


class WaitingList(Counting, Asking, VirtualList[WaitRow]):
    """Pane 3."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "answer", key_display="⏎", id="wait.answer"),
        Binding("x", "let_time_out", "let it time out", id="wait.time_out"),
        Binding("X", "end_by_hand", "end only this one", show=False, id="wait.by_hand"),
        Binding("slash", "app.filter", "filter", key_display="/", id="filter"),
    ]

    empty_text = "Nobody waits.\nNext deadline: none."

    def __init__(self) -> None:
        super().__init__(id="waiting", classes="pane")
        self.total = 0
        self.on_hold: frozenset[int] = frozenset()
        """Started steps that wait for a yes."""
        self.filter_text = ""
        self._filter = filters.Filter()
        self.endings: dict[int, str] = {}
        self._limit = PAGE
        self.row_height = 2

    def action_let_time_out(self) -> None:
        """Let the time of this wait pass, for all."""
        if (row := self.row) is not None and not self.is_gone(self.cursor):
            cast("StudioApp", self.app).let_time_out(row.user, row.seq)

    def action_end_by_hand(self) -> None:
        """End only this wait."""
        if (row := self.row) is not None and not self.is_gone(self.cursor):
            cast("StudioApp", self.app).end_by_hand(row.seq)

    def question(self) -> Question:
        watched = tuple(row for _, row in self.seen()) if self.held else ()
        return WaitsQuestion(self._limit, self._filter, watched)

    def set_filter(self, text: str) -> None:
        """Show only waits that the filter means."""
        if text == self.filter_text:
            return
        self.filter_text = text
        self._filter = filters.parse(text, FIELDS)
        self._limit = PAGE
        self.empty_text = f"No wait has {text}.\nesc clears the filter." if text else type(self).empty_text
        self.forget_hits()
        # Others are shown from here on; those before are not over.
        self.rows = []
        self.endings.clear()
        self.ask()
        self._title()

    def show_answer(self, answer: WaitsAnswer) -> None:
        self.endings.update(answer.endings)
        if self._filter:
            self.take_hits(answer.all, WaitsCount(self._filter, self.total))
        self.show_rows(answer.rows)
        if not self._gone:
            self.endings.clear()

    def set_total(self, total: int) -> None:
        """How many there are in all."""
        if total != self.total:
            self.total = total
            self._title()

    def on_virtual_list_near_edge(self, message: VirtualList.NearEdge) -> None:
        if not message.start and len(self.rows) >= self._limit < MOST:
            self._limit = min(MOST, self._limit * 2)
            self.ask()

    def on_resize(self) -> None:
        self.row_height = 1 if self.size.width >= ONE_LINE_WIDTH else 2

    def key_of(self, row: WaitRow) -> Hashable:
        return row.seq

    def is_live(self, row: WaitRow) -> bool:
        return row.due_at is not None and not self.is_gone(row.seq)

    def _title(self) -> None:
        notes = [f"{self.arrivals:,} new · g"] if self.arrivals else []
        title = f"3 Waiting {self.total:,}" if self.total else "3 Waiting"
        if self.filter_text:
            if self._filter:
                title = f"3 Waiting {self.hits_words}"
            title = f"{title} /{self.filter_text}"
            notes += [each for each in (self.counting_words, "esc clears") if each]
        self.set_titles(title, " · ".join([*notes, "nearest first"]))

    def copy_text(self, row: WaitRow) -> str:
        parts = [row.kind, row.name or "", f"user {row.user}", f"journey {row.journey}"]
        if row.due_at is not None:
            parts.append(f"due {iso(row.due_at)}")
        return "  ".join(part for part in parts if part)

    def draw(self, row: WaitRow, index: int, state: RowState) -> list[Line]:
        mark, colours, width = signs(), state.look, state.width
        left_ms = None if row.due_at is None else row.due_at - state.now
        tone = colours.left(left_ms, sleeping=row.kind == "sleep")
        text, strong = colours.text, colours.strong
        if state.gone:
            sign, words = self._ending(row)
            tone = text = strong = colours.muted
        else:
            words = ""
            sign = {"sleep": mark.sleep, "step": mark.running}.get(row.kind, mark.wait)
            if row.due_at is None:
                sign = mark.running if row.kind == "step" else mark.no_limit
                words = "running" if row.kind == "step" else "no limit"
            if row.seq in self.on_hold:
                sign, words = mark.paused_clock, "on hold · H"
        if row.kind == "step":
            tone = colours.muted if state.gone else colours.accent
        if not state.selected:
            strong = text
        what = wait_words(row)
        quiet = colours.text if state.selected and not state.gone else colours.muted
        count = colours.text if state.selected and not state.gone else tone
        of = f"{OF}{total(row.due_at - row.opened_at)}" if row.due_at is not None and not words else ""
        line = Line(width).add(*cursor_mark(state)).add(sign, tone).gap()
        if self.row_height == 1:
            bar_width = max(8, min(14, width // 7))
            tail = 1 + bar_width + FIGURES
            name = (line.room - tail) * 2 // 5
            line.cell(literal(row.user), name - 1, strong).gap()
            line.cell(what, line.room - tail, quiet if row.kind == "sleep" else text, keep="end").gap()
            self._countdown(line, row, left_ms, words, bar_width, state, tone, count)
            return [line.add(of, quiet)]
        name = max(6, (line.room - 1) * 2 // 5)
        line.cell(literal(row.user), name, strong).gap()
        line.cell(what, line.room, quiet if row.kind == "sleep" else text, keep="end")
        second = Line(width).gap(3)
        bar_width = max(4, second.room - FIGURES)
        self._countdown(second, row, left_ms, words, bar_width, state, tone, count)
        return [line, second.add(of, quiet)]

    def _countdown(
        self,
        line: Line,
        row: WaitRow,
        left_ms: int | None,
        words: str,
        bar_width: int,
        state: RowState,
        tone: Style,
        count: Style,
    ) -> None:
        if words or left_ms is None or row.due_at is None:
            line.add(words, state.look.muted)
            return
        solid, gone = bar(left_ms, row.due_at - row.opened_at, bar_width)
        line.add(solid, tone).add(gone, state.look.faint).gap()
        line.cell(left(row.due_at, state.now), TIME_CELLS, count, align="right")

    def _ending(self, row: WaitRow) -> tuple[str, str]:
        mark = signs()
        match self.endings.get(row.seq, ""):
            case "wait.matched":
                return mark.matched, "answered"
            case "wait.timeout":
                return mark.timeout, "timed out"
            case "sleep.done":
                return mark.sleep, "over"
            case "step.done":
                return mark.done, "done"
            case "step.failed" | "step.retry":
                return mark.failed, "failed"
            case _:
                return mark.stopped, "over"


def wait_words(row: WaitRow) -> str:
    """What a row waits for, in a word."""
    match row.kind:
        case "sleep":
            return "sleep"
        case "step":
            return f"step {literal(row.name or '')}"
        case "group":
            return "all of several" if row.key.startswith("all") else "any of several"
        case _:
            return literal(row.name or "any event")
