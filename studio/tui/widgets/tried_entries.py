"""The entries of a preview: `⏎` and `x` act on what is open in it, and on nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from textual.binding import Binding, BindingType
from textual.message import Message

from studio.store.records import Entry
from studio.tui.widgets.timeline import ZOOM, EntryList
from studio.tui.widgets.unfolded import Detail, Unfolded
from studio.wording.entries import Surroundings


class TriedEntries(EntryList):
    """A traceback is unfolded by itself; what is unfolded is not remembered."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "answer", key_display="⏎", id="try.answer"),
        Binding("x", "let_time_out", "time out", id="try.time_out"),
        # As in the list that this is, but not in the footer: what moves the journey stands there.
        Binding("G", "last", "newest", show=False, id="entry.newest"),
        Binding("left_square_bracket", "zoom(-1)", "zoom out", show=False, group=ZOOM, id="lanes.out"),
        Binding("right_square_bracket", "zoom(1)", "zoom in", show=False, group=ZOOM, id="lanes.in"),
    ]

    marks_rows = False

    @dataclass
    class Wanted(Message):
        """Something is to be done."""

        act: Literal["answer", "time_out", "go_on"]
        seq: int | None
        """The open wait at the cursor; None when there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.around = Surroundings(tried=True)
        self.empty_text = ""
        self.goes_on = False
        """Nothing is open, and another event would begin a pass or a journey."""
        self._notified: set[int] = set()

    def forget_unfolded(self) -> None:
        """The entries are others, with the numbers of those before."""
        self._unfolded.clear()
        self._open = Unfolded()
        self._notified.clear()

    def show_entries(self, entries: list[Entry]) -> None:
        super().show_entries(entries)
        failed = next((entry.seq for entry in reversed(entries) if entry.kind == "journey.failed"), None)
        if failed is not None and failed not in self._notified and self.size.width:
            self._notified.add(failed)
            # The cursor stays on the failure, above its traceback.
            self.following = False
            self._unfold(failed)

    def _keep_unfolded(self) -> None:
        """Nothing of it outlives the preview."""

    @property
    def open_seq(self) -> int | None:
        """The entry at the cursor, when it opened what is still open."""
        entry = self.entry
        return entry.seq if entry is not None and entry.seq in self.around.open_seqs else None

    def action_open(self) -> None:
        """Answer the wait at the cursor, or go on at the end; unfold any other entry."""
        row = self.row
        if isinstance(row, Detail) or row is None:
            super().action_open()
        elif self.open_seq is not None:
            self.post_message(self.Wanted("answer", self.open_seq))
        elif self.goes_on and row is self.rows[-1]:
            self.post_message(self.Wanted("go_on", None))
        else:
            super().action_open()

    def action_let_time_out(self) -> None:
        """Let the time of the wait at the cursor pass."""
        self.post_message(self.Wanted("time_out", self.open_seq))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is ended by hand, without its time, cannot be kept as an event file."""
        return False if action == "end_by_hand" else super().check_action(action, parameters)
