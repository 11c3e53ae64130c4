"""The users: who they are, where they stand, how long until something happens to them."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from rich.style import Style
from textual import work
from textual.binding import Binding, BindingType

from studio.errors import StudioError
from studio.store.records import UserRow
from studio.store.view_users import UserSearch
from studio.tui.format.glyphs import Look, glyphs
from studio.tui.format.line import Line
from studio.tui.format.text import cut, literal
from studio.tui.session.ask import Asking, Question
from studio.tui.session.context import session_of
from studio.tui.session.messages import ReadFailed, UserChosen, WelcomeWanted
from studio.tui.widgets.hits import Counting
from studio.tui.widgets.marking import Marking
from studio.tui.widgets.users_questions import (
    ORDERS,
    PAGE,
    Order,
    SimilarUsersQuestion,
    StepQuestion,
    UsersAnswer,
    UsersCount,
    UsersQuestion,
    search_of,
)
from studio.tui.widgets.virtual_list import RowState, VirtualList, cursor_mark
from studio.wording.times import age, left

FILE_WIDTH = 23
STATE_WIDTH = 11
"""Sign and words: "⊘ cancelled"."""
AGE_WIDTH = 44
"""From this width on it is told how long ago something happened to them."""
NAME_WIDTH, EVENT_WIDTH = 13, 14
"""The least that a name has where others stand beside it, and the last event; with the blanks between."""
MOST = 2_000
"""Rows that are read again after each change, by time or state."""
WINDOW = 3 * PAGE
"""Rows of a window in order of names, which has no end."""
MOST_FOUND = 1_000
"""A search stops here: nobody reads more, a longer filter finds less."""


class UsersList(Counting, Asking, Marking[UserRow]):
    """Pane 1."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open", key_display="⏎", id="user.open"),
        Binding("slash", "app.filter", "filter", key_display="/", id="filter"),
        Binding("o", "order", "order", id="order"),
    ]

    ROW_KEYS = frozenset({"user.open", "order"})

    empty_text = "Nobody here yet.\n⏎ in Inject sends the example."

    def __init__(self) -> None:
        super().__init__(id="users", classes="pane")
        self.filter_text = ""
        self.total = 0
        self.on_hold: frozenset[str] = frozenset()
        """Users with a started step that waits for a yes."""
        self.order: Order = "activity"
        self._search = UserSearch()
        self._found: dict[str, UserRow] = {}
        self._progress: float | None = None
        self.offers_welcome = False
        """There is no workflow: ⏎ writes the first."""
        self._limit = PAGE
        self._after: str | None = None
        self._before: str | None = None
        self._last = False
        self._go_to = ""
        self._in_context = False
        self._at_last = self._at_first = False
        """The cursor goes to that end of the next rows."""
        self._fresh = False
        """The next rows are others, not the same ones in another order."""

    def on_mount(self) -> None:
        """In the order in which they were left."""
        left = session_of(self).memory.text("users_order")
        self.order = next((order for order in ORDERS if order == left), self.order)

    # -- what is asked ---------------------------------------------------------------------------

    def action_open(self) -> None:
        """Open the user under the cursor; where there is nobody yet, ask for the first workflow."""
        if not self.rows and self.offers_welcome and not self.filter_text:
            self.post_message(WelcomeWanted())
        else:
            super().action_open()

    def offer_welcome(self, first: bool, file: str | None, *, sends: bool) -> None:
        """Say that there is no workflow yet, and that ⏎ writes this file; else what can be sent."""
        self.offers_welcome = file is not None
        text = type(self).empty_text if sends else "Nobody here yet."
        if first:
            # The pane may be 25 cells wide, and the end of a path tells.
            text = "No journeys here yet."
            if file is not None:
                text += f"\n⏎ writes\n{cut(literal(file), FILE_WIDTH, 'end')}"
        if not self.filter_text and text != self.empty_text:
            self.empty_text = text
            self.refresh()

    def question(self) -> Question:
        if self.filter_text.strip():
            return SimilarUsersQuestion(self._search, tuple(row.id for _, row in self.seen()))
        if self.order == "name":
            return UsersQuestion("name", self._limit, self._after, self._before, self._last)
        return UsersQuestion(self.order, self._limit, last=self.far)

    def show_answer(self, answer: UsersAnswer) -> None:
        if self.filter_text.strip():
            for row in answer.rows:
                if self._search.named(row.id) and self._search.fits(row):
                    self._found[row.id] = row
                else:
                    self._found.pop(row.id, None)
            self._tell_hits()
            self.show_rows(list(self._found.values()))
            return
        self._after, self._before, self._last = answer.after, None, False
        if self.order == "name" or self._fresh:
            self._show_window(answer.rows)
        else:
            self.show_rows(answer.rows)
        self._fresh = False
        go_to, self._go_to = self._go_to, ""
        in_context, self._in_context = self._in_context, False
        if go_to and self.point_at(go_to):
            self._show_cursor()
        elif go_to and in_context:
            # Out of a filter, back to all: whoever was looked at stays in sight, among the neighbours.
            self.order, self._before, self._go_to, self._fresh = "name", go_to, go_to, True
            self._limit = 2 * PAGE
            self.ask()

    def _show_window(self, rows: list[UserRow]) -> None:
        """Take other rows, also while the order is frozen: the old ones are not over, only elsewhere."""
        first, last = self._at_first, self._at_last
        self._at_first = self._at_last = False
        held, self.held = self.held, False
        top, offset = self.top_key(), self.scroll_offset.y
        offset -= self._at.get(top, 0)
        self.show_rows(rows)
        self.held = held
        if first or last:
            self._move_to(0 if first else len(rows) - 1)
        elif top in self._at:
            self.scroll_to(y=self._at[top] + offset, animate=False, force=True, immediate=True)

    def on_virtual_list_near_edge(self, message: VirtualList.NearEdge) -> None:
        if self.filter_text.strip() or not self.rows:
            return
        if self.order == "name":
            self._slide(message.start)
        elif message.start is self.far and len(self.rows) >= self._limit < MOST:
            self._limit = min(MOST, self._limit * 2)
            self._fresh = self.far
            self.ask()

    def _slide(self, start: bool) -> None:
        if start and self._after is not None:
            self._before = self.rows[0].id
        elif not start and len(self.rows) >= self._limit:
            if self._limit < WINDOW:
                self._limit = WINDOW
            else:
                self._after = self.rows[PAGE - 1].id
        else:
            return
        self.ask()

    def idle_keys(self) -> frozenset[str]:
        found = super().idle_keys()
        if self.offers_welcome:
            # Enter writes the first workflow.
            found -= {"user.open"}
        return found if self.rows or self.filter_text else found | {"filter"}

    # -- filter ------------------------------------------------------------------------------------

    def set_filter(self, text: str) -> None:
        """Show only users that the filter means: some at once, then what a search finds."""
        if text == self.filter_text:
            return
        self.filter_text = text
        self._search = search_of(text)
        self._limit = PAGE
        self._found.clear()
        self._progress = None
        self.forget_hits()
        self._fresh, self.far = True, False
        self.empty_text = (
            f"No user matches {text}.\nesc clears the filter." if text else type(self).empty_text
        )
        # Whom the cursor is on stays: the same user, now among the others.
        self.rows = []
        self._at = {}
        self.ask()
        if text.strip():
            self._walk(self._search)
        else:
            self.workers.cancel_group(self, "search")
            self._go_to, self._in_context = str(self.cursor or ""), True
        self._title()

    @work(group="search", exclusive=True, exit_on_error=False)
    async def _walk(self, search: UserSearch) -> None:
        reader = session_of(self).reader
        before: int | None = None
        self._progress = 0.0
        while reader is not None and before != 0 and len(self._found) < MOST_FOUND:
            try:
                page = await reader.ask(StepQuestion(search, before).read)
            except StudioError as error:
                self.post_message(ReadFailed(str(error)))
                break
            if search != self._search or not self.is_attached:
                return
            before, self._progress = page.before, page.done
            if any(row.id not in self._found for row in page.rows):
                for row in page.rows:
                    self._found.setdefault(row.id, row)
                self.show_rows(list(self._found.values()))
            self._title()
        self._progress = None
        self._tell_hits()
        self._title()

    def _tell_hits(self) -> None:
        """What the search has found is all there is, or the beginning of it."""
        if self._progress is None:
            whole = len(self._found) < MOST_FOUND
            self.take_hits(len(self._found) if whole else None, UsersCount(self._search))

    # -- order ---------------------------------------------------------------------------------------

    def action_order(self) -> None:
        """The next order: latest, nearest deadline, failed first, by name."""
        names = list(ORDERS)
        self.set_order(names[(names.index(self.order) + 1) % len(names)])
        session_of(self).memory.remember("users_order", self.order)

    def set_order(self, order: Order, go_to: str = "") -> None:
        """Show the users in another order, the cursor on the same one."""
        self.order = order
        self._limit = PAGE
        self._after = self._before = None
        self._last = self.far = False
        self._fresh = True
        self._go_to = go_to or str(self.cursor or "")
        self.ask()
        self._title()

    def action_first(self) -> None:
        if self.far:
            self._show_end(far=False)
            return
        if self.order == "name" and self._after is not None and not self.filter_text.strip():
            self._after, self._limit = None, PAGE
            self.cursor = None
            self.ask()
        super().action_first()

    def action_last(self) -> None:
        if self.filter_text.strip() or self.far or len(self.rows) < self._limit:
            super().action_last()
        elif self.order == "name":
            self._last = self._at_last = True
            self._limit = PAGE
            self.ask()
        else:
            self._show_end(far=True)

    def _show_end(self, *, far: bool) -> None:
        self.far, self._at_last, self._at_first = far, far, not far
        self._fresh, self._limit, self._go_to = True, PAGE, ""
        self.ask()

    @work(group="failed", exclusive=True, exit_on_error=False)
    async def go_to_failed(self) -> None:
        """Put the cursor on the next user with a failed journey."""
        reader = session_of(self).reader
        if reader is None:
            return
        try:
            failed = await reader.ask(lambda views: views.failed_users())
        except StudioError as error:
            self.post_message(ReadFailed(str(error)))
            return
        if not failed:
            self.app.notify("No journey has failed.", timeout=3)
            return
        wanted = set(failed)
        at = self._at.get(self.cursor, -1)
        below = [row.id for row in (*self.rows[at + 1 :], *self.rows[: max(at, 0)]) if row.id in wanted]
        if below:
            self.point_at(below[0])
            self.post_message(UserChosen(below[0]))
        elif self.cursor not in wanted:
            # Not among those that are shown: the order that has them first.
            if self.filter_text:
                self.set_filter("")
            self.set_order("state", go_to=failed[0])
            self.post_message(UserChosen(failed[0]))

    # -- rows ------------------------------------------------------------------------------------------

    def key_of(self, row: UserRow) -> Hashable:
        return row.id

    def due_of(self, row: UserRow) -> int | None:
        return row.due_at

    def is_over(self, row: UserRow) -> bool:
        # Others acted since and took its place among the latest; a filter means it no longer.
        return bool(self.filter_text.strip())

    def is_live(self, row: UserRow) -> bool:
        return row.due_at is not None or self.size.width >= AGE_WIDTH

    def moving_text(self, row: UserRow) -> str:
        text = super().moving_text(row)
        return text if row.last_at is None else f"{text} {age(self.now - row.last_at)}"

    def _title(self) -> None:
        title = f"1 Users {self.hits_words} /{self.filter_text}" if self.filter_text.strip() else "1 Users"
        notes = []
        if self.arrivals:
            notes.append(f"↑ {self.arrivals:,} newer")
        if self.filter_text:
            if self._progress is not None:
                notes.append(f"{len(self._found):,} · searching {self._progress:.0%}")
            elif len(self._found) >= MOST_FOUND:
                notes.append(self.counting_words or f"first {len(self._found):,}")
            notes.append("esc clears")
        elif self.far:
            notes.append(f"last {len(self.rows):,} · g first")
        elif self.order != "activity":
            notes.append(ORDERS[self.order])
        elif self.total > len(self.rows) >= self._limit:
            notes.append(f"latest {len(self.rows):,}")
        if not self.filter_text:
            notes.append("/ filter")
        self.set_titles(title, " · ".join(notes))

    def copy_text(self, row: UserRow) -> str:
        return row.id

    def draw(self, row: UserRow, index: int, state: RowState) -> list[Line]:
        colours = state.look
        width = state.width
        sign, words, tone = user_state(row, state.now, colours, held=row.id in self.on_hold)
        quiet = row.state in ("completed", "exited", "cancelled", "none") and not state.selected
        line = Line(width).add(*cursor_mark(state))
        name_style = colours.strong if state.selected else colours.muted if quiet else colours.text
        workflow_width = 14 if width >= 34 else 0
        age_width = 5 if width >= AGE_WIDTH else 0
        free = width - line.used - STATE_WIDTH - workflow_width - age_width
        event_width = 0
        if width >= 58:
            # Names come first: the last event is the first to give way.
            event_width = min(30, free - max(NAME_WIDTH, min(2 * NAME_WIDTH, free - EVENT_WIDTH)))
        name_width = max(4, free - event_width)
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
        line.cell(words, STATE_WIDTH - 2, colours.text if state.selected else tone)
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


def user_state(row: UserRow, now: int, colours: Look, held: bool = False) -> tuple[str, str, Style]:
    """Sign, words and colour of where a user stands.

    Args:
        held: a step of this user waits for a yes.
    """
    mark = glyphs()
    countdown = left(row.due_at, now) if row.due_at is not None else None
    left_ms = max(0, row.due_at - now) if row.due_at is not None else None
    match row.state:
        case "failed":
            return mark.failed, "failed", colours.error
        case "step" if held:
            return mark.paused_clock, "on hold", colours.warning
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
            return mark.idle, "none yet", colours.muted
