"""Putting one line of a pane together from pieces of exact width."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from studio.tui.format.glyphs import Look
from studio.tui.format.text import cut, fit


class Line:
    """A line of `width` cells that is filled from the left.

    Every text given here is literal already (`text.literal`) and is cut to what is left.
    """

    __slots__ = ("_segments", "used", "width")

    def __init__(self, width: int) -> None:
        self.width = width
        self.used = 0
        self._segments: list[Segment] = []

    @property
    def room(self) -> int:
        """Cells that are not filled yet."""
        return max(0, self.width - self.used)

    def add(self, text: str, style: Style, keep: str = "start") -> Line:
        """Append a text, cut to the room."""
        room = self.width - self.used
        if len(text) <= room and text.isascii():
            cells = len(text)
        else:
            text = cut(text, room, keep)
            cells = cell_len(text)
        if text:
            self._segments.append(Segment(text, style))
            self.used += cells
        return self

    def cell(self, text: str, width: int, style: Style, *, keep: str = "start", align: str = "left") -> Line:
        """Append a text in a column of exactly `width` cells."""
        return self.add(fit(text, min(width, self.room), keep, align), style)

    def append(self, part: Line) -> Line:
        """Append another line, filled up to its width."""
        part.gap(part.room)
        self._segments += part._segments
        self.used += part.width
        return self

    def trim(self) -> Line:
        """Make it as wide as what stands in it, without the blanks at its end."""
        while self._segments and not self._segments[-1].text.strip():
            self.used -= cell_len(self._segments.pop().text)
        if self._segments:
            text, style, _ = self._segments[-1]
            self._segments[-1] = Segment(text.rstrip(), style)
            self.used -= len(text) - len(text.rstrip())
        self.width = self.used
        return self

    def gap(self, width: int = 1) -> Line:
        """Append blanks."""
        width = min(width, self.room)
        if width > 0:
            self._segments.append(Segment(" " * width, Style.null()))
            self.used += width
        return self

    def to_end(self, *pieces: tuple[str, Style]) -> Line:
        """Append pieces so that they end at the right edge."""
        needed = sum(cell_len(text) for text, _ in pieces)
        self.gap(self.room - needed)
        for text, style in pieces:
            self.add(text, style)
        return self

    def strip(self, ground: Style) -> Strip:
        """The finished line on its background; without one the terminal's own would show."""
        self.gap(self.room)
        # Not Strip.apply_style, which makes a line more and keeps it.
        return Strip([Segment(text, on(ground, style)) for text, style, _ in self._segments], self.width)


def on(ground: Style, style: Style | None) -> Style:
    """A style on its background; found by the very objects, since to compare styles takes longer."""
    key = (id(ground), id(style))
    found = _sums.get(key)
    if found is None:
        if len(_sums) > MOST_SUMS:
            _sums.clear()
        # With what it was made of, whose ids are nobody else's as long as it is kept.
        found = _sums[key] = (ground + style, ground, style)
    return found[0]


_sums: dict[tuple[int, int], tuple[Style, Style, Style | None]] = {}
MOST_SUMS = 4_000


def ground_of(widget: Widget) -> Style:
    """The background that a widget's lines stand on."""
    return Style(bgcolor=widget.background_colors[1].rich_color)


def kept_ground(widget: Widget, colours: Look) -> Style:
    """The same, found anew only with other colours or classes: it takes going through all that lies below."""
    stands = (colours, widget.classes)
    found = _grounds.get(widget)
    if found is None or found[0] != stands:
        found = _grounds[widget] = (stands, ground_of(widget))
    return found[1]


_grounds: WeakKeyDictionary[Widget, tuple[tuple[Look, frozenset[str]], Style]] = WeakKeyDictionary()
