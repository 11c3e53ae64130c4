"""The cells that time alone changes, written to the terminal past the compositor.

Ten times a second the tenths of every countdown on the screen are others: a few cells on each of some seventy
lines. For each of them the compositor puts the whole line of every pane together anew, borders and all, which
took a seventh of a core at 200 columns. Here nothing but those cells is written, in one go for a tick.

The widget that changes a line goes on to draw it as it is now: the line is marked, and the compositor takes
it anew when next it draws there. Where it is not certain that the cells are seen as they are (another screen
lies over this one, a widget lies over the line, a layout is due) nothing is written, and the line is drawn as
ever.

What this needs of Textual beyond its public methods stands in this file alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.control import Control
from rich.segment import Segment
from textual._compositor import CompositorUpdate
from textual.geometry import Region
from textual.strip import Strip

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from textual.app import App
    from textual.color import Color
    from textual.filter import LineFilter
    from textual.screen import Screen
    from textual.widget import Widget


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the lines of a widget stand on the screen, and how they come there."""

    region: Region
    """Of its content."""
    above: int
    """Lines of border over the first."""
    ground: Color
    filters: Sequence[LineFilter]
    open: frozenset[int]
    """Lines that are seen whole, with nothing over them."""


class Cells:
    """What changes in one tick of an app."""

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self._screen: Screen[Any] | None = None
        """The screen that ticks, when it is the one that is seen; None: all is drawn as ever."""
        self._placed: list[tuple[int, int, list[Segment]]] = []
        self._places: dict[Widget, _Place] = {}

    @contextmanager
    def tick(self, screen: Screen[Any]) -> Iterator[None]:
        """Collect what changes on this screen, then write it."""
        app = self._app
        if screen is app.screen and not app.is_inline and not screen._layout_required:
            self._screen = screen
        try:
            yield
        finally:
            placed, self._placed, self._screen = self._placed, [], None
            self._places.clear()
            if placed:
                app._display(screen, _Placed(placed))

    def change(self, widget: Widget, y: int, before: Strip, after: Strip) -> None:
        """A line of a widget's content is another now.

        Args:
            y: the line, counted from the first that is seen.
            before: as it stands on the screen.
            after: as the widget draws it from now on.
        """
        found = difference(before, after)
        if found is None:
            return
        place = self._places.get(widget)
        if place is None:
            place = self._places[widget] = self._place(widget)
        if y not in place.open:
            widget.refresh(Region(0, y, widget.size.width, 1))
            return
        x, part = found
        for each in place.filters:
            part = each.apply(part, place.ground)
        self._placed.append((place.region.x + x, place.region.y + y, part))
        widget._styles_cache.set_dirty(Region(0, place.above + y, 1, 1))

    def _place(self, widget: Widget) -> _Place:
        region = widget.content_region
        return _Place(
            region,
            region.y - widget.region.y,
            widget.background_colors[1],
            widget.get_line_filters(),
            frozenset(self._seen(widget, region)),
        )

    def _seen(self, widget: Widget, region: Region) -> Iterator[int]:
        """The lines of a widget's content that are seen whole, with nothing over them."""
        if self._screen is None or widget.screen is not self._screen:
            return
        layers = self._screen._compositor.layers_visible
        for y in range(max(0, region.y), min(region.bottom, len(layers))):
            line = Region(region.x, y, region.width, 1)
            top = next((layer for layer in layers[y] if layer[1].overlaps(line)), None)
            if top is not None and top[0] is widget and top[1].contains_region(line):
                yield y - region.y


class _Placed(CompositorUpdate):
    """Pieces of lines, each at its place on the screen."""

    def __init__(self, placed: list[tuple[int, int, list[Segment]]]) -> None:
        self._placed = placed

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for x, y, part in self._placed:
            yield Control.move_to(x, y)
            yield from part

    def render_segments(self, console: Console) -> str:
        """The pieces as what the terminal is sent."""
        colours = console._color_system
        return "".join(
            f"\x1b[{y + 1};{x + 1}H"
            + "".join(
                text if style is None else style.render(text, color_system=colours) for text, style, _ in part
            )
            for x, y, part in self._placed
        )


def difference(before: Strip, after: Strip) -> tuple[int, list[Segment]] | None:
    """What of a line is another now: its first cell, and the pieces from there on; None when nothing is."""
    old, new = before._segments, after._segments
    shorter, first, last = min(len(old), len(new)), 0, 0
    while first < shorter and old[first] == new[first]:
        first += 1
    if first == len(old) == len(new):
        return None
    if before.cell_length != after.cell_length:
        return 0, new
    while last < shorter - first and old[-1 - last] == new[-1 - last]:
        last += 1
    return sum(cell_len(text) for text, _, _ in new[:first]), new[first : len(new) - last]
