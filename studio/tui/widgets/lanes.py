"""A user's journeys over time, one row each: the picture of `lane_layout.py` on the screen.

Drawn line by line, and again only where the text is another: time passes ten times a
second, a cell of a week's wait is an hour.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from studio.tui.format.countdown import CALM_SECONDS, TENTHS_SECONDS, goes_easy, pace_of
from studio.tui.format.glyphs import Look, glyphs, look
from studio.tui.format.line import Line, kept_ground
from studio.tui.format.text import labels, literal
from studio.tui.lanes.lane_axis import SCALES, Axis, fit, linear, scale_that_shows
from studio.tui.lanes.lane_layout import LEAST_WIDTH, RESERVED, LaneRow, Picture, draw
from studio.tui.lanes.lane_model import Lanes as History
from studio.tui.session.context import session_of

NAME_WIDTH, WIDE_NAME_WIDTH = 12, 20
WIDE = 90
"""From this width on names have more room."""
LEAST_ROWS = 4


class LanesPane(Widget):
    """Takes no room until it has lanes to show."""

    DEFAULT_CSS = "Lanes { height: 0; width: 1fr; }"

    @dataclass
    class Picked(Message):
        """An entry was clicked."""

        seq: int

    def __init__(self) -> None:
        super().__init__()
        self.history = History()
        self.now = 0
        self.scale: int | None = None
        """Place in `SCALES`; None: everything fits."""
        self.most_rows = 0
        """As many as the pane can spare."""
        self.selected: int | None = None
        self._moments: list[int] = []
        self._anchor_at: int | None = None
        """What keeps its column on a linear axis; None: now."""
        self._anchor_column = 0
        self._picture = Picture((), 0)
        self._axis: Axis = fit([], 0, 0)
        self._strips: list[Strip] = []
        self._labels: dict[str, str] = {}
        """How lanes are called where there is no room for their names."""

    # -- what is shown ---------------------------------------------------------------------------

    def clear(self) -> None:
        """Another user comes."""
        self.scale = self._anchor_at = self.selected = None
        self.show_history(History(), self.now)

    def show_history(self, history: History, now: int) -> None:
        """Take what is known of the user."""
        self.history, self.now = history, now
        self._moments = history.moments()
        self.redraw()

    def tick(self, now: int) -> None:
        """Time has passed."""
        dues = [lane.due_at for lane in self.history.lanes if lane.due_at is not None]
        # A lane without a deadline moves by the cell, and a linear scale may be of tenths.
        easy = self.scale is None and all(goes_easy(due_at, now, self.now) for due_at in dues)
        if now != self.now and not (dues and easy):
            self.now = now
            if self.history.lanes and self.is_on_screen:
                self.redraw()

    @property
    def tick_seconds(self) -> float:
        """In how many seconds the picture may be another."""
        if self.scale is not None:
            return TENTHS_SECONDS if self.history.lanes else CALM_SECONDS
        return min((pace_of(lane.due_at, self.now) for lane in self.history.lanes), default=CALM_SECONDS)

    def give_rows(self, rows: int) -> None:
        """How many rows there may be."""
        if rows != self.most_rows:
            self.most_rows = rows
            self.redraw()

    def select(self, seq: int | None) -> None:
        """Mark where an entry stands."""
        if seq == self.selected:
            return
        self.selected = seq
        at = self.history.at_of.get(seq) if seq is not None else None
        if self.scale is not None and at is not None:
            column = self._axis.column(at)
            if not 0 <= column < self._width:
                self._anchor(at, self._width // 2)
        self.redraw()

    # -- zoom ------------------------------------------------------------------------------------

    def zoom(self, closer: bool) -> None:
        """Go to the next linear scale; from the picture of everything, to one as near to it."""
        if not self._moments:
            return
        if self.scale is None:
            first, last = min(self._moments[0], self.now), max(self._moments[-1], self.now)
            # Closer: what has happened fills the picture. Farther: all that will is in it too.
            if closer:
                self.scale = scale_that_shows(self.now - first, self._width * 2 // 3)
            else:
                self.scale = scale_that_shows(last - first, (self._width - RESERVED) * 2 // 3)
            self._anchor(None, self._width * 2 // 3 if closer else self._width // 3)
        else:
            at = self.history.at_of.get(self.selected) if self.selected is not None else None
            column = self._axis.column(self.now if at is None else at)
            if not 0 <= column < self._width:
                column = self._width // 2
            self.scale = max(0, min(len(SCALES) - 1, self.scale + (-1 if closer else 1)))
            self._anchor(at, column)
        self.redraw()

    def fit_all(self) -> None:
        """Back to everything in one picture."""
        self.scale = self._anchor_at = None
        self.redraw()

    def _anchor(self, at: int | None, column: int) -> None:
        self._anchor_at, self._anchor_column = at, column

    def _scroll(self, cells: int) -> None:
        if self.scale is not None:
            at = self._anchor_at if self._anchor_at is not None else self.now
            self._anchor(at, self._anchor_column - cells)
            self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Onwards in time; everything already stands in the picture that fits."""
        event.stop()
        self._scroll(4)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Back in time."""
        event.stop()
        self._scroll(-4)

    def on_click(self, event: events.Click) -> None:
        """Select the entry that stands nearest."""
        at = event.get_content_offset(self)
        if at is None or at.y >= len(self._picture.rows):
            return
        hits = self._picture.rows[at.y].hits
        column = at.x - self._name_width
        near = min(hits, key=lambda hit: (abs(hit[0] - column), -hit[1]), default=None)
        if near is not None:
            self.post_message(self.Picked(near[1]))

    # -- drawing -----------------------------------------------------------------------------------

    @property
    def _name_width(self) -> int:
        longest = max((len(lane.name) + 2 for lane in self.history.lanes), default=0)
        most = WIDE_NAME_WIDTH if self.size.width >= WIDE else NAME_WIDTH
        return max(7, min(longest, most)) + 1

    @property
    def _width(self) -> int:
        return max(0, self.size.width - self._name_width)

    def redraw(self) -> None:
        """Lay out anew; ask for the lines that have changed."""
        width = self._width
        if not self.history.lanes or self.most_rows < LEAST_ROWS or (width < LEAST_WIDTH and self.size.width):
            self._picture, self._strips = Picture((), 0), []
            self._take_rows(0)
            return
        if width < LEAST_WIDTH:
            # Not laid out yet: take the room, the resize brings the width.
            self._take_rows(LEAST_ROWS)
            return
        focus = self.history.row_of.get(self.selected) if self.selected is not None else None
        self._axis = self._make_axis(width)
        self._picture = draw(self.history, self._axis, self.now, width, self.most_rows - 1, focus)
        names = (literal(row.name) for row in self._picture.rows if row.kind == "lane")
        self._labels = labels(names, self._name_width - 1)
        strips = [self._strip(row, width) for row in self._picture.rows]
        colours = look(self.app)
        rule = Line(self.size.width).add(glyphs().bar_gone * self.size.width, colours.faint)
        strips.append(rule.strip(kept_ground(self, look(self.app))))
        if len(strips) != len(self._strips):
            self.refresh()
        else:
            cells = session_of(self).cells
            for y, (old, new) in enumerate(zip(self._strips, strips, strict=True)):
                cells.change(self, y, old, new)
        self._strips = strips
        self._take_rows(len(strips))

    def _take_rows(self, rows: int) -> None:
        # Only when their number changes: a layout in each frame would cost more than all drawing.
        if self.styles.height is None or self.styles.height.value != rows:
            self.styles.height = rows
        self.set_class(rows > 0, "-shown")

    def _make_axis(self, width: int) -> Axis:
        if self.scale is not None:
            anchor = self._anchor_at if self._anchor_at is not None else self.now
            return linear(self.scale, self.now, width, anchor, self._anchor_column)
        focus = self.history.at_of.get(self.selected) if self.selected is not None else None
        pending = any(lane.due_at is not None for lane in self.history.lanes)
        return fit(self._moments, self.now, width - (RESERVED if pending else 4), focus)

    def _marked(self, row: LaneRow) -> int | None:
        """The column of the selected entry, when it stands in this row."""
        seq = self.selected
        if seq is None or (at := self.history.at_of.get(seq)) is None:
            return None
        journey = self.history.row_of.get(seq)
        if row.kind != ("events" if journey is None else "lane") or row.journey != journey:
            return None
        return self._axis.column(at)

    def _strip(self, row: LaneRow, width: int) -> Strip:
        colours = look(self.app)
        marked = self._marked(row)
        line = Line(self.size.width)
        name = colours.strong if marked is not None else colours.tone(row.tone)
        text = literal(row.name)
        cut = "end" if row.kind == "branch" else "both"
        line.cell(self._labels.get(text, text), self._name_width - 1, name, keep=cut).gap()
        start = 0
        for column in range(1, width + 1):
            # Neighbours of one look are one piece.
            if column < width and marked not in (column, start) and _alike(row, start, column):
                continue
            text = "".join(cell.text for cell in row.cells[start:column])
            line.add(text, self._style(colours, row, start, start == marked))
            start = column
        return line.strip(kept_ground(self, look(self.app)))

    def _style(self, colours: Look, row: LaneRow, column: int, marked: bool) -> Style:
        cell = row.cells[column]
        style = colours.tone(cell.tone)
        if marked:
            # Reversed, so that the place is seen without colour too.
            return style + Style(bold=True, reverse=True)
        return style + Style(bold=True) if cell.strong else style

    def render_line(self, y: int) -> Strip:
        """One line of the picture."""
        if y < len(self._strips) and self._strips[y].cell_length == self.size.width:
            return self._strips[y]
        return Strip.blank(self.size.width, kept_ground(self, look(self.app)))

    def on_resize(self) -> None:
        """More or fewer cells for the same history."""
        self.redraw()

    def on_mount(self) -> None:
        """Colours follow the theme."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self.redraw())


def _alike(row: LaneRow, one: int, other: int) -> bool:
    a, b = row.cells[one], row.cells[other]
    return a.tone == b.tone and a.strong == b.strong
