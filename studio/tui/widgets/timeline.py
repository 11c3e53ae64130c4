"""One user's history across all journeys: the exact list, each entry with its time and place."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from studio.store.records import Entry, WaitRow
from studio.store.views import Views
from studio.tui.reading import Asking, Question
from studio.tui.widgets.entry_text import Around, say
from studio.tui.widgets.lanes import Lanes
from studio.tui.widgets.line import Line
from studio.tui.widgets.log import light
from studio.tui.widgets.signs import signs
from studio.tui.widgets.text import literal
from studio.tui.widgets.times import clock, day, gap, same_day
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark

if TYPE_CHECKING:
    from studio.tui.app import StudioApp

PAGE = 200
MOST = 5_000
WIDE = 66
"""From this width on entries show milliseconds and the file beside the line."""


@dataclass(frozen=True, slots=True)
class TimelineAnswer:
    """The newest entries of a user, oldest first, and what is open."""

    user: str
    entries: list[Entry]
    waits: list[WaitRow]
    workflows: list[str]


@dataclass(frozen=True, slots=True)
class TimelineQuestion:
    """What happened to a user."""

    user: str
    limit: int

    def read(self, views: Views) -> TimelineAnswer:
        """The newest `limit` entries."""
        entries = [light(entry) for entry in views.timeline(self.user, limit=self.limit)]
        waits = views.waits(user=self.user, limit=200)
        workflows = dict.fromkeys(row.workflow for row in views.journeys(user=self.user, limit=20))
        return TimelineAnswer(self.user, entries, waits, list(workflows))


class EntryList(VirtualList[Entry]):
    """The list of entries."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "show all", key_display="⏎", id="entry.open"),
        Binding("G", "last", "newest", id="entry.newest"),
        Binding("x", "let_time_out", "let this wait time out", show=False, id="entry.time_out"),
        Binding("X", "end_by_hand", "end only this wait", show=False, id="entry.by_hand"),
    ]

    follows = True
    empty_text = "No user is chosen.\nArrow keys in 1 Users choose one."

    def __init__(self) -> None:
        super().__init__(id="entries")
        self.around = Around()

    def action_let_time_out(self) -> None:
        """Let the time of the wait at the cursor pass, for all."""
        if (row := self.row) is not None and row.user is not None and row.seq in self.around.open_seqs:
            cast("StudioApp", self.app).let_time_out(row.user, row.seq)

    def action_end_by_hand(self) -> None:
        """End only the wait at the cursor."""
        if (row := self.row) is not None and row.seq in self.around.open_seqs:
            cast("StudioApp", self.app).end_by_hand(row.seq)

    def key_of(self, row: Entry) -> Hashable:
        return row.seq

    def is_live(self, row: Entry) -> bool:
        return self.around.open_seqs.get(row.seq) is not None

    def _title(self) -> None:
        if isinstance(self.parent, TimelinePane):
            self.parent.retitle()

    def draw(self, row: Entry, index: int, state: RowState) -> list[Line]:
        colours, width = state.look, state.width
        wide = width >= WIDE
        said = say(row, self.around, state.now)
        above = self.rows[index - 1] if index else None
        quiet = colours.text if state.selected else colours.muted
        tone = colours.tone(said.tone)
        text = colours.tone(said.text_tone)
        if said.left_ms is not None and said.text_tone == "warning":
            tone = text = colours.left(said.left_ms)
        if state.selected:
            text = colours.text
        line = Line(width).add(*cursor_mark(state))
        new_day = above is not None and not same_day(above.at, row.at)
        if new_day:
            line.cell(f"{day(row.at)} {clock(row.at)[:5]}" if wide else day(row.at), 12 if wide else 8, quiet)
        else:
            line.cell(clock(row.at, millis=wide), 12 if wide else 8, quiet)
        line.gap().cell(gap(row.at - above.at) if above else "", 7, quiet, align="right")
        line.gap().add(said.sign, tone).gap()
        place = literal(row.line or "")
        if not wide:
            place = place[place.rfind(":") :] if ":" in place else ""
        tail = min(22, len(place) + 1) if place else 0
        room = line.room - tail
        body = Line(max(0, room)).add(said.text, text)
        if said.detail and body.room > 4:
            body.gap(2).add(said.detail, quiet if said.left_ms is None or state.selected else tone)
        line.append(body)
        if tail:
            line.gap().cell(place, tail - 1, quiet, keep="end", align="right")
        return [line]


class TimelinePane(Asking, Vertical):
    """Pane 2: lanes above, entries below."""

    def __init__(self) -> None:
        super().__init__(id="timeline", classes="pane")
        self.lanes = Lanes()
        self.entries = EntryList()
        self.user: str | None = None
        self._workflows: list[str] = []
        self._limit = PAGE
        self._wanted: int | None = None

    def compose(self) -> ComposeResult:
        yield self.lanes
        yield self.entries

    def choose(self, user: str, seq: int | None = None) -> None:
        """Show this user, at this entry when one is given."""
        if user != self.user:
            self.user = user
            self._limit = PAGE
            self._workflows = []
            entries = self.entries
            entries.around = Around(on_hold=entries.around.on_hold)
            entries.following = True
            entries.cursor = None
            entries.empty_text = ""
            entries.show_rows([])
            self.lanes.clear()
            self.ask()
        if seq is not None and not self.entries.point_at(seq):
            self._wanted = seq
        elif seq is None:
            self._wanted = None

    def question(self) -> Question | None:
        return TimelineQuestion(self.user, self._limit) if self.user is not None else None

    def show_answer(self, answer: TimelineAnswer) -> None:
        entries = self.entries
        around = Around(
            open_seqs={wait.seq: wait.due_at for wait in answer.waits}, on_hold=entries.around.on_hold
        )
        for entry in answer.entries:
            around.learn(entry)
        entries.around = around
        entries.empty_text = "Nothing has happened to this user."
        self._workflows = answer.workflows
        entries.forget_drawn()
        entries.show_rows(answer.entries)
        if self._wanted is not None and entries.point_at(self._wanted):
            self._wanted = None
        self.lanes.show_history(answer.entries, answer.waits, entries.now)
        self.retitle()

    def on_virtual_list_near_edge(self, message: VirtualList.NearEdge) -> None:
        if message.start and len(self.entries.rows) >= self._limit < MOST:
            self._limit = min(MOST, self._limit * 2)
            self.ask()

    def tick(self, now: int) -> None:
        """Time has passed."""
        self.entries.tick(now)
        self.lanes.tick(now)

    def retitle(self) -> None:
        """Write the border."""
        entries = self.entries
        title = "2 Timeline" if self.user is None else f"2 {literal(self.user)}"
        if self._workflows:
            shown = ", ".join(literal(name) for name in self._workflows[:3])
            more = len(self._workflows) - 3
            title += f" · {shown}" + (f" +{more}" if more > 0 else "")
        count = len(entries.rows)
        place = entries._at.get(entries.cursor, 0) + 1
        note = f"{place:,}/{count:,}{'+' if count >= self._limit else ''}" if count else ""
        if count and entries.following:
            note = f"{signs().event} newest · {note}"
        self.border_title = Content(title)
        self.border_subtitle = Content(note)
