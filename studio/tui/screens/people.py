"""The people in a bar of a chart: enter goes to one of them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from studio.tui.format.line import Line
from studio.tui.format.text import literal
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark

NAME_SHARE = 3


@dataclass(frozen=True, slots=True)
class Listed:
    """One of them."""

    number: int
    user: str
    sign: str
    tone: str
    told: str
    """What is said beside the name."""
    seq: int | None = None
    """The entry of the user's history at which to look."""


class PeopleList(VirtualList[Listed]):
    """One a line."""

    empty_text = "Nobody is here."

    def key_of(self, row: Listed) -> Hashable:
        return row.number

    def copy_text(self, row: Listed) -> str:
        return row.user

    def draw(self, row: Listed, index: int, state: RowState) -> list[Line]:
        colours = state.look
        quiet = colours.text if state.selected else colours.muted
        line = Line(state.width).add(*cursor_mark(state)).add(f"{row.sign} ", colours.tone(row.tone))
        line.cell(literal(row.user), max(12, state.width // NAME_SHARE), colours.strong, keep="both").gap(2)
        return [line.add(literal(row.told), quiet)]


class PeopleScreen(ModalScreen[Listed | None]):
    """Gives the one to go to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "go to this user", key_display="⏎", id="people.take"),
        Binding("escape,q", "leave", "close", key_display="esc", id="people.leave"),
    ]

    def __init__(self, title: str, people: Sequence[Listed], note: str = "") -> None:
        super().__init__()
        self._of, self._people, self._note = title, people, note

    def compose(self) -> ComposeResult:
        yield PeopleList(id="people", classes="pane")

    def on_mount(self) -> None:
        """All of them."""
        found = self.query_one(PeopleList)
        note = f"{self._note} · " if self._note else ""
        found.set_titles(self._of, f"{note}⏎ goes there · esc closes")
        found.show_rows(list(self._people))
        found.focus()

    @on(VirtualList.Opened)
    def take_row(self, message: VirtualList.Opened) -> None:
        """Enter on a row, or a double click."""
        message.stop()
        self.dismiss(message.row)

    def action_take(self) -> None:
        """What stands at the cursor."""
        self.dismiss(self.query_one(PeopleList).row)

    def action_leave(self) -> None:
        """Stay with the charts."""
        self.dismiss(None)
