"""A widget of one line that is drawn only when what it says has changed."""

from __future__ import annotations

from rich.style import Style
from textual import events
from textual.dom import DOMNode
from textual.strip import Strip
from textual.widget import Widget

from studio.tui.format.glyphs import Look, look
from studio.tui.format.line import Line, kept_ground
from studio.tui.session.context import session_of


class OneLine(Widget):
    """Subclasses put the line together in `build`."""

    DEFAULT_CSS = "OneLine { height: 1; width: 1fr; }"

    _shown: Strip | None = None

    def build(self, line: Line, colours: Look) -> None:
        """Fill the line."""
        raise NotImplementedError

    def update_line(self) -> None:
        """What is said may have changed."""
        if self._shown is None or self._strip() != self._shown:
            self.refresh()

    def pass_time(self) -> None:
        """Time has passed: what is said may be another for that alone."""
        if (before := self._shown) is None:
            self.refresh()
            return
        after = self._strip()
        if after != before:
            self._shown = after
            session_of(self).cells.change(self, 0, before, after)

    def _strip(self) -> Strip:
        line = Line(self.size.width)
        self.build(line, look(self.app))
        return line.strip(self._background())

    def _background(self) -> Style:
        return kept_ground(self, look(self.app))

    def render_line(self, y: int) -> Strip:
        """The line."""
        if y or self.size.width <= 0:
            return Strip.blank(self.size.width, self._background())
        self._shown = self._strip()
        return self._shown


class Buttons:
    """Which cells of a line are buttons."""

    def __init__(self) -> None:
        self._spans: list[tuple[int, int, str, DOMNode]] = []

    def clear(self) -> None:
        """Forget them, before the line is built anew."""
        self._spans.clear()

    def add(self, line: Line, text: str, style: Style, action: str, node: DOMNode) -> None:
        """Append a text to the line, and make it a button."""
        start = line.used
        line.add(text, style)
        self._spans.append((start, line.used, action, node))

    def hit(self, event: events.Click) -> tuple[str, DOMNode] | None:
        """The action of the button under a click, and what it acts on."""
        for start, end, action, node in self._spans:
            if start <= event.x < end:
                return action, node
        return None
