"""`s`: the stores that are open, and the snapshots of the one that is shown."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from studio.store.snapshots import StoreSnapshot
from studio.tui.format.line import Line
from studio.tui.format.text import literal
from studio.tui.session.open_stores import OpenStore
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark
from studio.wording.times import DAY_CLOCK_CELLS, day_clock

NAME_WIDTH = 32
"""The most that a name takes."""
SIZES = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))

Choice = OpenStore | StoreSnapshot


@dataclass(frozen=True, slots=True)
class StoreRow:
    """A line of the list."""

    number: int
    """The key that takes it; 0: none."""
    choice: Choice
    shown: bool


class StoreList(VirtualList[StoreRow]):
    """Open stores first, then snapshots, newest first."""

    _name_width = NAME_WIDTH

    def key_of(self, row: StoreRow) -> Hashable:
        return (type(row.choice).__name__, str(row.choice.path))

    def on_resize(self) -> None:
        self._name_width = min(NAME_WIDTH, max((cell_len(name_of(row)) for row in self.rows), default=0))
        whys = [literal(row.choice.why) for row in self.rows if isinstance(row.choice, StoreSnapshot)]
        beside = self.size.width - 3 - self._name_width - 2 - 9 - 2 - DAY_CLOCK_CELLS - 2
        # Why a snapshot was made is never cut where there is room below it.
        self.row_height = 2 if any(cell_len(why) > beside for why in whys) else 1

    def draw(self, row: StoreRow, index: int, state: RowState) -> list[Line]:
        colours = state.look
        quiet = colours.text if state.selected else colours.muted
        line = Line(state.width).add(*cursor_mark(state))
        line.cell(str(row.number) if row.number else "", 2, colours.accent)
        below = Line(state.width).gap(3)
        if isinstance(row.choice, OpenStore):
            line.cell(name_of(row), self._name_width, colours.strong, keep="both").gap(2)
            viewer = row.choice.client.viewer_of
            words = "shown" if row.shown else "open"
            line.add(words if viewer is None else f"{words}, viewer of pid {viewer}", quiet)
        else:
            line.cell(name_of(row), self._name_width, colours.text, keep="both").gap(2)
            line.cell(size(row.choice.size), 9, quiet, align="right").gap(2)
            line.add(day_clock(row.choice.made_at), quiet)
            (line.gap(2) if self.row_height == 1 else below).add(literal(row.choice.why), quiet)
        return [line, below][: self.row_height]


class StoresScreen(ModalScreen[Choice | None]):
    """Gives what was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "show, or return to it", key_display="⏎", id="stores.take"),
        *[Binding(str(n), f"number({n})", f"store {n}", show=False, id=f"stores.{n}") for n in range(1, 10)],
        Binding("escape,q,s", "leave", "close", key_display="esc", id="stores.leave"),
    ]

    def __init__(self, stores: list[OpenStore], shown: OpenStore | None, kept: list[StoreSnapshot]) -> None:
        super().__init__()
        self._rows = [
            StoreRow(n if n < 10 else 0, store, store is shown) for n, store in enumerate(stores, 1)
        ] + [StoreRow(0, snapshot, False) for snapshot in kept]

    def compose(self) -> ComposeResult:
        yield StoreList(id="stores", classes="pane")

    def on_mount(self) -> None:
        """The cursor begins at the store that is not shown: one more key goes there."""
        found = self.query_one(StoreList)
        found.set_titles("Stores and snapshots", "⏎ or its number chooses it · esc closes")
        found.show_rows(self._rows)
        found.on_resize()
        others = [row for row in self._rows if not row.shown and isinstance(row.choice, OpenStore)]
        if others:
            found.point_at(found.key_of(others[0]))
        found.focus()

    @on(VirtualList.Opened)
    def take_row(self, message: VirtualList.Opened) -> None:
        """Enter on a row."""
        message.stop()
        self.dismiss(message.row.choice)

    def action_take(self) -> None:
        """What stands at the cursor."""
        row = self.query_one(StoreList).row
        self.dismiss(row.choice if row is not None else None)

    def action_number(self, number: int) -> None:
        """A store by its number."""
        row = next((each for each in self._rows if each.number == number), None)
        if row is not None:
            self.dismiss(row.choice)

    def action_leave(self) -> None:
        """Stay where one is."""
        self.dismiss(None)


def name_of(row: StoreRow) -> str:
    """The name of its file, literal."""
    return literal(row.choice.path.name)


def size(count: int) -> str:
    """Bytes in a few cells."""
    for unit, name in SIZES:
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count} B"
