"""Rows that are marked, so that one act is done to all of them: `*`, and a range with shift and the arrows.

A mark holds the identity of a row and the row as it was, so that it outlasts a filter and a page that slides
on. What became of a row since is looked at when something is done to it.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar, TypeVar

from textual import events
from textual.binding import Binding, BindingType

from studio.tui.widgets.virtual_list import VirtualList

Row = TypeVar("Row")

MOST_MARKED = 1_000
"""An act on more is one for the command line."""


class Marking(VirtualList[Row]):
    """A list whose rows can be marked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("asterisk", "mark", "mark", key_display="*", show=False, id="list.mark"),
        Binding("shift+down", "mark_range(1)", "mark down to here", show=False, id="list.mark_down"),
        Binding("shift+up", "mark_range(-1)", "mark up to here", show=False, id="list.mark_up"),
    ]

    marks_rows: ClassVar[bool] = True
    """False where nothing can be done to several rows."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.marks: dict[Hashable, Row] = {}
        """In the order in which they were marked."""
        self._range: tuple[Hashable, dict[Hashable, Row]] | None = None
        """Where the range begins that is being drawn out, and what was marked before it."""

    # -- what a subclass says --------------------------------------------------------------------

    def markable(self, row: Row) -> bool:
        """Whether something can be done to this row and others at once."""
        return True

    # -- marks -----------------------------------------------------------------------------------

    def action_mark(self) -> None:
        """Mark the row under the cursor, or take its mark."""
        self._range = None
        if (row := self.row) is not None and self.cursor is not None:
            self._toggle(self.cursor, row)

    def _toggle(self, key: Hashable, row: Row) -> None:
        if self.marks.pop(key, None) is None and self.markable(row):
            if len(self.marks) >= MOST_MARKED:
                self._tell_full()
                return
            self.marks[key] = row
        self._show_marks()

    def action_mark_range(self, by: int) -> None:
        """Move on, and mark all rows from where shift was pressed first up to here."""
        if self.cursor is None:
            return
        if self._range is None or self._range[0] not in self._at:
            self._range = (self.cursor, dict(self.marks))
        begin, before = self._range
        self._move_to(self._at[self.cursor] + by)
        if begin not in self._at:
            # It was over, and left the list with the cursor.
            begin = self.cursor
        self._range = (begin, before)
        first, last = sorted((self._at[begin], self._at[self.cursor]))
        if len(before) + last - first >= MOST_MARKED:
            self._tell_full()
            return
        between = (row for row in self.rows[first : last + 1] if self.markable(row))
        self.marks = {**before, **{self.key_of(row): row for row in between}}
        self._show_marks()

    def _tell_full(self) -> None:
        self.app.notify(f"{MOST_MARKED:,} rows are marked: no more at once", timeout=4, markup=False)

    def unmark(self) -> None:
        """Take all marks."""
        self.marks, self._range = {}, None
        self._show_marks()

    def _show_marks(self) -> None:
        self._title()
        self.forget_drawn()

    def _move_to(self, at: int) -> None:
        # Any other way to move ends a range; the marks stay.
        self._range = None
        super()._move_to(at)

    def on_click(self, event: events.Click) -> None:
        """With ctrl a click marks a row, or takes its mark; the list goes there besides."""
        offset = event.get_content_offset(self)
        if not event.ctrl or event.chain != 1 or offset is None or not self.marks_rows:
            return
        at = (offset.y + self.scroll_offset.y) // self.row_height
        if at < len(self.rows):
            self._toggle(self.key_of(self.rows[at]), self.rows[at])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where nothing can be done to several rows, none is marked."""
        if action in ("mark", "mark_range") and not self.marks_rows:
            return False
        return super().check_action(action, parameters)

    # -- drawing ---------------------------------------------------------------------------------

    def set_titles(self, title: str, subtitle: str) -> None:
        super().set_titles(f"{title} · {len(self.marks):,} marked" if self.marks else title, subtitle)

    def is_marked(self, key: Hashable) -> bool:
        return key in self.marks
