"""What journeys said, as it comes; scroll back and it stands still."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import ClassVar

from textual.binding import Binding, BindingType

from studio.store.records import Entry
from studio.store.views import Views
from studio.tui.reading import Asking, Question
from studio.tui.widgets.entry_text import Around, say
from studio.tui.widgets.line import Line
from studio.tui.widgets.signs import signs
from studio.tui.widgets.text import LITERAL_CHARS, literal, slim
from studio.tui.widgets.times import clock
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark

PAGE = 200
MOST = 5_000


@dataclass(frozen=True, slots=True)
class LogQuestion:
    """The newest log entries, of everyone."""

    contains: str
    limit: int

    def read(self, views: Views) -> list[Entry]:
        """The entries, oldest first, without what a row cannot show."""
        return [light(entry) for entry in views.logs(limit=self.limit, contains=self.contains or None)]


def light(entry: Entry) -> Entry:
    """The entry without the bulk of its text and data: rows keep only what they show."""
    message = entry.message
    if message is not None and len(message) > LITERAL_CHARS:
        message = message[:LITERAL_CHARS]
    data = slim(entry.data)
    if message is entry.message and data is entry.data:
        return entry
    return replace(entry, message=message, data=data)


class LogList(Asking, VirtualList[Entry]):
    """Pane 4."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "show all", key_display="⏎", id="log.open"),
        Binding("slash", "app.filter", "filter", key_display="/", id="filter"),
        Binding("G", "last", "follow", id="log.follow"),
    ]

    follows = True
    empty_text = "Nothing said yet. What journeys print or log stands here."

    def __init__(self) -> None:
        super().__init__(id="log", classes="pane")
        self.filter_text = ""
        self.failed = 0
        self._limit = PAGE
        self._around = Around()

    def question(self) -> Question:
        if self.following:
            self._limit = PAGE
        return LogQuestion(self.filter_text, self._limit)

    def show_answer(self, answer: list[Entry]) -> None:
        self.show_rows(answer)

    def set_filter(self, text: str) -> None:
        """Show only entries that have this text in them."""
        if text != self.filter_text:
            self.filter_text = text
            self.empty_text = (
                f"No entry has {text} in it. esc clears the filter." if text else type(self).empty_text
            )
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
        title = f"4 Log · all users /{self.filter_text}" if self.filter_text else "4 Log · all users"
        place = self._at.get(self.cursor, 0) + 1
        note = f"{signs().event} following" if self.following else f"{place:,}/{len(self.rows):,} · G follows"
        self.set_titles(title, f"{note} · esc clears" if self.filter_text else note)

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
