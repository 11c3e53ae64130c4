"""A list that draws only what is seen, and whose rows stay where the cursor is.

A Line API widget: one `Strip` for each visible line, drawn again only when its text
has changed. The cursor holds an identity, never a row number. While a list is held
(it has focus, or Inject was filled from it) its order is frozen: what is over goes, but
for the row under the cursor, which stays dimmed until the cursor leaves it; what is new at
the end is appended; what is new elsewhere is counted, and `g` takes it in. So nobody acts on
a row that has slid under the cursor.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from studio.tui.format.countdown import CALM_SECONDS, goes_easy, pace_of
from studio.tui.format.glyphs import Look, glyphs, look
from studio.tui.format.line import Line, kept_ground
from studio.tui.format.pieces import wrapped
from studio.tui.format.text import literal
from studio.tui.session.context import session_of
from studio.tui.widgets.one_line import clickable
from studio.wording.times import left

Row = TypeVar("Row")

MOVES = tuple(f"list.{move}" for move in ("down", "up", "page_down", "page_up", "first", "last"))


@dataclass(frozen=True, slots=True)
class RowState:
    """How a row stands in its list while it is drawn."""

    width: int
    now: int
    selected: bool
    gone: bool
    look: Look
    marked: bool = False
    """One of several rows to which one act is to be done."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A row as it was drawn last."""

    row: object
    facts: tuple[object, ...]
    strips: list[Strip]
    text: str
    """What of its text time changes."""
    now: int


class VirtualList(ScrollView, Generic[Row], can_focus=True):
    """Rows of one kind with a cursor. Subclasses say how a row is named and drawn."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open", key_display="⏎", id="list.open"),
        Binding("down,j", "move(1)", "next row", show=False, id="list.down"),
        Binding("up,k", "move(-1)", "row above", show=False, id="list.up"),
        Binding("pagedown", "page(1)", "a page down", show=False, id="list.page_down"),
        Binding("pageup", "page(-1)", "a page up", show=False, id="list.page_up"),
        Binding("home,g", "first", "first row, with what is new", show=False, id="list.first"),
        Binding("end,G", "last", "last row", show=False, id="list.last"),
        Binding("y", "copy", "copy", show=False, id="copy"),
    ]

    ROW_KEYS: ClassVar[frozenset[str]] = frozenset({"list.open"})
    """Ids of the bindings that do something to a row."""

    row_height = 1
    follows = False
    """True for lists that grow at their end and show it until the cursor leaves it."""
    empty_text = "Nothing here yet."

    @dataclass
    class Moved(Message):
        """The cursor was put on a row by hand."""

        list: VirtualList[Any]
        row: Any

        @property
        def control(self) -> VirtualList[Any]:
            """The list whose cursor moved."""
            return self.list

    @dataclass
    class Opened(Message):
        """A row was opened: enter, or a double click."""

        list: VirtualList[Any]
        row: Any
        gone: bool
        """The row's subject is over; acting on it would act on nothing."""

        @property
        def control(self) -> VirtualList[Any]:
            """The list in which it was opened."""
            return self.list

    @dataclass
    class NearEdge(Message):
        """The cursor or the scroll came near an end of the known rows."""

        list: VirtualList[Any]
        start: bool

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.rows: list[Row] = []
        self._at: dict[Hashable, int] = {}
        self._gone: set[Hashable] = set()
        self._shown: dict[Hashable, _Drawn] = {}
        self._latest: list[Row] | None = None
        self.cursor: Hashable | None = None
        self.held = False
        self.leads = False
        """A filter is typed for it: the marked row is the selection, though the focus is elsewhere."""
        self.arrivals = 0
        """Rows that are new and not taken in, because the order is frozen."""
        self.following = True
        self.far = False
        """The end is shown that is not reached from where the list begins: of one that follows, its start."""
        self.now = 0
        self._idle: frozenset[str] | None = None
        self._under_mouse: Hashable | None = None
        self._counts_down = type(self).due_of is not VirtualList.due_of
        self.tick_seconds = CALM_SECONDS
        """In how many seconds what is seen may be another."""

    # -- what a subclass says ----------------------------------------------------------------

    def key_of(self, row: Row) -> Hashable:
        """The identity of a row."""
        raise NotImplementedError

    def draw(self, row: Row, index: int, state: RowState) -> list[Line]:
        """The `row_height` lines of a row."""
        raise NotImplementedError

    def due_of(self, row: Row) -> int | None:
        """The deadline up to which the row counts down, ms since 1970."""
        return None

    def is_over(self, row: Row) -> bool:
        """Whether what a row is about is over, and not only no longer among those that are shown."""
        return True

    def is_live(self, row: Row) -> bool:
        """Whether the row's text changes as time passes."""
        return self.due_of(row) is not None

    def moving_text(self, row: Row) -> str:
        """What of the row's text time changes; as long as it is the same the row is not drawn again."""
        due_at = self.due_of(row)
        return "" if due_at is None else left(due_at, self.now)

    # -- rows ----------------------------------------------------------------------------------

    def show_rows(self, rows: list[Row]) -> None:
        """Take the rows as they are now, in their present order."""
        self._latest = rows
        if self.held and self.rows and not self.follows:
            self._show_held(rows)
        else:
            self.arrivals = 0
            self._gone.clear()
            self._put(rows)
        self._title()
        self._follow_keys()

    def show_others(self, rows: list[Row], at: int) -> None:
        """Take other rows, also while the order is frozen: the old ones are not over, only elsewhere.

        Args:
            at: where the cursor goes; below 0 it is counted from the end.
        """
        held, self.held = self.held, False
        self.show_rows(rows)
        self.held = held
        self._move_to(at if at >= 0 else max(0, len(rows) + at))

    def _show_held(self, rows: list[Row]) -> None:
        new = {self.key_of(row): row for row in rows}
        kept: list[Row] = []
        self._gone.clear()
        for row in self.rows:
            key = self.key_of(row)
            if key in new:
                kept.append(new.pop(key))
            elif not self.is_over(row):
                kept.append(row)
            elif key == self.cursor:
                # Whoever works with it sees what became of it.
                kept.append(row)
                self._gone.add(key)
        held = {self.key_of(row) for row in kept}
        last_known = max((at for at, row in enumerate(rows) if self.key_of(row) in held), default=-1)
        behind = [row for row in rows[last_known + 1 :] if self.key_of(row) in new]
        self.arrivals = len(new) - len(behind)
        self._put(kept + behind)

    def _put(self, rows: list[Row]) -> None:
        anchor = self._anchor() if not (self.follows and self.following) else None
        offset = self.scroll_offset.y - self._at.get(anchor, 0) * self.row_height if anchor is not None else 0
        marked = self.cursor
        before = self._at.get(self.cursor, 0) if self.cursor is not None else 0
        self.rows = rows
        self._at = {self.key_of(row): at for at, row in enumerate(rows)}
        if len(self._shown) > 4 * (self.size.height + 50):
            self._shown.clear()
        if not rows:
            self.cursor = None
        elif self.follows and self.following:
            self.cursor = self.key_of(rows[-1])
        elif self.cursor not in self._at:
            at = min(before, len(rows) - 1) if self.cursor is not None else 0
            self.cursor = self.key_of(rows[at])
        if rows and self.cursor != marked and self._leads():
            self.post_message(self.Moved(self, rows[self._at[self.cursor]]))
        size = Size(self.size.width, len(rows) * self.row_height)
        if size != self.virtual_size:
            self.virtual_size = size
        if self.follows and self.following:
            self.scroll_end(animate=False, force=True, immediate=True)
        elif anchor is not None and self.held and anchor in self._at:
            # What came in above must not push the rows that are being read.
            self.scroll_to(
                y=self._at[anchor] * self.row_height + offset, animate=False, force=True, immediate=True
            )
        self.refresh()

    def _leads(self) -> bool:
        """Whether the row that is marked is the one that all panes follow."""
        return self.leads or (self.has_focus and not self.follows)

    def _anchor(self) -> Hashable | None:
        """The row that keeps its place on the screen: where one works, else the first that is seen."""
        top, height = self.scroll_offset.y, self.size.height
        at = self._at.get(self.cursor) if self.held and self.cursor is not None else None
        seen = at is not None and top <= at * self.row_height < top + height
        return self.cursor if seen else self.top_key()

    def top_key(self) -> Hashable | None:
        """The identity of the first row that is seen."""
        at = self.scroll_offset.y // self.row_height
        return self.key_of(self.rows[at]) if 0 <= at < len(self.rows) else None

    def hold(self, held: bool) -> None:
        """Freeze the order, or let it go and show the present one."""
        if held == self.held:
            return
        self.held = held
        if not held and not self.follows and self._latest is not None:
            self.show_rows(self._latest)

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        at = self._at.get(self.cursor) if self.cursor is not None else None
        return self.rows[at] if at is not None else None

    def is_gone(self, key: Hashable | None) -> bool:
        """Whether the row's subject is over, though the row is still shown."""
        return key in self._gone

    def is_marked(self, key: Hashable) -> bool:
        """Whether the row of this identity is one of several to which one act is to be done."""
        return False

    def seen(self) -> Iterable[tuple[int, Row]]:
        """The rows that are on the screen, with their places."""
        first = self.scroll_offset.y // self.row_height
        last = (self.scroll_offset.y + self.size.height) // self.row_height + 1
        for at in range(first, min(last, len(self.rows))):
            yield at, self.rows[at]

    # -- cursor --------------------------------------------------------------------------------

    def point_at(self, key: Hashable) -> bool:
        """Put the cursor on the row of this identity, as the follower of another pane."""
        if key not in self._at:
            return False
        if key != self.cursor:
            self.cursor = key
            self.following = False
            self._show_cursor()
            self._title()
        return True

    def _move_to(self, at: int) -> None:
        if not self.rows:
            return
        at = max(0, min(at, len(self.rows) - 1))
        left, self.cursor = self.cursor, self.key_of(self.rows[at])
        if left in self._gone and left != self.cursor:
            self._drop(left)
            at = self._at[self.cursor]
        self.following = self.follows and not self.far and at == len(self.rows) - 1
        self._show_cursor()
        self._title()
        self._follow_keys()
        self.post_message(self.Moved(self, self.rows[at]))
        if at + 20 > len(self.rows):
            self.post_message(self.NearEdge(self, start=False))
        if at < 20:
            self.post_message(self.NearEdge(self, start=True))

    def _drop(self, key: Hashable) -> None:
        """Take away a row whose subject is over, once the cursor has left it."""
        self._gone.discard(key)
        self._put([row for row in self.rows if self.key_of(row) != key])

    def _show_cursor(self) -> None:
        at = self._at.get(self.cursor, 0)
        region = Region(0, at * self.row_height, 1, self.row_height)
        self.scroll_to_region(region, animate=False, force=True, immediate=True, x_axis=False)
        self.refresh()

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self._move_to(self._at.get(self.cursor, 0) + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by screens."""
        self._move_to(self._at.get(self.cursor, 0) + by * max(1, self.size.height // self.row_height - 1))

    def action_first(self) -> None:
        """Go to the first row; arrivals are taken in."""
        if not self.follows and self._latest is not None and (self.arrivals or self._gone):
            held, self.held = self.held, False
            self.show_rows(self._latest)
            self.held = held
        self._move_to(0)

    def action_last(self) -> None:
        """Go to the last row; a list that follows does so again."""
        self._move_to(len(self.rows) - 1)

    def follow_again(self) -> None:
        """Go to the end and stay there, for one that follows; nobody has moved the cursor."""
        self.following = self.follows
        if self.following and self.rows:
            self.cursor = self.key_of(self.rows[-1])
            self._show_cursor()
        self._title()

    def action_open(self) -> None:
        """Open the row under the cursor."""
        if (row := self.row) is not None:
            self.post_message(self.Opened(self, row, self.is_gone(self.cursor)))

    def copy_text(self, row: Row) -> str:
        """What `y` takes of a row; nothing when it is empty."""
        return ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """On a screen that asks, `y` is yes."""
        if action == "copy" and self.is_attached and self.screen.is_modal:
            return False
        return super().check_action(action, parameters)

    def action_copy(self) -> None:
        """Put the row under the cursor on the clipboard of the terminal."""
        if (row := self.row) is not None and (text := self.copy_text(row)):
            self.app.copy_to_clipboard(text)
            self.app.notify(f"copied: {literal(text[:60])}", timeout=2, markup=False)

    def on_click(self, event: events.Click) -> None:
        """A click selects, a double click opens."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        at = (offset.y + self.scroll_offset.y) // self.row_height
        if at < len(self.rows):
            self._move_to(at)
            if event.chain == 2:
                self.action_open()

    def hovers(self, row: Row) -> bool:
        """Whether a click on the row does something."""
        return True

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """What can be clicked looks so."""
        offset = event.get_content_offset(self)
        at = (offset.y + self.scroll_offset.y) // self.row_height if offset is not None else -1
        row = self.rows[at] if 0 <= at < len(self.rows) else None
        self._hover(self.key_of(row) if row is not None and self.hovers(row) else None)

    def on_leave(self) -> None:
        """The mouse is elsewhere."""
        self._hover(None)

    def _hover(self, key: Hashable | None) -> None:
        before, self._under_mouse = self._under_mouse, key
        if key != before:
            for each in (before, key):
                if each in self._at:
                    self._refresh_row(self._at[each])

    def _refresh_row(self, at: int) -> None:
        y = at * self.row_height - self.scroll_offset.y
        self.refresh(Region(0, y, self.size.width, self.row_height))

    def on_mouse_scroll_up(self) -> None:
        """Looking back stops following."""
        if self.follows and self.max_scroll_y:
            self.following = False
            self._title()

    def on_mouse_scroll_down(self) -> None:
        """Coming back to the end follows again."""
        if self.follows and not self.far and self.scroll_offset.y + 3 >= self.max_scroll_y:
            self.following = True
            self._title()

    def _follow_keys(self) -> None:
        """Have the footer say which keys do something, when those are others now."""
        if self.has_focus and (idle := self.idle_keys()) != self._idle:
            self._idle = idle
            self.screen.refresh_bindings()

    def idle_keys(self) -> frozenset[str]:
        """The ids of the bindings that would do nothing with the row under the cursor."""
        return frozenset() if self.rows else frozenset({"copy", *self.ROW_KEYS, *MOVES})

    # -- drawing ---------------------------------------------------------------------------------

    def _title(self) -> None:
        """Subclasses write their title and subtitle here."""

    def set_titles(self, title: str, subtitle: str) -> None:
        """Write the border; the texts are literal."""
        for name, text in (("border_title", literal(title)), ("border_subtitle", literal(subtitle))):
            if getattr(self, f"_said_{name}", None) != text:
                setattr(self, f"_said_{name}", text)
                setattr(self, name, Content(text) if text else None)

    def tick(self, now: int) -> None:
        """Time has passed: draw the rows whose text is another now, and nothing else."""
        self.now = now
        self.tick_seconds = CALM_SECONDS
        if not self._counts_down or not self.is_on_screen:
            return
        cells, top = session_of(self).cells, self.scroll_offset.y
        common, ground = self._common(), self._ground()
        for at, row in self.seen():
            if not self.is_live(row):
                continue
            due_at = self.due_of(row)
            self.tick_seconds = min(self.tick_seconds, pace_of(due_at, now))
            shown = self._shown.get(self.key_of(row))
            if shown is None:
                continue
            if goes_easy(due_at, now, shown.now) or shown.text == self.moving_text(row):
                continue
            drawn = self._draw(row, at, self._facts(row, common), ground)
            if self.key_of(row) == self._under_mouse:
                self._refresh_row(at)
                continue
            for part, (before, after) in enumerate(zip(shown.strips, drawn.strips, strict=False)):
                cells.change(self, at * self.row_height + part - top, before, after)

    def _ground(self) -> Style:
        return kept_ground(self, look(self.app))

    def _common(self) -> tuple[int, Look, bool]:
        """What the look of all rows depends on: width, colours, and whether the list has focus."""
        return (self.size.width, look(self.app), self.has_focus)

    def _facts(self, row: Row, common: tuple[int, Look, bool]) -> tuple[object, ...]:
        key, (width, colours, focused) = self.key_of(row), common
        selected = key == self.cursor and (not self.follows or not self.following or focused)
        return (width, selected, key in self._gone, colours, focused)

    def _draw(self, row: Row, at: int, facts: tuple[object, ...], ground: Style) -> _Drawn:
        width, selected, gone, colours, _ = facts
        assert isinstance(width, int)
        assert isinstance(colours, Look)
        marked = self.is_marked(self.key_of(row))
        state = RowState(width, self.now, bool(selected), bool(gone), colours, marked)
        if selected:
            ground = colours.selected
        strips = [line.strip(ground) for line in self.draw(row, at, state)]
        drawn = self._shown[self.key_of(row)] = _Drawn(row, facts, strips, self.moving_text(row), self.now)
        return drawn

    def forget_drawn(self) -> None:
        """Something that all rows depend on has changed."""
        self._shown.clear()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the pane."""
        strip = self._line_at(y)
        at = (y + self.scroll_offset.y) // self.row_height
        if self._under_mouse is not None and self._at.get(self._under_mouse) == at:
            return clickable(strip)
        return strip

    def _line_at(self, y: int) -> Strip:
        width = self.size.width
        at, part = divmod(y + self.scroll_offset.y, self.row_height)
        if not self.rows:
            return self._empty_line(y, width)
        if at >= len(self.rows):
            return Strip.blank(width, self._ground())
        row = self.rows[at]
        facts = self._facts(row, self._common())
        shown = self._shown.get(self.key_of(row))
        same = shown is not None and shown.row is row and shown.facts == facts
        if shown is not None and same and (not self.is_live(row) or shown.text == self.moving_text(row)):
            return shown.strips[part]
        return self._draw(row, at, facts, self._ground()).strips[part]

    def _empty_line(self, y: int, width: int) -> Strip:
        lines = [
            part
            for text in self.empty_text.split("\n")
            for part in wrapped(((" ", "muted"), (literal(text), "muted")), width)
        ]
        if y >= len(lines) or width <= 2:
            return Strip.blank(width, self._ground())
        line = Line(width)
        for text, tone in lines[y]:
            line.add(text, look(self.app).tone(tone))
        return line.strip(self._ground())

    def on_resize(self) -> None:
        """Keep what was looked at in sight."""
        self.virtual_size = Size(self.size.width, len(self.rows) * self.row_height)
        # Lines of the width that they had are not asked for again by themselves.
        self.forget_drawn()
        if self.follows and self.following:
            self.scroll_end(animate=False, force=True, immediate=True)
        elif self.cursor is not None:
            self._show_cursor()
        self._title()

    def on_focus(self) -> None:
        """The cursor's look depends on focus."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor's look depends on focus."""
        self.refresh()


def cursor_mark(state: RowState) -> tuple[str, Style]:
    """The first cell of a row: the user's place is marked, not blinking."""
    mark = glyphs()
    if state.marked:
        return (mark.marked_here if state.selected else mark.marked, state.look.accent)
    return (mark.cursor if state.selected else " ", state.look.accent)
