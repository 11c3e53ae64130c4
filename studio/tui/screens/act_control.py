"""What the keys of the live screen do with what is selected: send again, edit, explain, act."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial

from textual.binding import Binding
from textual.worker import Worker

from studio.engine.inspect.explanation import Proposal
from studio.errors import StudioError
from studio.store.records import Entry, UserRow, WaitRow
from studio.store.views import Views
from studio.tui.format.glyphs import glyphs
from studio.tui.screens.control import Control
from studio.tui.screens.copying import COPY_BINDING
from studio.tui.screens.main_screen import MainScreen
from studio.tui.screens.why import WhyScreen
from studio.tui.session.acting import ActAnswer, ActQuestion, Chosen
from studio.tui.session.answering import Answer, AnswerQuestion
from studio.tui.session.outcomes import Failure, failure_of
from studio.tui.session.read_only import refusal
from studio.tui.widgets.inject import Inject, focus_first
from studio.tui.widgets.timeline import EntryList, TimelinePane
from studio.tui.widgets.virtual_list import VirtualList
from studio.tui.widgets.waiting import WaitingList
from studio.tui.widgets.why import Subject, WhyPane
from studio.wording.values import size

MOST_LINE_BYTES = 64 * 1024
"""Bigger data is not edited on one line."""
DONE = {"cancel": "cancelled", "resume": "resumed", "restart": "restarted", "time_out": "timed out"}

ACT_BINDINGS = [
    Binding("w", "why", "why", id="why"),
    Binding("a", "act", "act…", id="act"),
    Binding("e", "edit_again", "edit and send again", show=False, id="edit_again"),
    Binding("full_stop", "send_again", "send the last again", key_display=".", show=False, id="send_again"),
    Binding("v", "inspect", "inspect", show=False, id="inspect"),
    Binding("K", "save_test", "save as test", show=False, id="save_test"),
    COPY_BINDING,
    Binding("6", "why_pane", "why", show=False, id="pane.why"),
]

Work = Coroutine[None, None, None]
_Selected = UserRow | WaitRow | Entry | None


class ActControl(Control):
    """Does what the keys say with what is selected.

    Args:
        screen: the live screen.
    """

    def __init__(self, screen: MainScreen) -> None:
        super().__init__(screen)
        self.unexplained: int | None = None
        """`seq` of an event that was just sent and triggered nothing; `w` means it until the cursor moves."""
        self.failed_by: Failure | None = None
        """What was just done made a journey fail; `!` means it until the cursor moves."""

    def _run(self, begin: Callable[[], Work], group: str, *, exclusive: bool = True) -> Worker[None]:
        """Begin what takes time; exclusive: in the place of what the group has under way."""
        return self.screen.run_worker(begin, group=group, exclusive=exclusive, exit_on_error=False)

    @property
    def _inject(self) -> Inject:
        return self.screen.query_one(Inject)

    @property
    def selected(self) -> _Selected:
        """The row under the cursor of the focused list; None in the form."""
        focused = self.screen.focused
        if isinstance(focused, VirtualList) and not isinstance(focused, WhyPane):
            # A line of its data or traceback stands for the entry.
            row = focused.entry if isinstance(focused, EntryList) else focused.row
            return row if isinstance(row, UserRow | WaitRow | Entry) else None
        return None

    @property
    def workflow(self) -> str | None:
        """The workflow that is looked at."""
        row = self.selected
        # An event has none, and in the form nothing is selected: then that of the user who is looked at.
        found = row.workflow if row is not None else None
        return found or self.screen.query_one(TimelinePane).workflow

    def _is_gone(self) -> bool:
        focused = self.screen.focused
        return isinstance(focused, VirtualList) and focused.is_gone(focused.cursor)

    def refuses(self, what: str) -> bool:
        """Whether this studio only looks; then says that it does not do this, before anything is asked."""
        client = self.session.client
        if client is None or not client.read_only:
            return False
        self.say(str(refusal(what, client)), "error")
        return True

    def idle_keys(self) -> frozenset[str]:
        """The ids of the bindings of acts that would do nothing now."""
        inject, row = self._inject, self.selected
        found = frozenset() if inject.history.drafts else frozenset({"send_again"})
        event = isinstance(row, Entry) and row.kind == "event"
        if not event and (not isinstance(row, WaitRow) or self._is_gone()):
            found |= {"edit_again"}
        return found

    def take_paste(self, text: str) -> bool:
        """Events that are pasted over a list go to the form; False when they are none."""
        if not self._inject.take_paste(text):
            return False
        focus_first(self._inject)
        return True

    # -- send again, edit ------------------------------------------------------------------------

    def send_again(self) -> None:
        """Send the last one again."""
        if self.refuses("cannot send events"):
            return
        self._inject.origin = None
        self._inject.send_again()

    def edit_again(self) -> None:
        """Open the form with the event under the cursor, or with what would answer the wait there."""
        if self.refuses("cannot send events"):
            return
        match self.selected:
            case Entry(kind="event", seq=seq):
                self._run(partial(self._edit, seq), "edit")
            case WaitRow() as wait if not self._is_gone():
                self.fill_answer(wait)
            case _:
                self._inject.say("e edits an event: choose one in the timeline", "muted")

    async def _edit(self, seq: int) -> None:
        try:
            event, data = await self.read_event(seq)
        except StudioError as error:
            self._inject.say(str(error), "error")
            return
        if len(str(data)) > MOST_LINE_BYTES:
            self._inject.say(
                f"its data is {size(len(str(data)))}, too large for the form: Y copies it as a command",
                "error",
            )
            return
        self._inject.fill(event.name or "", event.user or "", data, "⏎ sends it again")
        focus_first(self._inject)

    async def read_event(self, seq: int) -> tuple[Entry, dict[str, object]]:
        """An event with its data.

        Raises:
            StudioError: it cannot be read, or is gone.
        """
        reader = self.session.reader
        event = await reader.ask(lambda views: views.entry(seq)) if reader is not None else None
        if event is None:
            raise StudioError("this event is no longer in the store")
        return event, event.data if isinstance(event.data, dict) else {}

    def fill_answer(self, wait: WaitRow) -> None:
        """Put into the form what would answer a wait, so that one more key sends it."""
        if self.refuses("cannot send events"):
            return
        inject = self._inject
        if not wait.answerable:
            what = (
                "none of these waits for an event"
                if wait.parts
                else f"a {wait.kind} does not wait for an event"
            )
            inject.say(what, "muted")
            return
        wait, *others = wait.answerable
        # Sending goes back to the row, and until then its list stands still.
        origin = self.screen.focused if isinstance(self.screen.focused, WaitingList) else None
        inject.await_fill(wait.name or "", wait.user, origin)
        focus_first(inject)
        self._run(partial(self._fill_with, wait, " · a: others" if others else ""), "answer")

    async def _fill_with(self, wait: WaitRow, more: str) -> None:
        inject = self._inject
        try:
            found = await self.read_answer(wait)
        except StudioError as error:
            inject.say(str(error), "error")
            inject.drop_awaited()
            return
        says = found.problem or f"answers {wait.user} ⏎{more}"
        inject.fill_awaited(found.event, found.user, found.data, f"{glyphs().completed} {says}")

    async def read_answer(self, wait: WaitRow) -> Answer:
        """What would answer a wait.

        Raises:
            StudioError: the store cannot be read.
        """
        client, reader = self.session.client, self.session.reader
        if client is None or reader is None:
            raise StudioError("the store is not open yet")
        answer: Answer = await reader.ask(AnswerQuestion(wait, client.workflows).read)
        return answer

    # -- why ---------------------------------------------------------------------------------------

    def subject(self) -> Subject | None:
        """What `w` explains."""
        if self.unexplained is not None:
            return Subject(self.unexplained)
        match self.selected:
            case WaitRow(answerable=(wait, *_)):
                return Subject(wait.seq)
            case Entry(seq=seq) | WaitRow(seq=seq):
                return Subject(seq)
            case UserRow(id=user):
                return Subject(None, user)
            case _:
                return None

    def why(self) -> None:
        """Explain what is selected: in its pane, or over the screen."""
        pane = self.screen.query_one(WhyPane)
        subject = self.subject() or pane.subject
        if subject is None:
            self._inject.say("w explains an event or a wait: choose one", "muted")
        elif pane.display:
            pane.follow(subject)
            pane.focus()
        else:
            self.screen.app.push_screen(WhyScreen(subject), self.take_proposal)

    def why_pane(self) -> None:
        """Go to the pane, or show it over the screen."""
        pane = self.screen.query_one(WhyPane)
        if pane.display:
            pane.focus()
        else:
            self.why()

    def follow_subject(self, subject: Subject) -> None:
        """The pane follows what is selected."""
        self.screen.query_one(WhyPane).follow(subject)

    def follow_focus(self) -> None:
        """The pane follows the cursor of the list that has focus now."""
        subject = self.subject()
        if subject is not None:
            self.follow_subject(subject)

    def follow_newest(self) -> None:
        """The pane follows a list that shows what is new."""
        focused = self.screen.focused
        if isinstance(focused, VirtualList) and focused.follows and focused.following:
            subject = self.subject()
            if subject is not None:
                self.screen.query_one(WhyPane).drift(subject)

    def take_proposal(self, proposal: Proposal | None) -> None:
        """The event that would have done it is wanted."""
        if proposal is None or self.refuses("cannot send events"):
            return
        if proposal.wait is not None:
            self._run(partial(self._answer_wait, proposal.user, proposal.wait), "answer-wait")
        else:
            self._inject.fill(proposal.event, proposal.user, proposal.data, "corrected · ⏎ sends it")
            focus_first(self._inject)

    async def _answer_wait(self, user: str, seq: int) -> None:
        """Fill the form for the open wait of this entry."""
        found = await self._read_acts(ActQuestion(user, wait=seq))
        waits = [wait for each in found.journeys for wait in each.waits] if found is not None else []
        wait = next((wait for wait in waits if wait.seq == seq), None)
        if wait is not None:
            self.fill_answer(wait)
        elif found is not None:
            self._inject.say("this wait has ended", "muted")

    # -- inspect -----------------------------------------------------------------------------------

    def inspect(self) -> None:
        """Look inside the journey that is selected: as it stands, or as it stood at this entry."""
        match self.selected:
            case WaitRow(journey=journey, seq=seq):
                self._inspect(journey, seq if self._is_gone() else None)
            case Entry(journey=str(journey), seq=seq):
                self._inspect(journey, seq)
            case UserRow(id=user):
                self._run(partial(self._inspect_user, user), "inspect")
            case _:
                self._inject.say("v looks inside a journey: choose a user or a wait", "muted")

    def _inspect(self, journey: str, seq: int | None = None) -> None:
        from studio.tui.screens.inspect import InspectScreen

        self.screen.app.push_screen(InspectScreen(journey, seq))

    async def _inspect_user(self, user: str) -> None:
        found = await self._read_acts(ActQuestion(user))
        if found is not None:
            self._inspect(found.journeys[found.at].row.id)

    # -- acts --------------------------------------------------------------------------------------

    def act(self) -> None:
        """What can be done to the journey that is selected."""
        if self.refuses("cannot act on journeys"):
            return
        match self.selected:
            case WaitRow() if self._is_gone():
                self._inject.say("this wait has ended", "muted")
            case WaitRow(user=user, journey=journey, seq=seq):
                self._run(partial(self._offer_acts, ActQuestion(user, journey, seq)), "act")
            case Entry(user=str(user), journey=journey):
                self._run(partial(self._offer_acts, ActQuestion(user, journey)), "act")
            case UserRow(id=user):
                self._run(partial(self._offer_acts, ActQuestion(user)), "act")
            case _:
                self._inject.say("a acts on a journey: choose a user, a wait or an entry", "muted")

    async def _offer_acts(self, question: ActQuestion) -> None:
        from studio.tui.screens.act import ActScreen

        answer = await self._read_acts(question)
        if answer is not None:
            self.screen.app.push_screen(ActScreen(answer), self._take_choice)

    async def _read_acts(self, question: ActQuestion) -> ActAnswer | None:
        """The journeys of a user; None when there are none, which is said."""
        reader = self.session.reader
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
                self.fill_answer(chosen.wait)
        else:
            self._run(partial(self._do, chosen), "act", exclusive=False)

    async def _do(self, chosen: Chosen) -> None:
        client = self.session.client
        if client is None:
            return
        wait = chosen.wait.seq if chosen.act == "time_out" and chosen.wait is not None else None
        try:
            await client.act(chosen.act, chosen.journey if wait is None else wait)
        except StudioError as error:
            self._inject.say(str(error), "error")
            return
        what = f"{chosen.wait.name or chosen.wait.kind} of " if wait is not None and chosen.wait else ""
        done = f"{DONE[chosen.act]} {what}{chosen.journey}"
        failure = None if chosen.act == "cancel" else await self._failure_of(chosen.journey)
        if failure is None:
            self._inject.say(done, "success")
        else:
            self.tell_failure(failure, f"{done}, and it failed: {failure.why}")

    async def _failure_of(self, journey: str) -> Failure | None:
        """How a journey has failed that something was done to; None when it has not, or nobody can tell."""
        reader = self.session.reader

        def read(views: Views) -> Entry | None:
            row = views.journey(journey)
            return views.failure(journey) if row is not None and row.status == "failed" else None

        try:
            entry = await reader.ask(read) if reader is not None else None
        except StudioError:
            # It was done. What cannot be read is told where it is looked for.
            return None
        return None if entry is None else failure_of(entry)

    def tell_failure(self, failure: Failure, said: str) -> None:
        """Say that something that was done made a journey fail; `!` goes there."""
        self.failed_by = failure
        self.say(f"{glyphs().failed} {said} · ! goes there", "error")
