"""The users: who they are, where they stand, how long until something happens to them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from textual.binding import Binding, BindingType

from studio.store.records import UserRow
from studio.store.views import Views
from studio.tui.messages import WelcomeWanted
from studio.tui.reading import Asking, Question
from studio.tui.widgets.line import Line
from studio.tui.widgets.signs import Look, signs
from studio.tui.widgets.text import cut, literal
from studio.tui.widgets.times import age, left
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark

PAGE = 200
MOST = 5_000
FILE_WIDTH = 23


@dataclass(frozen=True, slots=True)
class UsersQuestion:
    """The users that acted last, or those whose id has a text in it."""

    contains: str
    limit: int

    def read(self, views: Views) -> list[UserRow]:
        """The rows, the first to be shown first."""
        if self.contains:
            return views.users(limit=self.limit, contains=self.contains)
        return views.recent_users(limit=self.limit)


class UsersList(Asking, VirtualList[UserRow]):
    """Pane 1."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open", key_display="⏎", id="user.open"),
        Binding("slash", "app.filter", "filter", key_display="/", id="filter"),
    ]

    empty_text = "Nobody here yet.\n⏎ in Inject sends the example."

    def __init__(self) -> None:
        super().__init__(id="users", classes="pane")
        self.filter_text = ""
        self.total = 0
        self.offers_welcome = False
        """There is no workflow: ⏎ writes the first."""
        self._limit = PAGE

    def action_open(self) -> None:
        """Open the user under the cursor; where there is nobody yet, ask for the first workflow."""
        if not self.rows and self.offers_welcome and not self.filter_text:
            self.post_message(WelcomeWanted())
        else:
            super().action_open()

    def offer_welcome(self, first: bool, file: str | None) -> None:
        """Say that there is no workflow yet, and that ⏎ writes this file."""
        self.offers_welcome = file is not None
        text = type(self).empty_text
        if first:
            # The pane may be 25 cells wide, and the end of a path tells.
            text = "No journeys here yet."
            if file is not None:
                text += f"\n⏎ writes\n{cut(literal(file), FILE_WIDTH, 'end')}"
        if not self.filter_text and text != self.empty_text:
            self.empty_text = text
            self.refresh()

    def question(self) -> Question:
        return UsersQuestion(self.filter_text, self._limit)

    def show_answer(self, answer: list[UserRow]) -> None:
        self.show_rows(answer)

    def set_filter(self, text: str) -> None:
        """Show only users whose id has this text in it."""
        if text != self.filter_text:
            self.filter_text = text
            self._limit = PAGE
            self.empty_text = (
                f"No user has {text} in the id.\nesc clears the filter." if text else type(self).empty_text
            )
            self.rows = []
            self.ask()
            self._title()

    def on_virtual_list_near_edge(self, message: VirtualList.NearEdge) -> None:
        if not message.start and len(self.rows) >= self._limit < MOST:
            self._limit = min(MOST, self._limit * 2)
            self.ask()

    def key_of(self, row: UserRow) -> Hashable:
        return row.id

    def is_live(self, row: UserRow) -> bool:
        return row.due_at is not None or self.size.width >= 44

    def _title(self) -> None:
        title = f"1 Users /{self.filter_text}" if self.filter_text else "1 Users"
        notes = []
        if self.arrivals:
            notes.append(f"↑ {self.arrivals:,} newer")
        if self.filter_text:
            notes.append("esc clears")
        elif self.total > len(self.rows) >= self._limit:
            notes.append(f"latest {len(self.rows):,}")
        notes.append("/ filter")
        self.set_titles(title, " · ".join(notes))

    def draw(self, row: UserRow, index: int, state: RowState) -> list[Line]:
        colours = state.look
        width = state.width
        sign, words, tone = user_state(row, state.now, colours)
        quiet = row.state in ("completed", "exited", "cancelled", "none") and not state.selected
        line = Line(width).add(*cursor_mark(state))
        name_style = colours.strong if state.selected else colours.muted if quiet else colours.text
        columns = 12  # of sign and state
        workflow_width = 14 if width >= 34 else 0
        age_width = 5 if width >= 44 else 0
        event_width = min(30, width // 3) if width >= 58 else 0
        name_width = max(4, width - 1 - columns - workflow_width - age_width - event_width)
        line.cell(literal(row.id), name_width - 1, name_style).gap()
        if workflow_width:
            line.cell(
                _workflow(row),
                workflow_width - 1,
                colours.text if state.selected else colours.muted,
                keep="both",
            )
            line.gap()
        line.cell(sign, 2, tone)
        line.cell(words, columns - 2, colours.text if state.selected else tone)
        if age_width:
            ago = age(state.now - row.last_at) if row.last_at is not None else ""
            line.cell(ago, age_width, colours.text if state.selected else colours.muted, align="right")
        if event_width:
            style = colours.text if state.selected else colours.muted
            line.gap(2).cell(literal(row.last_event or ""), event_width - 1, style, keep="end")
        return [line]


def _workflow(row: UserRow) -> str:
    name = literal(row.workflow or "")
    return f"{name} +{row.journeys - 1}" if row.journeys > 1 else name


def user_state(row: UserRow, now: int, colours: Look) -> tuple[str, str, Style]:
    """Sign, words and colour of where a user stands."""
    mark = signs()
    countdown = left(row.due_at, now) if row.due_at is not None else None
    left_ms = max(0, row.due_at - now) if row.due_at is not None else None
    match row.state:
        case "failed":
            return mark.failed, "failed", colours.error
        case "step":
            return mark.running, "step", colours.accent
        case "waiting" if countdown is not None:
            return mark.wait, countdown, colours.left(left_ms)
        case "waiting":
            return mark.no_limit, "no limit", colours.muted
        case "sleeping":
            return mark.sleep, countdown or "asleep", colours.left(left_ms, sleeping=True)
        case "completed":
            return mark.completed, "done", colours.success
        case "exited" | "cancelled":
            return mark.stopped, row.state, colours.muted
        case "idle":
            return mark.idle, "idle", colours.muted
        case _:
            return mark.idle, "no journey", colours.muted
