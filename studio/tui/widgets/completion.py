"""The names that may be meant by what is typed, in a small list above its field."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.geometry import Offset
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from studio.tui.format.glyphs import glyphs, look
from studio.tui.format.line import Line, ground_of
from studio.tui.format.text import literal

LEAST_WIDTH, MOST_WIDTH = 16, 60


class Completion(Widget):
    """Shown while there is something to choose; the field keeps the focus and asks it."""

    class Taken(Message):
        """A name was clicked."""

    def __init__(self) -> None:
        super().__init__(id="completion")
        self.items: list[str] = []
        self.at = 0
        self.field: Input | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is something to choose."""
        return bool(self.items)

    @property
    def chosen(self) -> str | None:
        """The name that enter takes."""
        return self.items[self.at] if self.items else None

    def offer(self, field: Input, items: list[str]) -> None:
        """Show these for a field; none closes the list."""
        if items == self.items and field is self.field:
            return
        self.field, self.items, self.at = field, items, 0
        self.display = bool(items)
        if not items:
            return
        width = max(LEAST_WIDTH, min(MOST_WIDTH, 3 + max(cell_len(literal(each)) for each in items)))
        self.styles.width, self.styles.height = width, len(items)
        place = field.content_region
        room = max(0, self.screen.size.width - width)
        self.absolute_offset = Offset(min(max(0, place.x - 2), room), max(0, place.y - len(items)))
        self.refresh(layout=True)

    def close(self) -> None:
        """Offer nothing."""
        if self.field is not None:
            self.offer(self.field, [])

    def move(self, by: int) -> None:
        """Go to another of them, round the ends."""
        if self.items:
            self.at = (self.at + by) % len(self.items)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """One name."""
        width = self.size.width
        if y >= len(self.items):
            return Strip.blank(width, ground_of(self))
        colours, here = look(self.app), y == self.at
        line = Line(width).add(f"{glyphs().cursor} " if here else "  ", colours.accent)
        line.add(literal(self.items[y]), colours.strong if here else colours.text, keep="end")
        return line.strip(colours.selected if here else ground_of(self))

    def on_click(self, event: events.Click) -> None:
        """A click takes a name."""
        if event.y < len(self.items):
            self.at = event.y
            self.post_message(self.Taken())
