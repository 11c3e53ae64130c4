"""The form that sends an event by hand: name, user, JSON data, and what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.css.query import NoMatches
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Label

from studio.engine.client import EngineClient
from studio.errors import EventError, StudioError
from studio.events.user_spans import each_user
from studio.kernel.matching import meets
from studio.language.incoming import Incoming
from studio.language.names import names
from studio.tui.format.glyphs import glyphs
from studio.tui.format.text import literal, visible
from studio.tui.session.context import Session, session_of
from studio.tui.session.drafts import Draft, Edited, pasted_events, plain_draft
from studio.tui.session.event_lines import events_of_lines, lines_of, written_in_editor
from studio.tui.session.example_event import typed_data
from studio.tui.session.known_fields import FieldsOf, add_fields, meant_fields, with_field
from studio.tui.session.known_names import meant, workflow_names
from studio.tui.session.messages import EventRefused, EventSent, OpenDataEditor, OpenSentEvents
from studio.tui.session.read_only import refusal
from studio.tui.session.send_form_queries import UsersFrom, UserWaits
from studio.tui.session.sending import deliver, written
from studio.tui.session.sent_history import SentHistory
from studio.tui.widgets.completion import Completion
from studio.tui.widgets.fields import FaultLine, Field, Form
from studio.tui.widgets.json_fault import JsonFault, read_data

KNOWN_NAMES = 1_000

SAID_SECONDS = 20.0
"""How long it is said what came of something."""


class Inject(Form):
    """Pane 5."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o", "edit_data", "large editor", id="inject.edit"),
        Binding("ctrl+r", "find_sent", "search history", id="inject.find"),
        Binding("escape", "leave", "back", key_display="esc", id="inject.leave"),
        Binding("ctrl+l", "write_many", "many in $EDITOR", id="inject.many"),
    ]

    status: reactive[Content] = reactive(Content(""))

    def __init__(self) -> None:
        super().__init__(id="inject", classes="pane")
        self.history = SentHistory()
        self._place = 0
        self._unsent = Draft("", "", "")
        self._sending = False
        self._filled: Draft | None = None
        self._awaited: Draft | None = None
        """What stands here while the data of a ready event is looked for."""
        self._send_awaited = False
        self._written = Draft("", "", "")
        """What `put` wrote last: a field that still holds it was not typed in."""
        self._followed = ""
        """The user of the selection that stands in the field, until somebody types another."""
        self._known: list[str] = []
        self._fields: dict[str, str] = {}
        """Fields that events of this name carried, each with its newest value."""
        self._lines = ""
        """What was written in the editor and is not sent."""
        self._batch: list[Incoming] = []
        """Events that were pasted and do not fit into the fields; enter sends them."""
        self.offers_why = False
        """The line says "w why", and no name begins with that letter: it is a key in the empty field."""
        self.offers_failed = False
        """What was sent made a journey fail: `!` in the empty field goes there."""
        self._answers = False
        """The line says that this answers a wait."""
        self._silence: Timer | None = None
        """Takes back what was said."""
        self.origin: Widget | None = None
        """The list that filled the fields; sending goes back to it."""

    @property
    def session(self) -> Session:
        """What it may know of the studio."""
        return session_of(self)

    def compose(self) -> ComposeResult:
        with Horizontal(id="fields"):
            yield Label("event", classes="label")
            yield Label(glyphs().event, classes="sign")
            yield Field("event")
            yield Label("user", classes="label")
            yield Field("user")
            yield Label("data", classes="label")
            yield Field("data")
            yield Label("", id="outcome", markup=False)
        yield FaultLine(id="fault")
        yield Completion()

    def on_mount(self) -> None:
        """Texts for empty fields."""
        self.border_title = "5 Inject"
        self.say_what_for(None)
        self.query_one("#event", Input).placeholder = "app/login"
        self.query_one("#user", Input).placeholder = "user1"
        self.query_one("#data", Input).placeholder = '{"field": "value"}'
        fault = self.query_one(FaultLine)
        fault.show(None)
        data = self.query_one("#data", Input)
        self.watch(data, "scroll_x", fault.redraw, init=False)

    def say_what_for(self, client: EngineClient | None) -> None:
        """Say below the form that nothing can be sent from here, where that is so."""
        looks = client is not None and client.read_only
        why = refusal("nothing can be sent", client).what if looks else ""
        self.border_subtitle = why or "↑ history"

    @work(group="history", exit_on_error=False)
    async def open_history(self, history: SentHistory) -> None:
        """Go on with what was sent before."""
        await asyncio.to_thread(history.load)
        for draft in self.history.drafts:
            history.remember(draft)
        self.history = history
        self._place = len(history.drafts)
        if history.problem:
            self.say(history.problem, "error")

    # -- what stands in it -----------------------------------------------------------------------

    @property
    def draft(self) -> Draft:
        """What stands in the fields."""
        value = {name: self.query_one(f"#{name}", Input).value for name in ("event", "user", "data")}
        return Draft(value["event"], value["user"], value["data"])

    def put(self, draft: Draft) -> None:
        """Write the fields."""
        self._written = draft
        self._batch = []
        self.query_one(Completion).close()
        for name in ("event", "user", "data"):
            field = self.query_one(f"#{name}", Field)
            field.value = getattr(draft, name)
            field.cursor_position = len(field.value)
            field.look_at_place()

    def fill(
        self, event: str, user: str, data: Mapping[str, Any], says: str, origin: Widget | None = None
    ) -> None:
        """Put a ready event in, so that one more key sends it."""
        text = json.dumps(data, ensure_ascii=False) if data else ""
        draft = self._filled = Draft(event, user, text)
        self.origin = origin
        self.offers_why = self.offers_failed = False
        self.put(draft)
        self.foretell(says, "success")

    def follow_user(self, user: str) -> None:
        """This is the selected user now: the next event is for them, unless another one was typed."""
        field = self.query_one("#user", Field)
        if field.value == user:
            self._followed = user
            self._offer_to_replace()
        elif self._sending or self._batch or (self.draft == self._filled and self.draft.event):
            # Something is ready to be sent as it is, to whom it was offered for.
            return
        elif field.value in ("", self._followed):
            self._followed = user
            self._written = replace(self._written, user=user)
            field.value = user
            field.cursor_position = len(user)
            field.look_at_place()
            self._offer_to_replace()

    def _offer_to_replace(self) -> None:
        """Whoever types a user replaces the one that was not typed."""
        field = self.query_one("#user", Field)
        field.select_on_focus = bool(self._followed) and field.value == self._followed

    def await_fill(self, event: str, user: str, origin: Widget | None = None) -> None:
        """A ready event comes at once: keys go to the form already, and enter sends it when it is there."""
        self.fill(event, user, {}, "…", origin)
        self._awaited, self._send_awaited = self.draft, False

    def fill_awaited(self, event: str, user: str, data: Mapping[str, Any], says: str) -> None:
        """Put the ready event in that was announced, unless something else was typed meanwhile."""
        awaited, self._awaited = self._awaited, None
        if awaited is None or awaited != self.draft:
            return
        self.fill(event, user, data, says, self.origin)
        if self._send_awaited:
            self.send()

    def drop_awaited(self) -> None:
        """It does not come; why not was said."""
        self._awaited = None

    @property
    def untouched(self) -> bool:
        """Whether nobody has typed here."""
        draft = self.draft
        return not (draft.event or draft.data)

    def say(self, text: str, tone: str) -> None:
        """Say for a while what came of something, beside the fields."""
        self._write(text, tone)
        self._answers = False
        if text:
            self._silence = self.set_timer(SAID_SECONDS, self._fall_silent)

    def foretell(self, text: str, tone: str) -> None:
        """Say what enter does, or why it does nothing, as long as the same stands in the fields."""
        self._write(text, tone)
        self._answers = text.startswith(glyphs().completed)

    def look_again(self) -> None:
        """The store has changed: the wait that this would answer may be over."""
        draft = self.draft
        if self._answers and not (self._sending or self._batch or self._awaited):
            try:
                self._foresee(draft, read_data(draft.data))
            except JsonFault:
                return

    def _fall_silent(self) -> None:
        self.offers_why = self.offers_failed = False
        self._write("", "muted")

    def _write(self, text: str, tone: str) -> None:
        if self._silence is not None:
            self._silence.stop()
        self.query_one("#outcome", Label).update(
            Content.styled(
                literal(text), {"success": "$success", "error": "$error", "muted": "$foreground-muted"}[tone]
            )
        )

    def walk(self, by: int) -> None:
        """Through what completes the field while it is offered; else through what was sent, newest first."""
        completion = self.query_one(Completion)
        if completion.is_open:
            completion.move(by)
            return
        drafts = self.history.drafts
        if not drafts:
            return
        self._place = min(self._place, len(drafts))
        if self._place == len(drafts):
            self._unsent = self.draft
        self._place = max(0, min(len(drafts), self._place + by))
        self.put(self._unsent if self._place == len(drafts) else drafts[self._place])

    def offered_by(self, key: str) -> str:
        """The action that the line beside the fields names for a key in the empty field; "" for none."""
        if key == "w" and self.offers_why:
            return "screen.why"
        return "screen.next_failed" if key == "exclamation_mark" and self.offers_failed else ""

    # -- completion ------------------------------------------------------------------------------

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Learn the names anew each time that someone comes to type one."""
        self.query_one(Completion).close()
        if event.widget.id == "event":
            self._learn_names()
        elif event.widget.id == "data":
            self._fields = {}
            self._learn_fields()

    def on_descendant_blur(self) -> None:
        """Nobody chooses any more."""
        self.query_one(Completion).close()

    @work(group="names", exclusive=True, exit_on_error=False)
    async def _learn_names(self) -> None:
        client, reader = self.session.client, self.session.reader
        if client is None or reader is None:
            return
        seen = await reader.ask(lambda views: views.event_names("", KNOWN_NAMES))
        sent = [draft.event for draft in reversed(self.history.drafts)]
        self._known = [*sent, *workflow_names(client.workflows), *seen]

    @work(group="fields", exclusive=True, exit_on_error=False)
    async def _learn_fields(self) -> None:
        draft, reader = self.draft, self.session.reader
        event = draft.event.strip()
        if reader is None or not event:
            return
        found: dict[str, str] = await reader.ask(FieldsOf(event, draft.user.strip()).read)
        for sent in reversed(self.history.drafts):
            if sent.event == event:
                with contextlib.suppress(JsonFault):
                    add_fields(found, read_data(sent.data))
        self._fields = found

    def _complete(self, field: Input) -> None:
        completion = self.query_one(Completion)
        if not field.has_focus or field.value == getattr(self._written, field.id or ""):
            completion.close()
        elif field.id == "event":
            completion.offer(field, meant(field.value, self._known))
        elif field.id == "user" and field.value.strip():
            self._complete_user(field)
        elif field.id == "data" and self._fields:
            completion.offer(field, meant_fields(field.value[: field.cursor_position], self._fields))
        else:
            completion.close()

    @work(group="users", exclusive=True, exit_on_error=False)
    async def _complete_user(self, field: Input) -> None:
        if (reader := self.session.reader) is None:
            return
        typed = field.value
        found = await reader.ask(UsersFrom(typed).read)
        if field.has_focus and field.value == typed:
            self.query_one(Completion).offer(field, [each for each in found if visible(each) == each])

    def idle_keys(self) -> frozenset[str]:
        """The ids of the bindings that would do nothing now."""
        return frozenset() if self.history.drafts else frozenset({"inject.earlier", "inject.later"})

    def take_completion(self, field: Input) -> bool:
        """Put what is chosen into the field; False when nothing is offered, or it stands there already."""
        completion = self.query_one(Completion)
        chosen = completion.chosen
        if chosen is None or completion.field is not field or chosen == field.value:
            return False
        completion.close()
        text, cursor = chosen, len(chosen)
        if field.id == "data":
            at = field.cursor_position
            text, cursor = with_field(field.value[:at], field.value[at:], chosen)
        self._written = Draft(**{**_fields(self.draft), field.id or "": text})
        field.value = text
        field.cursor_position = cursor
        if field.id == "event":
            self._offer_data(chosen)
        return True

    def _offer_data(self, event: str) -> None:
        """Begin with data that fits the event's type, where none was written."""
        client, data = self.session.client, self.query_one("#data", Input)
        if client is not None and data.value.strip() in ("", "{}"):
            data.value = typed_data(client.workflows, event) or data.value

    @on(Completion.Taken)
    def take_click(self) -> None:
        """A name of the list was clicked."""
        field = self.query_one(Completion).field
        if field is not None:
            self.take_completion(field)

    async def action_leave(self) -> None:
        """One step out: the list of names, what was pasted, the form."""
        completion = self.query_one(Completion)
        if completion.is_open:
            completion.close()
        elif self._batch:
            self._batch = []
            self.say("", "muted")
        else:
            await self.run_action("screen.leave_inject")

    # -- what is said while it is typed ------------------------------------------------------------

    @on(Input.Changed)
    def check_typed(self, message: Input.Changed) -> None:
        """Look at every change at once."""
        message.stop()
        self._offer_to_replace()
        self._complete(message.input)
        try:
            data = read_data(self.query_one("#data", Input).value)
        except JsonFault as fault:
            self._show_fault(fault)
            return
        self._show_fault(None)
        draft = self.draft
        if draft == self._filled or self._sending or self._batch:
            return
        self._filled = None
        self.offers_why = self.offers_failed = False
        if draft.event.strip() and draft.user.strip():
            self._foresee(draft, data)

    @work(group="foresee", exclusive=True, exit_on_error=False)
    async def _foresee(self, draft: Draft, data: Mapping[str, Any]) -> None:
        if (reader := self.session.reader) is None:
            return
        try:
            many = each_user(draft.user.strip())
        except EventError as error:
            self.foretell(str(error), "error")
            return
        if many is not None:
            self.foretell(f"⏎ sends {len(many):,}, {many[0][0]} to {many[-1][0]}", "muted")
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
                self.foretell(f"{glyphs().completed} answers {row.user} ⏎", "success")
                return
        over = self._answers and draft == self._filled
        self.foretell("this wait has ended · ⏎ sends" if over else "⏎ sends", "muted")

    def _show_fault(self, fault: JsonFault | None) -> None:
        line = self.query_one(FaultLine)
        had = line.fault is not None
        line.show(fault)
        self.query_one("#data", Input).set_class(fault is not None, "-fault")
        if fault is not None:
            self.foretell(f"{glyphs().failed} not valid JSON yet", "error")
        elif had:
            self.foretell("⏎ sends", "muted")

    # -- what is pasted, and the large editor ----------------------------------------------------------

    def take_paste(self, text: str) -> bool:
        """Take pasted events; False when it is other text, which belongs into the field."""
        client = self.session.client
        try:
            found = pasted_events(text, client.clock.now() if client is not None else 0)
        except EventError as error:
            self.say(str(error), "error")
            return True
        if not found:
            return False
        self._take_events(found, "pasted")
        return True

    def _take_events(self, found: list[Incoming], how: str) -> None:
        """Put events where they are looked at once more: one in the fields, others behind a line."""
        draft = plain_draft(found[0]) if len(found) == 1 else None
        if draft is not None:
            self.put(draft)
        else:
            self.put(Draft("", "", ""))
            self._batch = found
            what = f"{len(found):,} events" if len(found) > 1 else f"{found[0].name} for {found[0].user}"
            self.foretell(f"{what} {how} · ⏎ sends · esc discards", "success")

    def action_find_sent(self) -> None:
        """Look through what was sent from here."""

        def take(draft: Draft | None) -> None:
            if draft is not None:
                self.put(draft)
                focus_first(self)

        message = OpenSentEvents(list(self.history.drafts), self.draft.user.strip(), take)
        self.app.post_message(message)

    def action_write_many(self) -> None:
        """Write many events in the person's own editor; what is saved is looked at here, then sent."""
        client = self.session.client
        try:
            text = written_in_editor(self.app, self._lines or lines_of(self.draft))
            if text is None:
                self.say("nothing was written: nothing is sent", "muted")
                return
            self._lines = text
            found = events_of_lines(text, client.clock.now() if client is not None else 0)
        except EventError as error:
            self.say(f"{error} · ^l opens it again", "error")
            return
        except (StudioError, OSError) as error:
            self.say(str(error), "error")
            return
        if not found:
            self._lines = ""
            self.say("no event was written: nothing is sent", "muted")
        else:
            self._take_events(found, "written")

    def action_edit_data(self) -> None:
        """Write the data where there is room for it."""

        def take(edited: Edited | None) -> None:
            if edited is None:
                return
            field = self.query_one("#data", Input)
            field.value = edited.text
            field.cursor_position = len(edited.text)
            field.focus()
            if edited.send:
                self.send()

        draft = self.draft
        self.app.post_message(OpenDataEditor(draft, take))

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
        if self._awaited is not None and self._awaited == draft:
            self._send_awaited = True
            return
        self._awaited = None
        if self._batch:
            self._begin(None, self._batch)
            return
        try:
            data = read_data(draft.data)
        except JsonFault as fault:
            self._show_fault(fault)
            field = self.query_one("#data", Input)
            field.focus()
            field.cursor_position = fault.at
            return
        try:
            self._begin(draft, written(draft.event, draft.user, data))
        except EventError as error:
            self._refuse(error)

    def send_again(self) -> None:
        """Send the last one again, whatever stands in the fields."""
        if self._sending:
            return
        if not self.history.drafts:
            self.say("nothing was sent from here yet", "muted")
            return
        draft = self.history.drafts[-1]
        try:
            self._begin(draft, written(draft.event, draft.user, read_data(draft.data)))
        except (EventError, JsonFault) as error:
            self._refuse(error)

    def _refuse(self, error: Exception) -> None:
        self.foretell(str(error), "error")
        self.post_message(EventRefused(str(error)))

    def _begin(self, draft: Draft | None, found: Sequence[Incoming]) -> None:
        self._sending = True
        self._send(draft, found)

    @work(group="send", exit_on_error=False)
    async def _send(self, draft: Draft | None, found: Sequence[Incoming]) -> None:
        try:
            client, reader = self.session.client, self.session.reader
            if client is None or reader is None:
                self.say("the store is not open yet", "error")
                return
            sent = await deliver(client, reader, found)
        except StudioError as error:
            self._refuse(error)
            return
        finally:
            self._sending = False
        # The user stays: the next event is mostly for the same one. The rest goes, so that
        # a second enter does not send it a second time.
        user = draft.user if draft is not None else ""
        self._lines = ""
        self._filled = Draft("", user, "")
        self.put(self._filled)
        self.offers_why = not sent.woke and sent.seq is not None
        said = sent.said
        if self.offers_why and self.has_focus_within and any(name.startswith("w") for name in self._known):
            self.offers_why, said = False, said.replace("· w why", "· esc w why")
        self.offers_failed = sent.failure is not None
        if sent.failure is not None:
            # The whole of it stands above the keys, where there is room for it.
            self.say(f"{glyphs().failed} sent, and the journey failed", "error")
        else:
            self.say(said, "success" if sent.woke else "muted")
        if self.has_focus_within and self.origin is None:
            focus_first(self)
        last = found[-1]
        self.post_message(EventSent(last.name, last.user, sent.said, sent.seq, sent.woke, sent.failure))
        if draft is not None and self.history.remember(draft):
            await asyncio.to_thread(self.history.write, draft)
            if self.history.problem:
                self.say(self.history.problem, "error")
        self._place = len(self.history.drafts)


def _fields(draft: Draft) -> dict[str, str]:
    return {"event": draft.event, "user": draft.user, "data": draft.data}


def focus_first(inject: Inject) -> None:
    """Put the cursor into the first field."""
    try:
        inject.query_one("#event", Input).focus()
    except NoMatches:
        return
