"""Everything that is waited for, nearest deadline first, with what is left of it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import ClassVar, cast

from rich.cells import cell_len
from rich.style import Style
from textual.binding import Binding, BindingType

from studio.clocks.clock import iso
from studio.store.records import WaitRow
from studio.store.views import Views
from studio.tui.format.glyphs import bar, glyphs
from studio.tui.format.line import Line
from studio.tui.format.text import cut, literal
from studio.tui.session import filters
from studio.tui.session.ask import Asking, Question
from studio.tui.session.messages import ActOnMarked, EndByHand, LetTimeOut
from studio.tui.widgets.hits import Counting, HitTally
from studio.tui.widgets.marking import Marking
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark
from studio.wording.times import TIME_CELLS, left, total

PAGE = 200
MOST = 5_000
FIELDS = ("user", "workflow", "event", "state", "kind")
LOOKED_AT = 1_000
MOST_LOOKED_AT = 20_000
"""A filter looks at the nearest so many waits: what is due later can be looked for by user."""
ONE_LINE_WIDTH = 58
"""From this width on a wait takes one line, below it two."""
LEAST_NAME = 6
"""Cells of a branch's name, when all of a group are to be told."""
OF = " of "
FIGURES = 1 + TIME_CELLS + len(OF) + TIME_CELLS
"""Cells of "  4.2s of 6s" with the blank before: the bar gives way to them, and they are never cut."""


@dataclass(frozen=True, slots=True)
class WaitsAnswer:
    """What is open, and what became of that which is shown."""

    rows: list[WaitRow]
    over: frozenset[int]
    """`seq`s of what is shown and no longer open."""
    ending: str | None
    """The kind of the entry that ended the wait under the cursor; None: it is open, or nobody knows."""
    all: int | None = None
    """How many a filter means; None when there may be more than were looked at."""


@dataclass(frozen=True, slots=True)
class WaitsCount:
    """How many open waits a filter means."""

    filter: filters.Filter
    total: int = field(compare=False)

    def step(self, views: Views, place: tuple[tuple[int | None, int], int] | None) -> HitTally:
        """Count among the next thousand."""
        after, looked = place or (None, 0)
        page, following = views.waiting(limit=LOOKED_AT, after=after)
        count = sum(1 for row in page if meets(self.filter, row))
        looked += len(page)
        if following is None:
            return HitTally(count, None, 1.0)
        return HitTally(count, (following, looked), min(0.99, looked / max(1, self.total)))


@dataclass(frozen=True, slots=True)
class WaitsQuestion:
    """The open waits of everyone."""

    limit: int
    filter: filters.Filter = filters.Filter()  # noqa: RUF009 - a frozen value
    shown: tuple[WaitRow, ...] = field(default=(), compare=False)
    """Rows of a list that stands still: which of them are over?"""
    cursor: int | None = field(default=None, compare=False)
    """The `seq` of the row under the cursor: how did it end?"""
    last: bool = False
    """The rows with which the list ends, and not those with which it begins."""

    def read(self, views: Views) -> WaitsAnswer:
        """The rows, nearest deadline first."""
        rows, all = self._rows(views)
        open_now = {row.seq for row in rows}
        missing = [row for row in self.shown if row.seq not in open_now]
        # Not among the nearest is not over: others may have come before it.
        still = views.open_among(missing) if missing else set()
        over = {row.seq: row for row in missing if row.seq not in still}
        under = over.get(self.cursor) if self.cursor is not None else None
        ending = views.ending(under) if under is not None else None
        return WaitsAnswer(rows, frozenset(over), ending.kind if ending is not None else None, all)

    def _rows(self, views: Views) -> tuple[list[WaitRow], int | None]:
        found: list[WaitRow] = []
        after: tuple[int | None, int] | None = None
        looked, page_size = 0, LOOKED_AT if self.filter else self.limit
        while (looked < MOST_LOOKED_AT or not self.filter) and len(found) < self.limit:
            page, after = views.waiting(limit=page_size, after=after, last=self.last)
            found += [row for row in page if meets(self.filter, row)]
            looked += len(page)
            if after is None:
                break
        rows = found[: self.limit]
        return rows[::-1] if self.last else rows, len(found) if self.filter and after is None else None


def meets(filter: filters.Filter, row: WaitRow) -> bool:
    """Whether a filter means this wait."""
    fields = {
        "user": row.user,
        "workflow": row.workflow,
        "event": " ".join(part.name or part.kind for part in row.parts) if row.parts else row.name,
        "state": row.kind,
        "kind": row.kind,
    }
    return not filter or filter.meets(f"{row.user} {fields['event'] or row.kind} {row.workflow}", fields)


class WaitingList(Counting, Asking, Marking[WaitRow]):
    """Pane 3."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "answer", key_display="⏎", id="wait.answer"),
        Binding("x", "let_time_out", "let it time out", id="wait.time_out"),
        Binding("X", "end_by_hand", "end only this one", show=False, id="wait.by_hand"),
        Binding("slash", "app.filter", "filter", key_display="/", id="filter"),
    ]

    ROW_KEYS = frozenset({"wait.answer", "wait.time_out", "wait.by_hand"})

    empty_text = "Nothing is waiting.\nNext deadline: none."

    def __init__(self) -> None:
        super().__init__(id="waiting", classes="pane")
        self.total = 0
        self.on_hold: frozenset[int] = frozenset()
        """Started steps that wait for a yes."""
        self.filter_text = ""
        self._filter = filters.Filter()
        self._over: frozenset[int] = frozenset()
        self._ending: str | None = None
        self._limit = PAGE
        self._arrives: int | None = None
        """Other rows come, and the cursor goes to this one of them."""
        self.row_height = 2

    def action_let_time_out(self) -> None:
        """Let the time of this wait pass, for all."""
        if self.marks:
            self.post_message(ActOnMarked("time_out"))
        elif (row := self.row) is not None and not self.is_gone(self.cursor):
            self.app.post_message(LetTimeOut(row.user, row.nearest.seq))

    def action_end_by_hand(self) -> None:
        """End only this wait."""
        if self.marks:
            self.post_message(ActOnMarked("time_out"))
        elif (row := self.row) is not None and not self.is_gone(self.cursor):
            self.app.post_message(EndByHand(row.nearest.seq))

    def idle_keys(self) -> frozenset[str]:
        row, found = self.row, super().idle_keys()
        if row is None:
            return found if self.filter_text else found | {"filter"}
        if self.is_gone(self.cursor):
            return found | self.ROW_KEYS
        if row.due_at is None:
            found |= {"wait.time_out"}
        if row.kind in ("sleep", "step") and row.seq not in self.on_hold:
            found |= {"wait.answer"}
        return found

    def question(self) -> Question:
        cursor = cast("int | None", self.cursor)
        shown = tuple(self.rows) if self.held else ()
        return WaitsQuestion(self._limit, self._filter, shown, cursor, self.far)

    def set_filter(self, text: str) -> None:
        """Show only waits that the filter means."""
        if text == self.filter_text:
            return
        self.filter_text = text
        self._filter = filters.parse(text, FIELDS)
        self._limit, self.far = PAGE, False
        self.empty_text = (
            f"No wait matches {text}.\nesc clears the filter." if text else type(self).empty_text
        )
        self.forget_hits()
        # Others are shown from here on; those before are not over.
        self.rows = []
        self._at = {}
        self._over, self._ending = frozenset(), None
        self.ask()
        self._title()

    def show_answer(self, answer: WaitsAnswer) -> None:
        self._over, self._ending = answer.over, answer.ending
        if self._filter:
            self.take_hits(answer.all, WaitsCount(self._filter, self.total))
        arrives, self._arrives = self._arrives, None
        if arrives is None:
            self.show_rows(answer.rows)
        else:
            self.show_others(answer.rows, arrives)

    def action_first(self) -> None:
        if self.far:
            self._show_end(far=False)
        else:
            super().action_first()

    def action_last(self) -> None:
        if self.far or len(self.rows) < self._limit:
            super().action_last()
        else:
            self._show_end(far=True)

    def _show_end(self, *, far: bool) -> None:
        self.far, self._arrives = far, -1 if far else 0
        self._limit = PAGE
        self.ask()

    def is_over(self, row: WaitRow) -> bool:
        return row.seq in self._over

    def set_total(self, total: int) -> None:
        """How many there are in all."""
        if total != self.total:
            self.total = total
            self._title()

    def on_virtual_list_near_edge(self, message: VirtualList.NearEdge) -> None:
        if message.start is self.far and len(self.rows) >= self._limit < MOST:
            self._limit = min(MOST, self._limit * 2)
            if self.far:
                # What is put in front of the rows is no news that waits for a key.
                self._arrives = self._at.get(self.cursor, 0) - len(self.rows)
            self.ask()

    def on_resize(self) -> None:
        self.row_height = 1 if self.size.width >= ONE_LINE_WIDTH else 2

    def key_of(self, row: WaitRow) -> Hashable:
        return row.seq

    def due_of(self, row: WaitRow) -> int | None:
        return None if self.is_gone(row.seq) else row.due_at

    def _title(self) -> None:
        notes = [f"{self.arrivals:,} new · g"] if self.arrivals else []
        title = f"3 Waiting {self.total:,}" if self.total else "3 Waiting"
        if self.filter_text:
            if self._filter:
                title = f"3 Waiting {self.hits_words}"
            title = f"{title} /{self.filter_text}"
            notes += [each for each in (self.counting_words, "esc clears") if each]
        self.set_titles(title, " · ".join([*notes, "the end · g first" if self.far else "nearest first"]))

    def copy_text(self, row: WaitRow) -> str:
        parts = [row.kind, row.name or "", f"user {row.user}", f"journey {row.journey}"]
        if row.due_at is not None:
            parts.append(f"due {iso(row.due_at)}")
        return "  ".join(part for part in parts if part)

    def draw(self, row: WaitRow, index: int, state: RowState) -> list[Line]:
        mark, colours, width = glyphs(), state.look, state.width
        left_ms = None if row.due_at is None else row.due_at - state.now
        tone = colours.left(left_ms, sleeping=row.kind == "sleep")
        text, strong = colours.text, colours.strong
        if state.gone:
            sign, words = self._end()
            tone = text = strong = colours.muted
        else:
            words = ""
            sign = {"sleep": mark.sleep, "step": mark.running}.get(row.kind, mark.wait)
            if row.due_at is None:
                sign = mark.running if row.kind == "step" else mark.no_limit
                words = "running" if row.kind == "step" else "no limit"
            if any(each.seq in self.on_hold for each in (row, *row.parts)):
                sign, words = mark.paused_clock, "on hold · H"
        if row.kind == "step":
            tone = colours.muted if state.gone else colours.accent
        if not state.selected:
            strong = text
        quiet = colours.text if state.selected and not state.gone else colours.muted
        count = colours.text if state.selected and not state.gone else tone
        of = f"{OF}{total(row.due_at - row.opened_at)}" if row.due_at is not None and not words else ""
        line = Line(width).add(*cursor_mark(state)).add(sign, tone).gap()
        if self.row_height == 1:
            bar_width = max(8, min(14, width // 7))
            tail = 1 + bar_width + FIGURES
            name = (line.room - tail) * 2 // 5
            line.cell(literal(row.user), name - 1, strong).gap()
            what = wait_words(row, line.room - tail)
            line.cell(what, line.room - tail, quiet if row.kind == "sleep" else text, keep="end").gap()
            self._countdown(line, row, left_ms, words, bar_width, state, tone, count)
            return [line.add(of, quiet)]
        name = max(6, (line.room - 1) * 2 // 5)
        line.cell(literal(row.user), name, strong).gap()
        line.cell(wait_words(row, line.room), line.room, quiet if row.kind == "sleep" else text, keep="end")
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

    def _end(self) -> tuple[str, str]:
        """Sign and words of how the wait under the cursor ended."""
        mark = glyphs()
        match self._ending:
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
                return mark.stopped, "no longer waiting"


def wait_words(row: WaitRow, room: int | None = None) -> str:
    """What a row waits for, in a word; of a group its branches, as many as there is room for.

    Args:
        room: cells; None: as many as it takes.
    """
    match row.kind:
        case "sleep":
            return "sleep" if row.local is None else f"until {row.local}"
        case "message":
            return f"message {literal(row.name or '')}"
        case "step":
            return f"step {literal(row.name or '')}"
        case "group" if row.parts:
            return _branches(row, room)
        case "group":
            return "all of several" if row.key.startswith("all") else "any of several"
        case _:
            return literal(row.name or "any event")


def _branches(row: WaitRow, room: int | None) -> str:
    words = [wait_words(part) for part in row.parts]
    joined = " and " if row.key.startswith("all") else " or "
    text = joined.join(words)
    if room is None or cell_len(text) <= room:
        return text
    # The end of a name tells; with too little room for all, the first and how many more there are.
    each = (room - len(joined) * (len(words) - 1)) // len(words)
    if each >= LEAST_NAME:
        return joined.join(cut(word, each, "end") for word in words)
    more = f" +{len(words) - 1}" if words[1:] else ""
    return cut(words[0], room - len(more), "end") + more
