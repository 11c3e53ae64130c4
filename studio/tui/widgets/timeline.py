"""One user's history across all journeys: lanes, and the exact list below them.

A selection is one thing in both: the cursor of the list is what the lanes mark.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Hashable
from pathlib import Path
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from studio.errors import StudioError
from studio.store.records import Entry
from studio.tui.format.glyphs import glyphs
from studio.tui.format.line import Line
from studio.tui.format.text import literal
from studio.tui.session import filters
from studio.tui.session.ask import Asking, reader_of
from studio.tui.session.context import session_of
from studio.tui.session.messages import EndByHand, LetTimeOut, ReadFailed
from studio.tui.widgets.entry_text import say
from studio.tui.widgets.hits import Counting
from studio.tui.widgets.lanes import LanesPane
from studio.tui.widgets.marking import Marking
from studio.tui.widgets.pinned_selection import pinned
from studio.tui.widgets.timeline_question import FIELDS, TimelineAnswer, TimelineCount, TimelineQuestion
from studio.tui.widgets.unfolded import Detail, Unfolded, UnfoldQuestion
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark
from studio.wording.entries import Surroundings
from studio.wording.times import clock, day, gap, same_day

PAGE = 200
MOST = 5_000
WIDE = 66
"""From this width on entries show milliseconds and the file beside the line."""
INDENT = 3
LANES_PERCENT = 45
"""As much of the pane's height as the lanes take at most."""
ZOOM = Binding.Group("zoom")
"""Keys that the footer and the help name together."""


class EntryList(Marking[Entry | Detail]):
    """The list of entries."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "unfold, fold", key_display="⏎", id="entry.open"),
        Binding("G", "last", "newest", id="entry.newest"),
        Binding("x", "let_time_out", "let this wait time out", show=False, id="entry.time_out"),
        Binding("X", "end_by_hand", "end only this wait", show=False, id="entry.by_hand"),
        Binding("left", "happening(-1)", "entry before", key_display="←", show=False, id="entry.before"),
        Binding("right", "happening(1)", "next entry", key_display="→", show=False, id="entry.after"),
        Binding("left_square_bracket", "zoom(-1)", "zoom out", group=ZOOM, id="lanes.out"),
        Binding("right_square_bracket", "zoom(1)", "zoom in", group=ZOOM, id="lanes.in"),
        Binding("0", "fit", "fit all", show=False, id="lanes.fit"),
        Binding("slash", "app.filter", "filter", key_display="/", id="filter"),
    ]

    ROW_KEYS = frozenset(
        {"entry.open", "entry.newest", "entry.time_out", "entry.by_hand", "entry.before", "entry.after"}
    )

    follows = True
    empty_text = "No user is chosen.\nArrow keys in 1 Users choose one."

    def __init__(self) -> None:
        super().__init__(id="entries")
        self.around = Surroundings()
        self.filter_text = ""
        self.entries: list[Entry] = []
        self._unfolded: dict[int, list[str]] = {}
        self._open = Unfolded()
        self._reading: set[int] = set()
        """Entries that are being unfolded again."""

    def action_let_time_out(self) -> None:
        """Let the time of the wait at the cursor pass, for all."""
        if (row := self.entry) is not None and row.user is not None and row.seq in self.around.open_seqs:
            self.app.post_message(LetTimeOut(row.user, row.seq))

    def action_end_by_hand(self) -> None:
        """End only the wait at the cursor."""
        if (row := self.entry) is not None and row.seq in self.around.open_seqs:
            self.app.post_message(EndByHand(row.seq))

    # -- entries, and what is unfolded below them ------------------------------------------------

    def show_entries(self, entries: list[Entry]) -> None:
        """Take the entries, oldest first."""
        self.entries = entries
        if not entries:
            self._unfolded.clear()
        self.show_rows(self._with_details(entries))
        again = {entry.seq for entry in entries if entry.seq in self._open.seqs}
        again -= self._reading | self._unfolded.keys()
        if again and self.size.width > INDENT + 1:
            self._reading |= again
            self._unfold_again(sorted(again))

    def recall_unfolded(self, store: Path) -> None:
        """Go on with what was unfolded in this store."""
        self._open = Unfolded.of(session_of(self).memory.text("unfolded"), store)

    def _keep_unfolded(self) -> None:
        session_of(self).memory.remember("unfolded", self._open.text())

    def set_filter(self, text: str) -> None:
        """Show only entries that the filter means, and the lanes of their journeys."""
        if text != self.filter_text:
            self.filter_text = text
            if isinstance(self.parent, TimelinePane):
                self.parent.filter_entries(text)

    def _with_details(self, entries: list[Entry]) -> list[Entry | Detail]:
        if not self._unfolded:
            return list(entries)
        rows: list[Entry | Detail] = []
        for entry in entries:
            rows.append(entry)
            for index, text in enumerate(self._unfolded.get(entry.seq, ())):
                rows.append(Detail(entry, index, text))
        return rows

    @property
    def entry(self) -> Entry | None:
        """The entry under the cursor, or that of which the cursor is on a detail."""
        row = self.row
        return row.entry if isinstance(row, Detail) else row

    def action_open(self) -> None:
        """Unfold the entry, or fold it; on a line of its data, show all of it."""
        row = self.row
        if isinstance(row, Detail):
            self.post_message(self.Opened(self, row.entry, False))
        elif row is not None and row.seq in self._unfolded:
            del self._unfolded[row.seq]
            self._open.take(row.seq, unfolded=False)
            self._keep_unfolded()
            self.show_entries(self.entries)
        elif row is not None:
            self.following = False
            self._unfold(row.seq)

    @work(group="unfold", exclusive=True, exit_on_error=False)
    async def _unfold(self, seq: int) -> None:
        reader = reader_of(self)
        if reader is None:
            return
        try:
            lines = await reader.ask(UnfoldQuestion(seq, self.size.width - INDENT - 1).read)
        except StudioError as error:
            self.post_message(ReadFailed(str(error)))
            return
        # Meanwhile another user may have been chosen.
        if self.is_attached and any(entry.seq == seq for entry in self.entries):
            self._unfolded[seq] = lines
            self._open.take(seq, unfolded=True)
            self._keep_unfolded()
            self.show_entries(self.entries)
            self._show_unfolded(seq, len(lines))

    @work(group="unfold-again", exit_on_error=False)
    async def _unfold_again(self, seqs: list[int]) -> None:
        reader = reader_of(self)
        if reader is None:
            self._reading -= set(seqs)
            return
        width = self.size.width - INDENT - 1
        try:
            for seq in seqs:
                lines = await reader.ask(UnfoldQuestion(seq, width).read)
                if seq in self._open.seqs and any(entry.seq == seq for entry in self.entries):
                    self._unfolded[seq] = lines
        except StudioError as error:
            self.post_message(ReadFailed(str(error)))
        finally:
            self._reading -= set(seqs)
        if self.is_attached:
            self.show_rows(self._with_details(self.entries))

    def _show_unfolded(self, seq: int, lines: int) -> None:
        at = self._at.get(seq, 0)
        end = at + 1 + min(lines, self.size.height - 1)
        if end > self.scroll_offset.y + self.size.height:
            self.scroll_to(y=end - self.size.height, animate=False, force=True, immediate=True)

    def copy_text(self, row: Entry | Detail) -> str:
        if isinstance(row, Detail):
            return row.text
        return json.dumps(row.as_json(), ensure_ascii=False, default=str)

    def watch_has_focus(self, has_focus: bool) -> None:
        """The lanes mark the entry under the cursor too."""
        super().watch_has_focus(has_focus)
        self._title()

    def action_first(self) -> None:
        """The first of all that happened, however much it is."""
        if isinstance(self.parent, TimelinePane) and self.parent.show_start():
            return
        super().action_first()

    def idle_keys(self) -> frozenset[str]:
        row, found = self.entry, super().idle_keys()
        if row is None and not self.filter_text:
            found |= {"filter"}
        elif self.following and not (isinstance(self.parent, TimelinePane) and self.parent.far):
            found |= {"entry.newest"}
        if row is None or row.seq not in self.around.open_seqs:
            found |= {"entry.time_out", "entry.by_hand"}
        elif self.around.open_seqs[row.seq] is None:
            found |= {"entry.time_out"}
        if isinstance(self.parent, TimelinePane) and not self.parent.lanes.has_class("-shown"):
            found |= {"lanes.out", "lanes.in", "lanes.fit"}
        return found

    # -- keys of the lanes -------------------------------------------------------------------------

    def action_happening(self, by: int) -> None:
        """Go to the entry before or after that the lanes show at another moment."""
        entry = self.entry
        if entry is None:
            return
        ahead = [each for each in self.entries if (each.seq - entry.seq) * by > 0]
        for each in ahead if by > 0 else reversed(ahead):
            if each.at != entry.at and each.kind != "log":
                self._move_to(self._at[each.seq])
                return

    def action_last(self) -> None:
        """Follow again; what came meanwhile may lie beyond what is known."""
        if isinstance(self.parent, TimelinePane) and self.parent.far:
            self.parent.follow_newest()
            return
        super().action_last()
        if isinstance(self.parent, TimelinePane):
            self.parent.ask()

    def action_zoom(self, by: int) -> None:
        """Closer to the selected entry, or farther away."""
        if isinstance(self.parent, TimelinePane):
            self.parent.zoom(by)

    def action_fit(self) -> None:
        """Everything in one picture."""
        if isinstance(self.parent, TimelinePane):
            self.parent.zoom(0)

    # -- rows --------------------------------------------------------------------------------------

    def key_of(self, row: Entry | Detail) -> Hashable:
        return (row.entry.seq, row.index) if isinstance(row, Detail) else row.seq

    def due_of(self, row: Entry | Detail) -> int | None:
        return self.around.open_seqs.get(row.seq) if isinstance(row, Entry) else None

    def _above(self, index: int) -> Entry | None:
        for row in reversed(self.rows[max(0, index - 1) : index]):
            return row.entry if isinstance(row, Detail) else row
        return None

    def markable(self, row: Entry | Detail) -> bool:
        return isinstance(row, Entry)

    def _title(self) -> None:
        if isinstance(self.parent, TimelinePane):
            self.parent.retitle()

    def draw(self, row: Entry | Detail, index: int, state: RowState) -> list[Line]:
        colours, width = state.look, state.width
        if isinstance(row, Detail):
            tone = colours.text if state.selected else colours.muted
            return [Line(width).add(*cursor_mark(state)).gap(INDENT).add(row.text, tone)]
        wide = width >= WIDE
        said = say(row, self.around, state.now)
        above = self._above(index)
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


def _seq(entry: Entry) -> int:
    return entry.seq


class TimelinePane(Counting, Asking, Vertical):
    """Pane 2 of the live screen: lanes above, entries below.

    Args:
        entries: the list below.
        number: of the pane on its screen.
    """

    def __init__(self, entries: EntryList | None = None, number: int = 2) -> None:
        super().__init__(id="timeline", classes="pane")
        self.lanes = LanesPane()
        self.entries = entries or EntryList()
        self._number = number
        self.user: str | None = None
        self._workflows: list[str] = []
        self._limit = PAGE
        self._wanted: int | None = None
        self._filter = filters.Filter()
        self._fresh = False
        """The next answer is about other entries."""
        self._arrives = False
        """The cursor goes to the first of the next entries."""

    def compose(self) -> ComposeResult:
        yield self.lanes
        yield self.entries

    def choose(self, user: str, seq: int | None = None) -> None:
        """Show this user, at this entry when one is given."""
        if user != self.user:
            self.user = user
            self.forget_hits()
            self._limit, self.entries.far = PAGE, False
            self._workflows = []
            entries = self.entries
            entries.around = entries.around.fresh({})
            entries.following = True
            entries.cursor = None
            entries.unmark()
            entries.empty_text = ""
            entries.show_entries([])
            self.lanes.clear()
            self.ask()
        if seq is not None and not self.entries.point_at(seq):
            self._wanted = seq
            if self.far:
                self._show_end(far=False)
        elif seq is None:
            self._wanted = None

    @property
    def far(self) -> bool:
        """Whether the first entries of all are shown, of more than are known from the newest on."""
        return self.entries.far

    @property
    def workflow(self) -> str | None:
        """Of the journey that matters most of this user; None while none is known."""
        return next(iter(self._workflows), None)

    def follow_newest(self) -> None:
        """Show what happens from now on: something was just done to this user."""
        self._wanted = None
        if self.far:
            self._show_end(far=False)
        self.entries.follow_again()
        self.ask()

    def show_start(self) -> bool:
        """Show the first of all that happened; False when that is among what is shown already."""
        if self.far or len(self.entries.entries) < self._limit:
            return False
        self.entries.following = False
        self._arrives = True
        self._show_end(far=True)
        return True

    def _show_end(self, *, far: bool) -> None:
        self.entries.far, self._fresh, self._limit = far, True, PAGE
        self.ask()
        self.retitle()

    def question(self) -> TimelineQuestion | None:
        return None if self.user is None else TimelineQuestion(self.user, self._limit, self._filter, self.far)

    def filter_entries(self, text: str) -> None:
        """Narrow list and lanes; without a text, back to all, on the same entry."""
        self._filter = filters.parse(text, FIELDS)
        self.forget_hits()
        self._limit, self.entries.far = PAGE, False
        selected = self.entries.entry
        if not text and selected is not None and not self.entries.following:
            self._wanted = selected.seq
        self._fresh = True
        self.ask()
        self.retitle()

    def show_answer(self, answer: TimelineAnswer) -> None:
        entries = self.entries
        around = entries.around.fresh({wait.seq: wait.due_at for wait in answer.waits})
        for entry in answer.entries:
            around.learn(entry)
        entries.around = around
        if self._filter and self.user is not None:
            self.take_hits(answer.all, TimelineCount(TimelineQuestion(self.user, 0, self._filter)))
        entries.empty_text = "Nothing has happened to this user."
        if entries.filter_text:
            entries.empty_text = f"No entry matches {entries.filter_text}.\nesc clears the filter."
        self._workflows = answer.workflows
        entries.forget_drawn()
        # From the start on nothing slides: what comes is added behind.
        stands = not entries.following and not self._fresh and not self.far
        self._fresh = False
        entries.show_entries(
            pinned(entries.entries, answer.entries, self._limit) if stands else answer.entries
        )
        if self._arrives:
            self._arrives = False
            entries.action_first()
        if self._wanted is not None:
            if entries.point_at(self._wanted):
                self._wanted = None
            else:
                self._read_more()
        self.lanes.show_history(answer.history, entries.now)
        self.retitle()

    def on_virtual_list_near_edge(self, message: VirtualList.NearEdge) -> None:
        if message.start is not self.far:
            self._read_more()

    def _read_more(self) -> None:
        if len(self.entries.entries) >= self._limit < MOST:
            self._limit = min(MOST, self._limit * 2)
            self.ask()

    def on_resize(self, event: events.Resize) -> None:
        """The lanes take a part of the height, and leave the list most of it."""
        self.lanes.give_rows(min(16, event.size.height * LANES_PERCENT // 100))

    @on(LanesPane.Picked)
    def pick(self, message: LanesPane.Picked) -> None:
        """An entry was chosen in the lanes."""
        message.stop()
        entries = self.entries
        entries.focus()
        if not entries.point_at(message.seq):
            self._wanted = message.seq
            self._read_more()

    def zoom(self, by: int) -> None:
        """Closer (1), farther away (-1), or everything in one picture (0)."""
        if by:
            self.lanes.zoom(by > 0)
        else:
            self.lanes.fit_all()
        self.retitle()

    def tick(self, now: int) -> None:
        """Time has passed."""
        self.entries.tick(now)
        self.lanes.tick(now)

    @property
    def tick_seconds(self) -> float:
        """In how many seconds what is seen may be another."""
        return min(self.entries.tick_seconds, self.lanes.tick_seconds)

    def _title(self) -> None:
        self.retitle()

    def retitle(self) -> None:
        """Write the border."""
        entries = self.entries
        title = f"{self._number} {'Timeline' if self.user is None else literal(self.user)}"
        if self._workflows:
            shown = ", ".join(literal(name) for name in self._workflows[:3])
            more = len(self._workflows) - 3
            title += f" · {shown}" + (f" +{more}" if more > 0 else "")
        if entries.filter_text:
            title += f" · {self.hits_words}" if self._filter else ""
            title += f" /{literal(entries.filter_text)}"
        if entries.marks:
            title += f" · {len(entries.marks):,} marked"
        count = len(entries.entries)
        selected = entries.entry
        marked = selected if not entries.following or entries.has_focus else None
        self.lanes.select(marked.seq if marked is not None else None)
        place = bisect_left(entries.entries, selected.seq, key=_seq) + 1 if selected is not None else 1
        note = f"{place:,}/{count:,}{'+' if count >= self._limit else ''}" if count else ""
        if count and self.far:
            note = f"from the start {note} · G newest"
        if count and entries.following:
            note = f"{glyphs().event} newest · {note}"
        if self.lanes.has_class("-shown"):
            note = f"[ ] zoom · {note}" if self.lanes.scale is None else f"[ ] 0 fit · {note}"
        self.border_title = Content(title)
        self.border_subtitle = Content(note)
