"""One field of the form, and the line that says what is wrong in it."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from studio.tui.format.glyphs import look
from studio.tui.format.line import Line, ground_of
from studio.tui.format.text import ELLIPSIS, cut, literal, visible
from studio.tui.session.context import session_of
from studio.tui.widgets.json_fault import JsonFault


class Form(Vertical):
    """What fields stand in: it knows what completes them, and what was sent before."""

    def take_completion(self, field: Input) -> bool:
        """Put what is chosen into the field; False when nothing is offered, or it stands there already."""
        raise NotImplementedError

    def take_paste(self, text: str) -> bool:
        """Take events that were pasted; False when they are none."""
        raise NotImplementedError

    def offered_by(self, key: str) -> str:
        """The action that is named for a key in the empty field; "" for none."""
        raise NotImplementedError

    def walk(self, by: int) -> None:
        """Through what completes the field while it is offered; else through what was sent."""
        raise NotImplementedError


class Field(Input):
    """One field; up and down walk through what was sent, or through what completes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "send", key_display="⏎", id="inject.send"),
        Binding("up", "earlier", "history", key_display="↑", id="inject.earlier"),
        Binding("down", "later", "later", show=False, id="inject.later"),
        Binding("tab", "complete", "next field", id="inject.complete"),
    ]

    def __init__(self, id: str) -> None:
        super().__init__(id=id, compact=True, select_on_focus=False)
        self.cursor_blink = False

    # What Input draws and measures is the value itself, and an escape sequence in it would run.

    @property
    def _value(self) -> Text:
        return Text(visible(self.value), no_wrap=True, overflow="ignore", end="")

    def _position_to_cell(self, position: int) -> int:
        return cell_len(visible(self.value[:position]))

    def watch_has_focus(self, focused: bool) -> None:
        """Whoever types sees the cursor, everyone else the beginning."""
        super().watch_has_focus(focused)
        self.look_at_place()

    def on_resize(self) -> None:
        """The cursor may lie outside now."""
        self.look_at_place()

    def look_at_place(self) -> None:
        """Scroll to what matters: the cursor while it is typed in, else the beginning."""
        at = self._cursor_offset if self.has_focus else 0
        self.scroll_to_region(Region(at, 0, 1, 1), force=True, animate=False, immediate=True)

    def render_line(self, y: int) -> Strip:
        """The text, with a mark at each end where there is more of it than is seen."""
        strip = super().render_line(y)
        width = self.scrollable_content_region.width
        start = round(self.scroll_x)
        cursor = self._cursor_offset - start if self.has_focus else -1
        more = start + width < self._position_to_cell(len(self.value))
        if y or width < 3:
            return strip
        for at, cut_off in ((0, start > 0), (width - 1, more)):
            if cut_off and at != cursor:
                strip = self._marked(strip, at)
        return strip

    def _marked(self, strip: Strip, at: int) -> Strip:
        mark = Segment(ELLIPSIS, self.rich_style + look(self.app).muted)
        # A wide character of which one half is hidden goes as a whole.
        before, after = strip.crop(0, at), strip.crop(at + 1, strip.cell_length)
        return Strip.join([before, Strip([mark], 1), after])

    def _on_paste(self, event: events.Paste) -> None:
        # Input keeps the first line only; JSON is mostly copied in several.
        if event.text and not self._form.take_paste(event.text):
            start, end = sorted(self.selection)
            self.replace(" ".join(event.text.splitlines()), start, end)
        event.stop()
        event.prevent_default()

    @property
    def _form(self) -> Form:
        return next(each for each in self.ancestors if isinstance(each, Form))

    async def _on_key(self, event: events.Key) -> None:
        if self.id == "event" and not self.value and (action := self._form.offered_by(event.key)):
            event.stop()
            event.prevent_default()
            await self.run_action(action)
            return
        await super()._on_key(event)

    async def action_submit(self) -> None:
        """Take what completes the name, or send."""
        if not self._form.take_completion(self):
            await super().action_submit()

    async def action_complete(self) -> None:
        """Take what completes the name, as a shell does; with nothing to complete, go to the next field."""
        # In a burst nobody has seen what is offered: what was typed is what was meant.
        if session_of(self).typed_blind or not self._form.take_completion(self):
            await self.run_action("screen.step_pane(1)")

    def action_cursor_right(self, select: bool = False) -> None:
        """At the end, take what completes the name."""
        if select or self.cursor_position < len(self.value) or not self._form.take_completion(self):
            super().action_cursor_right(select)

    def action_earlier(self) -> None:
        """Bring back what was sent before."""
        self._form.walk(-1)

    def action_later(self) -> None:
        """Towards what was typed last."""
        self._form.walk(1)


class FaultLine(Widget):
    """A caret under the place of a mistake, and the reason."""

    fault: JsonFault | None = None

    def show(self, fault: JsonFault | None) -> None:
        """Take the mistake; None when there is none."""
        self.fault = fault
        self.display = fault is not None
        self.refresh()

    def redraw(self) -> None:
        """The field has scrolled."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The caret stands under the character, wherever the field has scrolled to."""
        width = self.size.width
        if y or self.fault is None:
            return Strip.blank(width, ground_of(self))
        colours = look(self.app)
        field = self.screen.query_one("#data", Input)
        before = cell_len(visible(field.value[: self.fault.at]))
        start = field.content_region.x - self.content_region.x
        at = start + min(max(before - round(field.scroll_x), 0), max(0, field.content_region.width - 1))
        why = literal(self.fault.why)
        line = Line(width)
        bold = colours.error + Style(bold=True)
        if at + 2 + cell_len(why) <= width or at <= width // 2:
            return line.gap(at).add("^ ", bold).add(why, colours.error).strip(ground_of(self))
        words = cut(why, max(0, at - 1), "start")
        return (
            line.gap(at - cell_len(words) - 1)
            .add(words, colours.error)
            .gap()
            .add("^", bold)
            .strip(ground_of(self))
        )
