"""What journeys said, as it comes; scroll back and it stands still."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import ClassVar

from textual.binding import Binding, BindingType

from studio.clocks.clock import iso
from studio.store.records import Entry
from studio.tui.format.glyphs import glyphs
from studio.tui.format.line import Line
from studio.tui.format.text import literal
from studio.tui.session import filters
from studio.tui.session.ask import Asking
from studio.tui.session.context import session_of
from studio.tui.widgets.entry_text import say
from studio.tui.widgets.hits import Counting
from studio.tui.widgets.log_question import FIELDS, LEVELS, LogAnswer, LogCount, LogQuestion, light
from studio.tui.widgets.marking import Marking
from studio.tui.widgets.pinned_selection import pinned
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark
from studio.wording.entries import Surroundings
from studio.wording.times import clock

__all__ = ["LogList", "light"]

PAGE = 200
MOST = 5_000


class LogList(Counting, Asking, Marking[Entry]):
    """Pane 4."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "show all", key_display="⏎", id="log.open"),
        Binding("slash", "app.filter", "filter", key_display="/", id="filter"),
        Binding("l", "level", "level", id="log.level"),
        Binding("u", "only_user", "only this user", id="log.user"),
        Binding("G", "last", "follow", id="log.follow"),
    ]

    ROW_KEYS = frozenset({"log.open", "log.follow"})

    follows = True
    empty_text = "No log lines yet. What journeys print or log appears here."

    def __init__(self) -> None:
        super().__init__(id="log", classes="pane")
        self.filter_text = ""
        self.failed = 0
        self.level: str | None = None
        """From this level up; None: everything."""
        self.only_user = False
        self.user: str | None = None
        """Who is looked at."""
        self._filter = filters.Filter()
        self._limit = PAGE
        self._fresh = False
        """The next answer is about other entries."""
        self._arrives = False
        """The cursor goes to the first of the next entries."""
        self._around = Surroundings()

    def on_mount(self) -> None:
        """At the level at which it was left."""
        left = session_of(self).memory.text("log_level")
        if left in LEVELS:
            self.level = left
            self._say_empty()

    def question(self) -> LogQuestion:
        if self.following:
            self._limit = PAGE
        user = self.user if self.only_user else None
        return LogQuestion(self._filter, self._limit, self.level, user, self.far)

    def show_answer(self, answer: LogAnswer) -> None:
        if self._filter:
            self.take_hits(answer.all, LogCount(replace(self.question(), limit=0, first=False)))
        # From the start on nothing slides: what comes is added behind.
        stands = not self.following and not self._fresh and not self.far
        self._fresh = False
        self.show_rows(pinned(self.rows, answer.entries, self._limit) if stands else answer.entries)
        if self._arrives:
            self._arrives = False
            super().action_first()

    def action_first(self) -> None:
        """The first of all that was said, however much it is."""
        if self.far or len(self.rows) < self._limit:
            super().action_first()
            return
        self.following = False
        self.far = self._fresh = self._arrives = True
        self._limit = PAGE
        self.ask()

    def idle_keys(self) -> frozenset[str]:
        found = super().idle_keys()
        if self.following:
            found |= {"log.follow"}
        if not self.rows and not self.filter_text:
            found |= {"filter"}
        if not self.rows and not self.only_user and self.user is None:
            found |= {"log.user"}
        return found

    # -- what is shown -----------------------------------------------------------------------------

    def set_filter(self, text: str) -> None:
        """Show only entries that the filter means."""
        if text != self.filter_text:
            self.filter_text = text
            self._filter = filters.parse(text, FIELDS)
            self._ask_anew()

    def action_level(self) -> None:
        """Everything, from info up, warnings, errors, or only notes."""
        self.level = LEVELS[(LEVELS.index(self.level) + 1) % len(LEVELS)]
        session_of(self).memory.remember("log_level", self.level or "")
        self._ask_anew()

    def action_only_user(self) -> None:
        """Only what the user under the cursor said, or everyone again."""
        if self.only_user:
            self.only_user = False
        elif (row := self.row) is not None and row.user is not None:
            self.only_user, self.user = True, row.user
        elif self.user is not None:
            self.only_user = True
        self._ask_anew()

    def follow_user(self, user: str) -> None:
        """Someone else is looked at."""
        # The log's own cursor chooses users too: the one it is narrowed to stays while it has focus.
        if user != self.user and not (self.only_user and self.has_focus):
            self.user = user
            if self.only_user:
                self._ask_anew()

    def action_last(self) -> None:
        """Follow again; what came meanwhile may lie beyond what is known."""
        if self.far:
            self.far, self._fresh, self._limit = False, True, PAGE
            self.follow_again()
        else:
            super().action_last()
        self.ask()

    def _say_empty(self) -> None:
        narrowed = self.filter_text or self.only_user or self.level
        self.empty_text = (
            f"No entry matches {self.filter_text}. esc clears the filter."
            if self.filter_text
            else "No such entry. l shows other levels, u everyone."
            if narrowed
            else type(self).empty_text
        )

    def _ask_anew(self) -> None:
        self._say_empty()
        self.forget_hits()
        self._fresh, self.far = True, False
        self.ask()
        self._title()

    def on_virtual_list_near_edge(self, message: VirtualList.NearEdge) -> None:
        if message.start is not self.far and len(self.rows) >= self._limit < MOST:
            self.following = False
            self._limit = min(MOST, self._limit * 2)
            self.ask()

    def markable(self, row: Entry) -> bool:
        # A note is about nobody.
        return row.user is not None

    def key_of(self, row: Entry) -> Hashable:
        return row.seq

    def _title(self) -> None:
        who = literal(self.user or "") if self.only_user else "all users"
        name = f"4 Log {self.hits_words}" if self._filter else "4 Log"
        title = f"{name} · {who}" + (f" · {self.level}" if self.level else "")
        if self.filter_text:
            title += f" /{self.filter_text}"
        place = self._at.get(self.cursor, 0) + 1
        count = f"{place:,}/{len(self.rows):,}"
        if self.far:
            count = f"from the start · {count}"
        note = f"{glyphs().event} following" if self.following else f"{count} · G follows"
        further = (self.counting_words, "esc clears" if self.filter_text else "")
        self.set_titles(title, " · ".join([note, *(each for each in further if each)]))

    def copy_text(self, row: Entry) -> str:
        parts = (iso(row.at), row.level or row.kind, row.user, row.workflow, row.message, row.line)
        return "  ".join(part for part in parts if part)

    def draw(self, row: Entry, index: int, state: RowState) -> list[Line]:
        colours, width = state.look, state.width
        said = say(row, self._around, state.now)
        text = colours.text if state.selected else colours.tone(said.text_tone)
        quiet = colours.text if state.selected else colours.muted
        line = Line(width)
        if self.has_focus or state.selected or self.marks:
            line.add(*cursor_mark(state))
        line.add(clock(row.at, millis=width >= 60), quiet).gap()
        line.add(said.sign, colours.tone(said.tone)).gap()
        line.cell(literal(row.user or ""), 12, colours.strong).gap()
        if width >= 90:
            line.cell(literal(row.workflow or ""), 12, quiet, keep="both").gap()
        place = literal(row.line or "") if width >= 90 else ""
        body = said.text
        if row.kind == "journey.failed" and isinstance(row.data, dict) and row.data.get("source"):
            body = f"{body}   {literal(str(row.data['source']).strip())}"
        tail = min(24, len(place) + 1) if place else 0
        line.cell(body, line.room - tail, text)
        if tail:
            line.gap().cell(place, tail - 1, quiet, keep="end", align="right")
        return [line]
