"""A widget of one line that is drawn only when what it says has changed."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.dom import DOMNode
from textual.strip import Strip
from textual.widget import Widget

from studio.tui.format.glyphs import Look, look
from studio.tui.format.line import Line, kept_ground
from studio.tui.session.context import session_of

UNDERLINED = Style(underline=True)


class OneLine(Widget):
    """Subclasses put the line together in `build`."""

    DEFAULT_CSS = "OneLine { height: 1; width: 1fr; }"

    is_button = False
    """A click anywhere on it does something."""

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
        strip = line.strip(self._background())
        return clickable(strip) if self.is_button and self.mouse_hover else strip

    def on_enter(self) -> None:
        """What can be clicked looks so."""
        if self.is_button:
            self.update_line()

    def on_leave(self) -> None:
        """The mouse is elsewhere."""
        if self.is_button:
            self.update_line()

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
        self._under_mouse: tuple[str, DOMNode] | None = None

    def clear(self) -> None:
        """Forget them, before the line is built anew."""
        self._spans.clear()

    def add(self, line: Line, text: str, style: Style, action: str, node: DOMNode) -> None:
        """Append a text to the line, and make it a button."""
        start = line.used
        line.add(text, style + UNDERLINED if (action, node) == self._under_mouse else style)
        self._spans.append((start, line.used, action, node))

    def at(self, x: int) -> tuple[str, DOMNode] | None:
        """The action of the button at a column, and what it acts on."""
        for start, end, action, node in self._spans:
            if start <= x < end:
                return action, node
        return None

    def hover(self, x: int | None) -> None:
        """The mouse is at a column; None: it is elsewhere. All that does the same is marked."""
        self._under_mouse = None if x is None else self.at(x)


class ButtonLine(OneLine):
    """A line of which some cells are buttons; the one under the mouse looks so."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._buttons = Buttons()

    async def on_click(self, event: events.Click) -> None:
        """Do what the button is for."""
        if (action := self._buttons.at(event.x)) is not None:
            await self.app.run_action(*action)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """What can be clicked looks so."""
        self._buttons.hover(event.x)
        self.update_line()

    def on_leave(self) -> None:
        """The mouse is elsewhere."""
        self._buttons.hover(None)
        self.update_line()


def clickable(strip: Strip) -> Strip:
    """How something looks that would be clicked: underlined, which needs no colour; blanks are left out."""
    found: list[Segment] = []
    for text, style, control in strip:
        body = text.strip(" ")
        before = len(text) - len(text.lstrip(" ")) if body else len(text)
        parts = (
            (text[:before], style),
            (body, (style or Style()) + UNDERLINED),
            (text[before + len(body) :], style),
        )
        found += [Segment(part, how, control) for part, how in parts if part]
    return Strip(found, strip.cell_length)
