"""The form that sends an event by hand: name, user, JSON data, and what came of it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.css.query import NoMatches
from textual.reactive import reactive
from textual.strip import Strip
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input, Label

from studio.engine.matching import meets
from studio.errors import StudioError
from studio.names import names
from studio.store.records import WaitRow
from studio.store.views import Views
from studio.tui.desk import OutcomeOf, check_event
from studio.tui.messages import EventRefused, EventSent
from studio.tui.widgets.json_fault import JsonFault, read_data
from studio.tui.widgets.line import Line, ground_of
from studio.tui.widgets.signs import look, signs
from studio.tui.widgets.text import cut, literal, visible

if TYPE_CHECKING:
    from studio.tui.app import StudioApp

HISTORY = 200


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the three fields."""

    event: str
    user: str
    data: str


@dataclass(frozen=True, slots=True)
class UserWaits:
    """The question what a user waits for."""

    user: str

    def read(self, views: Views) -> list[WaitRow]:
        """The open waits of the user."""
        return views.waits(user=self.user, limit=100)


class EventNames(Suggester):
    """Completes names of events: those of the workflows first, then those that came before."""

    def __init__(self, inject: Inject) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._inject = inject

    async def get_suggestion(self, value: str) -> str | None:
        """The first name that goes on as typed."""
        app = self._inject.studio
        if not value or app.desk is None or app.reader is None:
            return None
        known = sorted({name for each in app.desk.workflows.values() for name in each.trigger.literals})
        for name in known:
            if name.startswith(value) and visible(name) == name:
                return name
        try:
            found = await app.reader.ask(lambda views: views.event_names(value, 1))
        except StudioError:
            return None
        return found[0] if found and visible(found[0]) == found[0] else None


class Field(Input):
    """One field; up and down walk through what was sent."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "send", key_display="⏎", id="inject.send"),
        Binding("up", "earlier", "history", key_display="↑", id="inject.earlier"),
        Binding("down", "later", "later", show=False, id="inject.later"),
    ]

    def __init__(self, id: str, *, suggester: Suggester | None = None) -> None:
        super().__init__(id=id, compact=True, suggester=suggester, select_on_focus=False)
        self.cursor_blink = False

    # What Input draws and measures is the value itself, and an escape sequence in it would run.

    @property
    def _value(self) -> Text:
        return Text(visible(self.value), no_wrap=True, overflow="ignore", end="")

    def _position_to_cell(self, position: int) -> int:
        return cell_len(visible(self.value[:position]))

    def _on_paste(self, event: events.Paste) -> None:
        # Input keeps the first line only; JSON is mostly copied in several.
        if event.text:
            start, end = sorted(self.selection)
            self.replace(" ".join(event.text.splitlines()), start, end)
        event.stop()
        event.prevent_default()

    @property
    def _form(self) -> Inject:
        return next(each for each in self.ancestors if isinstance(each, Inject))

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


class Inject(Vertical):
    """Pane 5."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "screen.leave_inject", "back", key_display="esc", id="inject.leave"),
    ]

    status: reactive[Content] = reactive(Content(""))

    def __init__(self) -> None:
        super().__init__(id="inject", classes="pane")
        self._history: list[Draft] = []
        self._place = 0
        self._unsent = Draft("", "", "")
        self._sending = False
        self._filled: Draft | None = None
        self.origin: Widget | None = None
        """The list that filled the fields; sending goes back to it."""

    @property
    def studio(self) -> StudioApp:
        """The app."""
        return cast("StudioApp", self.app)

    def compose(self) -> ComposeResult:
        with Horizontal(id="fields"):
            yield Label("event", classes="label")
            yield Label(signs().event, classes="sign")
            yield Field("event", suggester=EventNames(self))
            yield Label("user", classes="label")
            yield Field("user")
            yield Label("data", classes="label")
            yield Field("data")
            yield Label("", id="outcome", markup=False)
        yield FaultLine(id="fault")

    def on_mount(self) -> None:
        """Texts for empty fields."""
        self.border_title = "5 Inject"
        self.border_subtitle = "↑ history"
        self.query_one("#event", Input).placeholder = "app/login"
        self.query_one("#user", Input).placeholder = "user1"
        self.query_one("#data", Input).placeholder = '{"field": "value"}'
        fault = self.query_one(FaultLine)
        fault.show(None)
        data = self.query_one("#data", Input)
        self.watch(data, "scroll_x", fault.redraw, init=False)

    # -- what stands in it -----------------------------------------------------------------------

    @property
    def draft(self) -> Draft:
        """What stands in the fields."""
        value = {name: self.query_one(f"#{name}", Input).value for name in ("event", "user", "data")}
        return Draft(value["event"], value["user"], value["data"])

    def put(self, draft: Draft) -> None:
        """Write the fields."""
        for name in ("event", "user", "data"):
            field = self.query_one(f"#{name}", Input)
            field.value = getattr(draft, name)
            field.cursor_position = len(field.value)

    def fill(
        self, event: str, user: str, data: Mapping[str, Any], says: str, origin: Widget | None = None
    ) -> None:
        """Put a ready event in, so that one more key sends it."""
        text = json.dumps(data, ensure_ascii=False) if data else ""
        draft = self._filled = Draft(event, user, text)
        self.origin = origin
        self.put(draft)
        self.say(says, "success")

    @property
    def untouched(self) -> bool:
        """Whether nobody has typed here."""
        draft = self.draft
        return not (draft.event or draft.data)

    def say(self, text: str, tone: str) -> None:
        """Say something beside the fields."""
        self.query_one("#outcome", Label).update(
            Content.styled(
                literal(text), {"success": "$success", "error": "$error", "muted": "$foreground-muted"}[tone]
            )
        )

    def walk(self, by: int) -> None:
        """Through what was sent from here, newest first."""
        if not self._history:
            return
        if self._place == len(self._history):
            self._unsent = self.draft
        self._place = max(0, min(len(self._history), self._place + by))
        self.put(self._unsent if self._place == len(self._history) else self._history[self._place])

    # -- what is said while it is typed ------------------------------------------------------------

    @on(Input.Changed)
    def check_typed(self, message: Input.Changed) -> None:
        """Look at every change at once."""
        message.stop()
        try:
            data = read_data(self.query_one("#data", Input).value)
        except JsonFault as fault:
            self._show_fault(fault)
            return
        self._show_fault(None)
        draft = self.draft
        if draft == self._filled or self._sending:
            return
        self._filled = None
        if draft.event.strip() and draft.user.strip():
            self._foresee(draft, data)

    @work(group="foresee", exclusive=True, exit_on_error=False)
    async def _foresee(self, draft: Draft, data: Mapping[str, Any]) -> None:
        if (reader := self.studio.reader) is None:
            return
        waits = await reader.ask(UserWaits(draft.user.strip()).read)
        if draft != self.draft:
            return
        event = draft.event.strip()
        for row in waits:
            if (
                row.kind == "wait"
                and row.name
                and names(row.name.split(", ")).meets(event)
                and meets(row.match, data)
            ):
                self.say(f"{signs().completed} answers {row.user} ⏎", "success")
                return
        self.say("⏎ sends", "muted")

    def _show_fault(self, fault: JsonFault | None) -> None:
        line = self.query_one(FaultLine)
        had = line.fault is not None
        line.show(fault)
        self.query_one("#data", Input).set_class(fault is not None, "-fault")
        if fault is not None:
            self.say(f"{signs().failed} no JSON yet", "error")
        elif had:
            self.say("⏎ sends", "muted")

    # -- sending -------------------------------------------------------------------------------------

    @on(Input.Submitted)
    def submit(self, message: Input.Submitted) -> None:
        """Enter in any field sends."""
        message.stop()
        self.send()

    def send(self) -> None:
        """Send what stands here, if it can be sent."""
        draft = self.draft
        if self._sending:
            return
        try:
            data = read_data(draft.data)
        except JsonFault as fault:
            self._show_fault(fault)
            field = self.query_one("#data", Input)
            field.focus()
            field.cursor_position = fault.at
            return
        self._sending = True
        self._send(draft, data)

    @work(group="send", exit_on_error=False)
    async def _send(self, draft: Draft, data: Mapping[str, Any]) -> None:
        try:
            event = check_event(draft.event, draft.user, data)
            desk, reader = self.studio.desk, self.studio.reader
            if desk is None or reader is None:
                self.say("the store is not open yet", "error")
                return
            began = time.perf_counter()
            seq = await desk.send(event)
            took = (time.perf_counter() - began) * 1000
            if seq is None:
                what = f"pid {desk.viewer_of} takes it" if desk.viewer_of else "kept until an engine runs"
            else:
                what = await reader.ask(OutcomeOf(seq, event.user).read)
        except StudioError as error:
            self.say(str(error), "error")
            self.post_message(EventRefused(str(error)))
            return
        finally:
            self._sending = False
        self._remember(draft)
        # The user stays: the next event is mostly for the same one. The rest goes, so that
        # a second enter does not send it a second time.
        self._filled = Draft("", draft.user, "")
        self.put(self._filled)
        said = f"sent · {what} · {took:.1f} ms"
        self.say(said, "success")
        self.post_message(EventSent(event.name, event.user, said))

    def _remember(self, draft: Draft) -> None:
        if not self._history or self._history[-1] != draft:
            self._history.append(draft)
            del self._history[:-HISTORY]
        self._place = len(self._history)


def focus_first(inject: Inject) -> None:
    """Put the cursor into the first field."""
    try:
        inject.query_one("#event", Input).focus()
    except NoMatches:
        return
