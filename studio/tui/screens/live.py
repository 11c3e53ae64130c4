"""The live screen: who is where, what is waited for, what was said, and a form to poke events in."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static

from studio.engine.client import EngineClient
from studio.store.records import Entry, UserRow, WaitRow
from studio.tui.screens.act_control import ACT_BINDINGS, ActControl
from studio.tui.screens.bars import BarsState
from studio.tui.screens.copy_control import CopyControl
from studio.tui.screens.layout_control import LayoutControl
from studio.tui.screens.main_screen import LEAST_HEIGHT, LEAST_WIDTH, MainScreen, shown_on
from studio.tui.screens.marked_control import MarkedControl
from studio.tui.screens.needs_control import CHARTS_BINDING, PROBLEM_BINDINGS, NeedsControl
from studio.tui.screens.past_control import PAST_BINDINGS, PastControl
from studio.tui.screens.record_control import RecordControl
from studio.tui.screens.refused_control import REFUSED_BINDING, RefusedControl
from studio.tui.screens.reload_control import RELOAD_BINDING, ReloadControl
from studio.tui.screens.start_control import StartControl
from studio.tui.screens.time_control import TIME_BINDINGS, TimeControl
from studio.tui.session.command_lines import CommandPlace, Looked
from studio.tui.session.marked import MarkedAct
from studio.tui.session.messages import (
    ActOnMarked,
    EventRefused,
    EventSent,
    FilesReloaded,
    LookedAtAnother,
    OpenCharts,
    OpenDesigner,
    ReadFailed,
    StoreChanged,
    UserChosen,
    WelcomeWanted,
)
from studio.tui.session.sent_history import SentHistory
from studio.tui.session.welcome import is_first_start
from studio.tui.widgets.approval_bar import ApprovalBar
from studio.tui.widgets.clock_bar import ClockBar
from studio.tui.widgets.filter_bar import FilterBar
from studio.tui.widgets.header import Header
from studio.tui.widgets.inject import Inject
from studio.tui.widgets.keys_bar import KeysBar
from studio.tui.widgets.log import LogList
from studio.tui.widgets.marking import Marking
from studio.tui.widgets.problem_bar import Problem, ProblemBar
from studio.tui.widgets.status_line import StatusLine
from studio.tui.widgets.tabs import PaneTabs
from studio.tui.widgets.timeline import EntryList, TimelinePane
from studio.tui.widgets.users_list import UsersList
from studio.tui.widgets.virtual_list import VirtualList
from studio.tui.widgets.waiting import WaitingList
from studio.tui.widgets.why import Subject, WhyPane


class LiveScreen(MainScreen):
    """The home of the studio."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "inject", "inject", id="inject"),
        *ACT_BINDINGS,
        *TIME_BINDINGS,
        *PAST_BINDINGS,
        *PROBLEM_BINDINGS,
        Binding("d", "designer", "designer", id="designer"),
        CHARTS_BINDING,
        RELOAD_BINDING,
        REFUSED_BINDING,
        Binding("m", "maximise", "maximise", id="maximise"),
        Binding("1", "pane(1)", "users", show=False, id="pane.users"),
        Binding("2", "pane(2)", "timeline", show=False, id="pane.timeline"),
        Binding("3", "pane(3)", "waiting", show=False, id="pane.waiting"),
        Binding("4", "pane(4)", "log", show=False, id="pane.log"),
        Binding("5", "pane(5)", "inject", show=False, id="pane.inject"),
        Binding("tab", "step_pane(1)", "next pane", id="pane.next"),
        Binding(
            "exclamation_mark", "next_failed", "next failed", key_display="!", show=False, id="failed.next"
        ),
        Binding("shift+tab", "step_pane(-1)", "pane or field before", show=False, id="pane.before"),
        Binding("escape", "step_out", "one step back", show=False, id="step_out"),
        Binding("q", "app.quit_now", "quit", id="quit"),
    ]

    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__(id="live")
        self.pane_layout = LayoutControl(self)
        self.acts = ActControl(self)
        self.copying = CopyControl(self, self.acts)
        self.marked = MarkedControl(self)
        self.time = TimeControl(self)
        self.past = PastControl(self, self.ask_all)
        self.record = RecordControl(self)
        self.refused = RefusedControl(self)
        self.reload = ReloadControl(self)
        self.problems = NeedsControl(self)
        self.start = StartControl(self)
        self._started = self._filming = False
        self._user_by_hand = False

    def compose(self) -> ComposeResult:
        yield Header()
        yield ClockBar(way_back="esc")
        yield ProblemBar()
        yield ApprovalBar()
        yield PaneTabs()
        with Horizontal(id="panes"):
            yield UsersList()
            yield TimelinePane()
            yield WaitingList()
        with Horizontal(id="below"):
            yield LogList()
            yield WhyPane()
        yield Inject()
        yield StatusLine()
        yield KeysBar()
        yield FilterBar()
        yield Static(f"at least {LEAST_WIDTH}×{LEAST_HEIGHT}", id="too-small", markup=False)

    def on_mount(self) -> None:
        """Start with the pane that shows most."""
        # Kept: the timer also ticks while the screen is being taken down.
        find = self.query_one
        self.panes = self.pane_layout.panes
        self.ticking = (find(ClockBar), find(Header), find(WhyPane))
        self.lists = list(self.query(VirtualList))
        self.pane_layout.lay_out(self.app.size.width, self.app.size.height)
        self.pane_layout.recall()
        self.ready = True
        if self.session.client is not None:
            self.show_store()

    # -- what is shown -------------------------------------------------------------------------------

    def show_state(self, client: EngineClient, bars: BarsState) -> None:
        totals, alone = bars.totals, client.viewer_of == 0
        first = is_first_start(client.workflows, client.problems) and not totals.users
        first = first and self.session.past is None
        self.problems.show(client, bars, first)
        if self.start.offer_welcome(first):
            # Whichever pane was left the last time: the key that this one names is to do what it says.
            self.pane_layout.go_to(1)
        self.query_one(Inject).say_what_for(client)
        self.query_one(WaitingList).set_total(totals.waiting)
        users = self.query_one(UsersList)
        users.total = totals.users
        tabs = self.query_one(PaneTabs)
        tabs.users, tabs.waits, tabs.failed = totals.users, totals.waiting, totals.failed
        tabs.user = self.query_one(TimelinePane).user
        tabs.update_line()
        if self.session.past is not None:
            # Before all it is no first start.
            return
        if not self._started and (totals.events or alone or not bars.inbox):
            # With events in the inbox it is no first start: an engine takes them in just now.
            self._started = True
            if not totals.events and self.start.offer_example():
                self.action_inject()

    @on(WelcomeWanted)
    def write_welcome(self) -> None:
        """Write the first workflow, and start with it."""
        self.start.write_welcome()

    def show_store(self) -> None:
        """The store is open: ask everything."""
        self._started = False
        client = self.session.client
        if client is not None:
            header = self.query_one(Header)
            header.store, header.workflows = client.path, sorted(client.workflows)
            self.query_one(Inject).open_history(SentHistory(self.session.sent_path))
            self.query_one(EntryList).recall_unfolded(client.path)
        self.ask_all()

    def ask_all(self) -> None:
        """Ask all panes that are on the screen."""
        self.ask()
        self.query_one(ApprovalBar).ask()
        self.query_one(WhyPane).ask()
        users, timeline, *_ = self.panes
        for pane in self.panes:
            # Where the list of users has no room, it still says whose timeline is shown first.
            if pane.display or (pane is users and timeline.user is None):
                pane.ask()

    @on(StoreChanged)
    def follow_store(self) -> None:
        """Something was committed."""
        if shown_on(self.app) is not self:  # one that comes back asks anew, one that goes has lost its panes
            return
        if self.session.past is not None:
            # What is happening meanwhile is no part of what was.
            return
        self.acts.follow_newest()
        self.ask_all()
        self.query_one(Inject).look_again()

    def tick(self, now: int) -> None:
        """Time has passed."""
        for bar in self.ticking:
            bar.tick(now)
        for pane in self.panes:
            if pane.display:
                pane.tick(now)
        if not self._user_by_hand:
            self._choose_first()

    @property
    def tick_seconds(self) -> float:
        """In how many seconds what is seen may be another."""
        clock, _, why = self.ticking
        panes = (pane.tick_seconds for pane in self.panes if pane.display)
        return min(clock.tick_seconds, why.tick_seconds, *panes)

    def _choose_first(self) -> None:
        users, timeline, *_ = self.panes
        if users.rows and timeline.user is None:
            self.choose(users.rows[0].id)

    @on(ReadFailed)
    def show_read_failure(self, message: ReadFailed) -> None:
        """A question to the store failed."""
        self.query_one(ProblemBar).show([Problem(message.why)])

    # -- the selection: one thing that all panes follow --------------------------------------------------

    def choose(self, user: str, seq: int | None = None) -> None:
        """All panes follow this user from now on."""
        self.query_one(TimelinePane).choose(user, seq)
        self.app.post_message(LookedAtAnother())
        users = self.query_one(UsersList)
        if not users.has_focus:
            users.point_at(user)
        self.query_one(LogList).follow_user(user)
        self.query_one(Inject).follow_user(user)
        tabs = self.query_one(PaneTabs)
        tabs.user = user
        tabs.update_line()

    def users_on_screen(self) -> tuple[str, ...]:
        """Who is looked at: the selected user first, then those in the list. For any thread."""
        chosen, shown = self.query_one(TimelinePane).user, list(self.query_one(UsersList).rows)
        return tuple(dict.fromkeys([*([chosen] if chosen else []), *(row.id for row in shown)]))

    @on(UserChosen)
    def follow_user(self, message: UserChosen) -> None:
        """Someone was chosen elsewhere."""
        self._user_by_hand = True
        self.choose(message.user, message.seq)
        self.acts.follow_subject(Subject(message.seq, message.user))

    @on(VirtualList.Moved)
    def follow_cursor(self, message: VirtualList.Moved) -> None:
        """The cursor of a list says who is looked at."""
        self.acts.unexplained = self.acts.failed_by = None
        match message.row:
            case UserRow(id=user):
                self.follow_user(UserChosen(user))
            case WaitRow(user=user, seq=seq):
                self.follow_user(UserChosen(user, seq))
            case Entry(user=str(user), seq=seq) if isinstance(message.list, LogList):
                self.follow_user(UserChosen(user, seq))
            case Entry(seq=seq):
                self.acts.follow_subject(Subject(seq))

    @on(VirtualList.Opened)
    def open_row(self, message: VirtualList.Opened) -> None:
        """Enter on a row."""
        match message.row:
            case WaitRow(kind="step", seq=seq) if self.query_one(ApprovalBar).is_held(seq):
                self.answer_held_step(seq)
            case WaitRow() as wait:
                if message.gone:
                    self.query_one(Inject).say("this wait has ended", "muted")
                else:
                    self.follow_user(UserChosen(wait.user, wait.seq))
                    self.acts.fill_answer(wait)
            case UserRow(id=user):
                self.follow_user(UserChosen(user))
                self.action_pane(2)
            case Entry() as entry:
                from studio.tui.screens.entry import EntryScreen

                self.app.push_screen(EntryScreen(entry))

    @on(EventSent)
    def follow_event(self, message: EventSent) -> None:
        """Look at what comes of it for whom it went to; go back to where it was asked for."""
        self.follow_user(UserChosen(message.user))
        self.acts.follow_subject(Subject(message.seq, message.user))
        self.query_one(TimelinePane).follow_newest()
        inject = self.query_one(Inject)
        origin, inject.origin = inject.origin, None
        self.acts.unexplained = None if message.woke else message.seq
        self.acts.failed_by = None
        if message.failure is not None:
            self.acts.tell_failure(message.failure, message.outcome)
        if origin is not None:
            origin.focus()
        self.ask_all()

    @on(EventRefused)
    def stay_at_refusal(self) -> None:
        """The reason stands in the form."""

    def idle_keys(self) -> frozenset[str]:
        """The ids of the bindings that would do nothing now."""
        users, timeline, *_ = self.panes
        found = self.acts.idle_keys()
        if not users.total and timeline.user is None:
            found |= {"act", "why", "pane.why", "inspect", "undo", "rewind", "fork", "save_test"}
        if not self.query_one(PaneTabs).failed:
            found |= {"failed.next"}
        due = self.query_one(ClockBar).next
        return found if due is not None and due.due_at is not None else found | {"clock.next"}

    # -- focus ----------------------------------------------------------------------------------------------

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Freeze the list that is worked with, and the one that Inject was filled from."""
        self._hold_lists()
        self.acts.follow_focus()
        self.pane_layout.follow_focus(event.widget)

    def _hold_lists(self) -> None:
        inject = self.query_one(Inject)
        typing = inject.has_focus_within
        for each in self.lists:
            # Of the past nothing is new, and each step is another list.
            now = self.session.past is None
            each.hold(now and (each.has_focus or (typing and inject.origin is each)))
        if not typing:
            inject.origin = None

    def action_inject(self) -> None:
        """Go to the form."""
        if not self.acts.refuses("cannot send events"):
            self.query_one("#event", Input).focus()

    def action_go_there(self) -> None:
        """Open the editor at the file that does not load."""
        self.problems.go_there()

    def action_needs(self) -> None:
        """Show what needs a person."""
        self.problems.show_needs()

    def action_designer(self) -> None:
        """Look at the workflows: their maps, sources and paths."""
        self.app.post_message(OpenDesigner(self.acts.workflow, self.query_one(TimelinePane).user))

    def action_charts(self) -> None:
        """Draw how the workflow does."""
        self.app.post_message(OpenCharts(self.acts.workflow))

    def on_screen_resume(self) -> None:
        """Back from another screen: much may have happened."""
        if self.ready and self.session.client is not None:
            self.ask_all()

    def action_next_failed(self) -> None:
        """Look at the journey that failed by what was just done, else at the next user with a failed one."""
        failure, self.acts.failed_by = self.acts.failed_by, None
        if failure is None:
            self.query_one(UsersList).go_to_failed()
        else:
            self.follow_user(UserChosen(failure.user, failure.seq))
            self.action_pane(2)

    def action_leave_inject(self) -> None:
        """Back to where one came from."""
        inject = self.query_one(Inject)
        target = inject.origin or self.pane_layout.target(self.pane_layout.tab)
        inject.origin = None
        target.focus()

    def action_pane(self, number: int) -> None:
        """Go to a pane by its number."""
        self.pane_layout.go_to(number)

    def action_step_pane(self, by: int) -> None:
        """Round the panes, and through the fields of the form."""
        self.pane_layout.step(by)

    def action_step_out(self) -> None:
        """Back from the past; else one step: the marks, then the filter, then the maximised pane."""
        focused = self.focused
        if self.past.leave():
            return
        if isinstance(focused, WhyPane):
            self.pane_layout.target(self.pane_layout.tab).focus()
        elif isinstance(focused, Marking) and focused.marks:
            focused.unmark()
        elif isinstance(focused, UsersList | EntryList | WaitingList | LogList) and focused.filter_text:
            focused.set_filter("")
        elif self.has_class("-max"):
            self.action_maximise()

    def action_maximise(self) -> None:
        """Give one pane all the room, or give it back."""
        self.pane_layout.toggle_maximised()

    def on_resize(self, event: events.Resize) -> None:
        """Three layouts; what is looked at stays."""
        self.pane_layout.lay_out(event.size.width, event.size.height)

    # -- filter ---------------------------------------------------------------------------------------------

    def start_filter(self) -> None:
        """Type a filter for the focused list."""
        focused = self.focused
        if isinstance(focused, UsersList | EntryList | WaitingList | LogList):
            self.query_one(FilterBar).open_for(focused)

    # -- as commands of a shell ----------------------------------------------------------------------------

    async def looked_at(self, place: CommandPlace) -> Looked:
        return await self.copying.looked_at(place)

    # -- what the parts do ----------------------------------------------------------------------------------

    def on_paste(self, event: events.Paste) -> None:
        """Events that are pasted over a list go to the form."""
        if self.acts.take_paste(event.text):
            event.stop()

    @on(WhyPane.Mend)
    def take_proposal(self, message: WhyPane.Mend) -> None:
        """The event that would have done it is wanted."""
        self.acts.take_proposal(message.proposal)

    @on(FilesReloaded)
    def tell_reload(self, message: FilesReloaded) -> None:
        """The workflows are others, or wait for a yes."""
        self.reload.tell(message)

    @on(ApprovalBar.Read)
    def show_held(self, message: ApprovalBar.Read) -> None:
        """Lists say which steps wait for a yes."""
        self.time.show_held(message.steps)

    def action_send_again(self) -> None:
        """Send the last event again."""
        self.acts.send_again()

    def action_edit_again(self) -> None:
        """Open the form with what is at the cursor."""
        self.acts.edit_again()

    def action_why(self) -> None:
        """Explain what is selected."""
        self.acts.why()

    def action_why_pane(self) -> None:
        """Go to the pane that explains."""
        self.acts.why_pane()

    def action_inspect(self) -> None:
        """Look inside the journey that is selected."""
        self.acts.inspect()

    def action_act(self) -> None:
        """What can be done to the journey that is selected, or to all that are marked."""
        if self.marked.marked_list() is None:
            self.acts.act()
        else:
            self.act_on_marked(None)

    @on(ActOnMarked)
    def take_marked(self, message: ActOnMarked) -> None:
        """One thing is to be done to all marked rows."""
        self.act_on_marked(message.act)

    @work(group="act", exit_on_error=True)
    async def act_on_marked(self, act: MarkedAct | None) -> None:
        """Do one thing to all marked rows."""
        await self.marked.offer(act)

    @work(group="record", exclusive=True, exit_on_error=True)
    async def action_save_test(self) -> None:
        """Save what came to the selected user as a test."""
        await self.record.save_test()

    @work(group="refused", exclusive=True, exit_on_error=True)
    async def action_refused_events(self) -> None:
        """Look after refused events."""
        await self.refused.look_after()

    @work(group="reload", exclusive=True, exit_on_error=True)
    async def action_reload(self) -> None:
        """Take in what was changed in the workflow files."""
        await self.reload.reload()

    @work(group="past", exclusive=True, exit_on_error=True)
    async def action_as_of_here(self) -> None:
        """Look at everything as of the entry at the cursor."""
        await self.past.here()

    @work(group="past-step", exit_on_error=True)
    async def step_past(self, by: int) -> None:
        """Look at the next cause of the past, or at the one before."""
        await self.past.step(by)

    @work(group="past", exclusive=True, exit_on_error=True)
    async def look_at(self, text: str) -> None:
        """Look at everything as of what a person names: an entry, or a time."""
        await self.past.go(lambda views: views.go_to(text))

    @work(group="film", exclusive=False, exit_on_error=True)
    async def follow_film(self) -> None:
        """Show what has happened by now."""
        if self._filming:
            return
        self._filming = True
        try:
            await self.past.follow_film()
        finally:
            self._filming = False

    @work(group="time", exclusive=True, exit_on_error=True)
    async def action_rewind(self) -> None:
        """Rewind to the entry at the timeline's cursor."""
        await self.time.rewind()

    @work(group="time", exclusive=True, exit_on_error=True)
    async def action_fork(self) -> None:
        """Copy the store up to the entry at the timeline's cursor."""
        await self.time.fork()

    @work(group="time", exclusive=True, exit_on_error=True)
    async def action_undo(self) -> None:
        """Undo the newest act."""
        await self.time.undo()

    @work(group="time", exclusive=True, exit_on_error=True)
    async def action_redo(self) -> None:
        """Bring back what was taken."""
        await self.time.redo()

    @work(group="time", exclusive=True, exit_on_error=True)
    async def action_stores(self) -> None:
        """Show the open stores and the snapshots."""
        await self.time.stores()

    def action_next_store(self) -> None:
        """Go to the next open store."""
        self.time.next_store()

    def action_held_steps(self) -> None:
        """Show the steps that wait for a yes."""
        self.answer_held_step(None)

    @work(group="time", exclusive=True, exit_on_error=True)
    async def answer_held_step(self, seq: int | None) -> None:
        """Ask about the steps that wait for a yes, this one first."""
        await self.time.answer_held_step(seq)
