"""What journeys said, as it comes; scroll back and it stands still."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType

from studio.clock import iso
from studio.store.records import Entry
from studio.tui import filters
from studio.tui.reading import Asking
from studio.tui.widgets.entry_text import Around, say
from studio.tui.widgets.hits import Counting
from studio.tui.widgets.line import Line
from studio.tui.widgets.log_question import FIELDS, LEVELS, LogAnswer, LogCount, LogQuestion, light
from studio.tui.widgets.signs import signs
from studio.tui.widgets.standing import kept
from studio.tui.widgets.text import literal
from studio.tui.widgets.times import clock
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark

if TYPE_CHECKING:
    from studio.tui.app import StudioApp

__all__ = ["LogList", "light"]

PAGE = 200
MOST = 5_000


class LogList(Counting, Asking, VirtualList[Entry]):
    """Pane 4."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "show all", key_display="⏎", id="log.open"),
        Binding("slash", "app.filter", "filter", key_display="/", id="filter"),
        Binding("l", "level", "level", id="log.level"),
        Binding("u", "only_user", "only this user", id="log.user"),
        Binding("G", "last", "follow", id="log.follow"),
    ]

    follows = True
    empty_text = "Nothing said yet. What journeys print or log stands here."

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
        self._around = Around()

    def on_mount(self) -> None:
        """At the level at which it was left."""
        left = cast("StudioApp", self.app).memory.text("log_level")
        if left in LEVELS:
            self.level = left
            self._say_empty()

    def question(self) -> LogQuestion:
        if self.following:
            self._limit = PAGE
        user = self.user if self.only_user else None
        return LogQuestion(self._filter, self._limit, self.level, user)

    def show_answer(self, answer: LogAnswer) -> None:
        if self._filter:
            self.take_hits(answer.all, LogCount(replace(self.question(), limit=0)))
        stands = not self.following and not self._fresh
        self._fresh = False
        self.show_rows(kept(self.rows, answer.entries, self._limit) if stands else answer.entries)

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
        cast("StudioApp", self.app).memory.remember("log_level", self.level or "")
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
        super().action_last()
        self.ask()

    def _say_empty(self) -> None:
        narrowed = self.filter_text or self.only_user or self.level
        self.empty_text = (
            f"No entry has {self.filter_text} in it. esc clears the filter."
            if self.filter_text
            else "No such entry. l shows other levels, u everyone."
            if narrowed
            else type(self).empty_text
        )

    def _ask_anew(self) -> None:
        self._say_empty()
        self.forget_hits()
        self._fresh = True
        self.ask()
        self._title()

    def on_virtual_list_near_edge(self, message: VirtualList.NearEdge) -> None:
        if message.start and len(self.rows) >= self._limit < MOST:
            self.following = False
            self._limit = min(MOST, self._limit * 2)
            self.ask()

    def key_of(self, row: Entry) -> Hashable:
        return row.seq

    def _title(self) -> None:
        who = literal(self.user or "") if self.only_user else "all users"
        name = f"4 Log {self.hits_words}" if self._filter else "4 Log"
        title = f"{name} · {who}" + (f" · {self.level}" if self.level else "")
        if self.filter_text:
            title += f" /{self.filter_text}"
        place = self._at.get(self.cursor, 0) + 1
        note = f"{signs().event} following" if self.following else f"{place:,}/{len(self.rows):,} · G follows"
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
        if self.has_focus or state.selected:
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
