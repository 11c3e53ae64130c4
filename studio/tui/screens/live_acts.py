"""What the keys of the live screen do with what is selected: send again, edit, copy, explain, act."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events, work
from textual.binding import Binding
from textual.screen import Screen

from studio.engine.satisfy import satisfy
from studio.engine.why import Proposal
from studio.errors import StudioError
from studio.store.records import Entry, UserRow, WaitRow
from studio.tui.acting import ActAnswer, ActQuestion, Chosen
from studio.tui.desk import event_name
from studio.tui.drafts import Draft
from studio.tui.send_command import send_command
from studio.tui.widgets.inject import Inject, focus_first
from studio.tui.widgets.json_fault import JsonFault, read_data
from studio.tui.widgets.signs import signs
from studio.tui.widgets.text import size
from studio.tui.widgets.virtual_list import VirtualList
from studio.tui.widgets.waiting import WaitingList
from studio.tui.widgets.why import Subject, WhyPane, WhyScreen

if TYPE_CHECKING:
    from studio.tui.app import StudioApp

MOST_LINE_BYTES = 64 * 1024
"""Bigger data is not edited on one line."""
MOST_COPY_BYTES = 512 * 1024
"""What is longer, terminals do not take."""
DONE = {"cancel": "cancelled", "resume": "resumed", "restart": "restarted", "time_out": "timed out"}

ACT_BINDINGS = [
    Binding("w", "why", "why", id="why"),
    Binding("a", "act", "act…", id="act"),
    Binding("e", "edit_again", "edit and send again", show=False, id="edit_again"),
    Binding("full_stop", "send_again", "send the last again", key_display=".", show=False, id="send_again"),
    Binding("v", "inspect", "inspect", show=False, id="inspect"),
    Binding("K", "save_test", "save as test", show=False, id="save_test"),
    Binding("Y", "copy_command", "copy as command", show=False, id="copy_command"),
    Binding("6", "why_pane", "why", show=False, id="pane.why"),
]

_Selected = UserRow | WaitRow | Entry | None


class LiveActs:
    """A part of `LiveScreen`."""

    unexplained: int | None = None
    """`seq` of an event that was just sent and woke nothing; `w` means it until the cursor moves."""

    @property
    def _screen(self) -> Screen[None]:
        return cast("Screen[None]", self)

    @property
    def _studio(self) -> StudioApp:
        return cast("StudioApp", self._screen.app)

    @property
    def _inject(self) -> Inject:
        return self._screen.query_one(Inject)

    @property
    def selected(self) -> _Selected:
        """The row under the cursor of the focused list; None in the form."""
        focused = self._screen.focused
        if isinstance(focused, VirtualList) and not isinstance(focused, WhyPane):
            row = focused.row
            return row if isinstance(row, UserRow | WaitRow | Entry) else None
        return None

    def _is_gone(self) -> bool:
        focused = self._screen.focused
        return isinstance(focused, VirtualList) and focused.is_gone(focused.cursor)

    def on_paste(self, event: events.Paste) -> None:
        """Events that are pasted over a list go to the form."""
        if self._inject.take_paste(event.text):
            event.stop()
            focus_first(self._inject)

    # -- send again, edit, copy ------------------------------------------------------------------

    def action_send_again(self) -> None:
        """Send the last one again."""
        self._inject.origin = None
        self._inject.send_again()

    def action_edit_again(self) -> None:
        """Open the form with the event under the cursor, or with what would answer the wait there."""
        match self.selected:
            case Entry(kind="event", seq=seq):
                self._edit(seq)
            case WaitRow() as wait if not self._is_gone():
                self._fill_answer(wait)
            case _:
                self._inject.say("e edits an event: choose one in the timeline", "muted")

    @work(group="edit", exclusive=True, exit_on_error=False)
    async def _edit(self, seq: int) -> None:
        found = await self._read_event(seq)
        if found is None:
            return
        event, data = found
        if len(str(data)) > MOST_LINE_BYTES:
            self._inject.say(f"its data has {size(len(str(data)))}: Y copies it as a command", "error")
            return
        self._inject.fill(event.name or "", event.user or "", data, "⏎ sends it again")
        focus_first(self._inject)

    async def _read_event(self, seq: int) -> tuple[Entry, dict[str, object]] | None:
        reader = self._studio.reader
        if reader is None:
            return None
        try:
            event = await reader.ask(lambda views: views.entry(seq))
        except StudioError as error:
            self._inject.say(str(error), "error")
            return None
        if event is None:
            self._inject.say("this event is no longer in the store", "error")
            return None
        return event, event.data if isinstance(event.data, dict) else {}

    def _fill_answer(self, wait: WaitRow) -> bool:
        inject = self._inject
        if wait.kind != "wait" or not wait.name:
            inject.say(f"a {wait.kind} takes no event", "muted")
            return False
        name, says = event_name(wait.name), f"{signs().completed} answers {wait.user} ⏎"
        # Sending goes back to the row, and until then its list stands still.
        origin = self._screen.focused if isinstance(self._screen.focused, WaitingList) else None
        inject.fill(name, wait.user, satisfy(wait.match), says, origin)
        focus_first(inject)
        return True

    def action_copy_command(self) -> None:
        """Copy the event under the cursor, or what answers the wait there, as a command for the shell."""
        match self.selected:
            case Entry(kind="event", seq=seq):
                self._copy_event(seq)
            case WaitRow(kind="wait", name=str(name)) as wait:
                self._copy(event_name(name), wait.user, satisfy(wait.match))
            case _:
                self._copy_draft(self._inject.draft)

    def _copy_draft(self, draft: Draft) -> None:
        if not draft.event.strip() or not draft.user.strip():
            self._inject.say("Y copies an event: choose one in the timeline", "muted")
            return
        try:
            self._copy(draft.event.strip(), draft.user.strip(), read_data(draft.data))
        except JsonFault as fault:
            self._inject.say(fault.why, "error")

    @work(group="copy", exclusive=True, exit_on_error=False)
    async def _copy_event(self, seq: int) -> None:
        found = await self._read_event(seq)
        if found is not None:
            self._copy(found[0].name or "", found[0].user or "", found[1])

    def _copy(self, event: str, user: str, data: dict[str, object]) -> None:
        desk = self._studio.desk
        if desk is None:
            return
        command = send_command(event, user, data, desk.path)
        if len(command) > MOST_COPY_BYTES:
            self._inject.say(f"the command has {size(len(command))}: too long for a terminal", "error")
            return
        self._studio.copy_to_clipboard(command)
        self._inject.say("copied as a journey-studio send command", "success")

    # -- why ---------------------------------------------------------------------------------------

    def subject(self) -> Subject | None:
        """What `w` explains."""
        if self.unexplained is not None:
            return Subject(self.unexplained)
        match self.selected:
            case Entry(seq=seq) | WaitRow(seq=seq):
                return Subject(seq)
            case UserRow(id=user):
                return Subject(None, user)
            case _:
                return None

    def action_why(self) -> None:
        """Explain what is selected: in its pane, or over the screen."""
        pane = self._screen.query_one(WhyPane)
        subject = self.subject() or pane.subject
        if subject is None:
            self._inject.say("w explains an event or a wait: choose one", "muted")
        elif pane.display:
            pane.follow(subject)
            pane.focus()
        else:
            self._studio.push_screen(WhyScreen(subject), self._take_proposal)

    def action_why_pane(self) -> None:
        """Go to the pane, or show it over the screen."""
        pane = self._screen.query_one(WhyPane)
        if pane.display:
            pane.focus()
        else:
            self.action_why()

    def follow_subject(self, subject: Subject) -> None:
        """The pane follows what is selected."""
        self._screen.query_one(WhyPane).follow(subject)

    def follow_focus(self) -> None:
        """The pane follows the cursor of the list that has focus now."""
        subject = self.subject()
        if subject is not None:
            self.follow_subject(subject)

    def follow_newest(self) -> None:
        """The pane follows a list that shows what is new."""
        focused = self._screen.focused
        if isinstance(focused, VirtualList) and focused.follows and focused.following:
            subject = self.subject()
            if subject is not None:
                self._screen.query_one(WhyPane).drift(subject)

    def on_why_pane_mend(self, message: WhyPane.Mend) -> None:
        """The event that would have done it is wanted."""
        self._take_proposal(message.proposal)

    def _take_proposal(self, proposal: Proposal | None) -> None:
        if proposal is not None:
            self._inject.fill(proposal.event, proposal.user, proposal.data, "mended · ⏎ sends it")
            focus_first(self._inject)

    # -- inspect -----------------------------------------------------------------------------------

    def action_inspect(self) -> None:
        """Look inside the journey that is selected: as it stands, or as it stood at this entry."""
        match self.selected:
            case WaitRow(journey=journey, seq=seq):
                self._inspect(journey, seq if self._is_gone() else None)
            case Entry(journey=str(journey), seq=seq):
                self._inspect(journey, seq)
            case UserRow(id=user):
                self._inspect_user(user)
            case _:
                self._inject.say("v looks inside a journey: choose a user or a wait", "muted")

    def _inspect(self, journey: str, seq: int | None = None) -> None:
        from studio.tui.screens.inspect import InspectScreen

        self._studio.push_screen(InspectScreen(journey, seq))

    @work(group="inspect", exclusive=True, exit_on_error=False)
    async def _inspect_user(self, user: str) -> None:
        found = await self._read_acts(ActQuestion(user))
        if found is not None:
            self._inspect(found.journeys[found.at].row.id)

    # -- acts --------------------------------------------------------------------------------------

    def action_act(self) -> None:
        """What can be done to the journey that is selected."""
        match self.selected:
            case WaitRow() if self._is_gone():
                self._inject.say("this wait is over", "muted")
            case WaitRow(user=user, journey=journey, seq=seq):
                self._offer_acts(ActQuestion(user, journey, seq))
            case Entry(user=str(user), journey=journey):
                self._offer_acts(ActQuestion(user, journey))
            case UserRow(id=user):
                self._offer_acts(ActQuestion(user))
            case _:
                self._inject.say("a acts on a journey: choose a user, a wait or an entry", "muted")

    @work(group="act", exclusive=True, exit_on_error=False)
    async def _offer_acts(self, question: ActQuestion) -> None:
        from studio.tui.screens.act import ActScreen

        answer = await self._read_acts(question)
        if answer is not None:
            self._studio.push_screen(ActScreen(answer), self._take_choice)

    async def _read_acts(self, question: ActQuestion) -> ActAnswer | None:
        """The journeys of a user; None when there are none, which is said."""
        reader = self._studio.reader
        if reader is None:
            return None
        try:
            answer: ActAnswer = await reader.ask(question.read)
        except StudioError as error:
            self._inject.say(str(error), "error")
            return None
        if not answer.journeys:
            self._inject.say(f"{question.user} has no journey", "muted")
            return None
        return answer

    def _take_choice(self, chosen: Chosen | None) -> None:
        if chosen is None:
            return
        if chosen.act == "answer":
            if chosen.wait is not None:
                self._fill_answer(chosen.wait)
        else:
            self._do(chosen)

    @work(group="act", exit_on_error=False)
    async def _do(self, chosen: Chosen) -> None:
        desk = self._studio.desk
        if desk is None:
            return
        wait = chosen.wait.seq if chosen.act == "time_out" and chosen.wait is not None else None
        try:
            await desk.act(chosen.act, chosen.journey if wait is None else wait)
        except StudioError as error:
            self._inject.say(str(error), "error")
            return
        what = f"{chosen.wait.name or chosen.wait.kind} of " if wait is not None and chosen.wait else ""
        self._inject.say(f"{DONE[chosen.act]} {what}{chosen.journey}", "success")
