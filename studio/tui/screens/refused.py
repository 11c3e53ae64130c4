"""`B`: events that were refused and are kept aside, and an editor in which one is mended."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, TextArea

from studio.errors import EventError
from studio.events.segment_calls import again, spread
from studio.language.incoming import Incoming
from studio.store.refused import Refused
from studio.text import json_text as jsontext
from studio.tui.format.line import Line
from studio.tui.format.text import literal
from studio.tui.screens.data_editor import LiteralArea
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark
from studio.wording.times import DAY_CLOCK_CELLS, day_clock

Answer = tuple[str, Refused]
"""("mend", the event) or ("drop", the event)."""
INDENT = 5


class RefusedList(VirtualList[Refused]):
    """Oldest first; below each why it was refused."""

    row_height = 2

    def key_of(self, row: Refused) -> Hashable:
        return row.number

    def draw(self, row: Refused, index: int, state: RowState) -> list[Line]:
        colours = state.look
        quiet = colours.text if state.selected else colours.muted
        line = Line(state.width).add(*cursor_mark(state))
        line.add("! ", colours.warning).cell(str(row.number), 5, quiet).gap()
        line.cell(day_clock(row.refused_at), DAY_CLOCK_CELLS, quiet).gap(2)
        line.add(literal(row.user or "no user"), colours.strong if row.user else quiet).gap(2)
        line.add(literal(row.event or ""), colours.text)
        below = Line(state.width).gap(INDENT)
        return [line, below.add(literal(" ".join(row.reason.split())), quiet)]


class RefusedScreen(ModalScreen[Answer | None]):
    """Gives what is to be done with which."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "mend", "correct and send", key_display="⏎", id="refused.mend"),
        Binding("x,delete", "drop", "delete it", key_display="x", id="refused.drop"),
        Binding("escape,q,B", "leave", "close", key_display="esc", id="refused.leave"),
    ]

    def __init__(self, rows: list[Refused], at: int | None = None) -> None:
        super().__init__()
        self._rows, self._at = rows, at

    def compose(self) -> ComposeResult:
        yield RefusedList(id="refused", classes="pane")

    def on_mount(self) -> None:
        """Show them, the one that was acted on last under the cursor."""
        found = self.query_one(RefusedList)
        found.set_titles(
            f"Refused events {len(self._rows):,}", "⏎ corrects and sends · x deletes · esc closes"
        )
        found.show_rows(self._rows)
        if self._at is not None and any(row.number == self._at for row in self._rows):
            found.point_at(self._at)
        found.focus()

    @on(VirtualList.Opened)
    def mend_row(self, message: VirtualList.Opened) -> None:
        """Enter on a row."""
        message.stop()
        self.dismiss(("mend", message.row))

    def action_mend(self) -> None:
        """The event at the cursor."""
        self._answer("mend")

    def action_drop(self) -> None:
        """The event at the cursor."""
        self._answer("drop")

    def _answer(self, act: str) -> None:
        row = self.query_one(RefusedList).row
        if row is not None:
            self.dismiss((act, row))

    def action_leave(self) -> None:
        """They stay."""
        self.dismiss(None)


class MendEditor(ModalScreen[list[Incoming]]):
    """Gives the events to send; none, when it was left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "send", "send", priority=True, id="mend.send"),
        Binding("escape", "close", "back", key_display="esc", priority=True, id="mend.close"),
    ]

    def __init__(self, row: Refused, body: str) -> None:
        super().__init__()
        self._row, self._body = row, body

    def compose(self) -> ComposeResult:
        with Vertical(id="sheet", classes="pane") as sheet:
            sheet.border_title = Content(f"Refused event {self._row.number}")
            sheet.border_subtitle = "^s send · esc back"
            yield LiteralArea(spread(self._body), id="editor", show_line_numbers=True, compact=True)
            yield Label("", id="checked", markup=False)

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(TextArea).focus()
        self._check()

    @on(TextArea.Changed)
    def check_typed(self) -> None:
        """Look at every change at once."""
        self._check()

    def _check(self) -> list[Incoming]:
        said = self.query_one("#checked", Label)
        try:
            events = again(jsontext.loads_event(self.query_one(TextArea).text), "it")
        except jsontext.NotJson as error:
            said.update(Content.styled(literal(str(error)), "$error"))
        except EventError as error:
            said.update(Content.styled(literal(error.what), "$error"))
        else:
            said.update(Content.styled("^s sends it", "$foreground-muted"))
            return events
        return []

    def action_send(self) -> None:
        """Send it, if it can be sent."""
        if events := self._check():
            self.dismiss(events)

    def action_close(self) -> None:
        """It stays as it is."""
        self.dismiss([])
