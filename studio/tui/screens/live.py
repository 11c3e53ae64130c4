"""The live screen: who is where, what is waited for, what was said, and a form to poke events in."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from studio.engine.satisfy import satisfy
from studio.errors import StudioError
from studio.loader import short
from studio.store.records import Entry, UserRow, WaitRow
from studio.tui.desk import event_name, example_event
from studio.tui.editor import go, place_of
from studio.tui.messages import (
    EventRefused,
    EventSent,
    ReadFailed,
    StoreChanged,
    UserChosen,
    WelcomeWanted,
)
from studio.tui.pulse import Pulse, PulseQuestion, show_pulse
from studio.tui.reading import Asking, Question
from studio.tui.reloading import RELOAD_BINDING, LiveReload
from studio.tui.screens.live_acts import ACT_BINDINGS, LiveActs
from studio.tui.screens.live_record import LiveRecord
from studio.tui.screens.live_time import TIME_BINDINGS, LiveTime
from studio.tui.sent_history import SentHistory
from studio.tui.welcome import is_first_start, welcome_path, write_welcome
from studio.tui.widgets.clock_bar import ClockBar
from studio.tui.widgets.filter_bar import FilterBar
from studio.tui.widgets.header import Header
from studio.tui.widgets.hold_bar import HoldBar
from studio.tui.widgets.inject import Inject
from studio.tui.widgets.keys_bar import KeysBar
from studio.tui.widgets.log import LogList
from studio.tui.widgets.problem_bar import ProblemBar, told_shortly
from studio.tui.widgets.said_bar import SaidBar
from studio.tui.widgets.signs import signs
from studio.tui.widgets.tabs import PaneTabs
from studio.tui.widgets.timeline import EntryList, TimelinePane
from studio.tui.widgets.users_list import UsersList
from studio.tui.widgets.virtual_list import VirtualList
from studio.tui.widgets.waiting import WaitingList
from studio.tui.widgets.why import Subject, WhyPane

if TYPE_CHECKING:
    from studio.tui.app import StudioApp

NARROW, LOW = 100, 30
WIDE = 160
LEAST_WIDTH, LEAST_HEIGHT = 60, 16
TABBED = ("users", "timeline", "waiting", "log")


class LiveScreen(LiveTime, LiveActs, LiveReload, LiveRecord, Asking, Screen[None]):
    """The home of the studio."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "inject", "inject", id="inject"),
        *ACT_BINDINGS,
        *TIME_BINDINGS,
        Binding("E", "go_there", "editor at the problem", show=False, id="problem.go"),
        Binding("d", "designer", "designer", id="designer"),
        RELOAD_BINDING,
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
        Binding("escape", "step_out", "one step out", show=False, id="step_out"),
        Binding("q", "app.quit_now", "quit", id="quit"),
    ]

    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__(id="live")
        self.ready = False
        """Composed: it may be told things."""
        self._started = False
        self._user_by_hand = False
        self._tab = 1
        self._before_small: Widget | None = None
        """What had focus before there was no room for anything."""

    def compose(self) -> ComposeResult:
        yield Header()
        yield ClockBar()
        yield ProblemBar()
        yield HoldBar()
        yield PaneTabs()
        with Horizontal(id="panes"):
            yield UsersList()
            yield TimelinePane()
            yield WaitingList()
        with Horizontal(id="below"):
            yield LogList()
            yield WhyPane()
        yield Inject()
        yield SaidBar()
        yield KeysBar()
        yield FilterBar()
        yield Static(f"at least {LEAST_WIDTH}×{LEAST_HEIGHT}", id="too-small", markup=False)

    @property
    def studio(self) -> StudioApp:
        """The app."""
        return cast("StudioApp", self.app)

    def on_mount(self) -> None:
        """Start with the pane that shows most."""
        # Kept: the timer also ticks while the screen is being taken down.
        find = self.query_one
        self.panes = (find(UsersList), find(TimelinePane), find(WaitingList), find(LogList))
        self.ticking = (find(ClockBar), find(Header), find(WhyPane))
        self.lists = list(self.query(VirtualList))
        self._lay_out(self.app.size.width, self.app.size.height)
        if (name := self.studio.memory.text("maximised")) in TABBED:
            self._maximise(self.query_one(f"#{name}"))
        else:
            name = self.studio.memory.text("pane")
        self.action_pane(TABBED.index(name) + 1 if name in TABBED else 1)
        self.ready = True
        if self.studio.desk is not None:
            self.show_store()

    # -- what is shown -------------------------------------------------------------------------------

    def question(self) -> Question:
        desk = self.studio.desk
        return PulseQuestion(alone=desk is not None and desk.viewer_of == 0)

    def show_answer(self, answer: Pulse) -> None:
        totals, desk = answer.totals, self.studio.desk
        if desk is None or not self.query(Header):
            # The last answer may come while the screen is being taken down.
            return
        trouble = desk.trouble()
        alone = desk.viewer_of == 0
        show_pulse(self, desk, answer)
        first = is_first_start(desk.workflows, desk.problems) and not totals.users
        self.query_one(ProblemBar).show(
            ([trouble.why] if trouble else []) + [told_shortly(each) for each in desk.problems if not first],
            place_of(desk.problems),
        )
        self._offer_welcome(first)
        self.query_one(WaitingList).set_total(totals.waits)
        users = self.query_one(UsersList)
        users.total = totals.users
        tabs = self.query_one(PaneTabs)
        tabs.users, tabs.waits, tabs.failed = totals.users, totals.waits, totals.failed
        tabs.user = self.query_one(TimelinePane).user
        tabs.update_line()
        if not self._started and (totals.events or alone or not answer.inbox):
            # With events in the inbox it is no first start: an engine takes them in just now.
            self._started = True
            if not totals.events:
                self._offer_example()

    def _offer_example(self) -> None:
        desk = self.studio.desk
        inject = self.query_one(Inject)
        if desk is None or not inject.untouched:
            return
        if desk.read_only or (example := example_event(desk.workflows)) is None:
            return
        inject.fill(*example, "⏎ sends this example")
        self.action_inject()

    def _offer_welcome(self, first: bool) -> None:
        if first and self.studio.mode == "run" and self.studio.desk_is_ours:
            file = short(welcome_path(self.studio.workflows))
        else:
            file = None
        quiet = self.studio.desk is not None and self.studio.desk.read_only
        self.query_one(UsersList).offer_welcome(first, file, sends=not quiet)

    @on(WelcomeWanted)
    def write_welcome(self) -> None:
        """Write the first workflow, and start with it."""
        try:
            path = write_welcome(self.studio.workflows)
        except StudioError as error:
            self.studio.tell(str(error))
            return
        self.query_one(Inject).say(f"wrote {short(path)}", "success")
        self.studio.reopen()

    def show_store(self) -> None:
        """The store is open: ask everything."""
        self._started = False
        desk = self.studio.desk
        if desk is not None:
            header = self.query_one(Header)
            header.store, header.workflows = desk.path, sorted(desk.workflows)
            self.query_one(Inject).open_history(SentHistory(self.studio.sent_path()))
            self.query_one(EntryList).recall_unfolded(desk.path)
        self.ask_all()

    def ask_all(self) -> None:
        """Ask all panes that are on the screen."""
        self.ask()
        self.query_one(HoldBar).ask()
        self.query_one(WhyPane).ask()
        for pane in self.panes:
            if pane.display:
                pane.ask()

    @on(StoreChanged)
    def follow_store(self) -> None:
        """Something was committed."""
        if self.studio.shown is not self:  # one that comes back asks anew, one that goes has lost its panes
            return
        self.follow_newest()
        self.ask_all()

    def tick(self, now: int) -> None:
        """Time has passed."""
        for bar in self.ticking:
            bar.tick(now)
        for pane in self.panes:
            if pane.display:
                pane.tick(now)
        if not self._user_by_hand:
            self._choose_first()

    def _choose_first(self) -> None:
        users, timeline, *_ = self.panes
        if users.rows and timeline.user is None:
            self.choose(users.rows[0].id)

    @on(ReadFailed)
    def show_read_failure(self, message: ReadFailed) -> None:
        """A question to the store failed."""
        self.query_one(ProblemBar).show([message.why])

    # -- the selection: one thing that all panes follow --------------------------------------------------

    def choose(self, user: str, seq: int | None = None) -> None:
        """All panes follow this user from now on."""
        self.query_one(TimelinePane).choose(user, seq)
        users = self.query_one(UsersList)
        if not users.has_focus:
            users.point_at(user)
        self.query_one(LogList).follow_user(user)
        tabs = self.query_one(PaneTabs)
        tabs.user = user
        tabs.update_line()

    @on(UserChosen)
    def follow_user(self, message: UserChosen) -> None:
        """Someone was chosen elsewhere."""
        self._user_by_hand = True
        self.choose(message.user, message.seq)
        self.follow_subject(Subject(message.seq, message.user))

    @on(VirtualList.Moved)
    def follow_cursor(self, message: VirtualList.Moved) -> None:
        """The cursor of a list says who is looked at."""
        self.unexplained = None
        match message.row:
            case UserRow(id=user):
                self.follow_user(UserChosen(user))
            case WaitRow(user=user, seq=seq):
                self.follow_user(UserChosen(user, seq))
            case Entry(user=str(user), seq=seq) if isinstance(message.list, LogList):
                self.follow_user(UserChosen(user, seq))
            case Entry(seq=seq):
                self.follow_subject(Subject(seq))

    @on(VirtualList.Opened)
    def open_row(self, message: VirtualList.Opened) -> None:
        """Enter on a row."""
        match message.row:
            case WaitRow(kind="step", seq=seq) if self.query_one(HoldBar).is_held(seq):
                self.answer_held_step(seq)
            case WaitRow() as wait:
                self._answer(wait, message.gone)
            case UserRow(id=user):
                self.follow_user(UserChosen(user))
                self.action_pane(2)
            case Entry() as entry:
                from studio.tui.screens.entry import EntryScreen

                self.app.push_screen(EntryScreen(entry))

    def _answer(self, wait: WaitRow, gone: bool) -> None:
        inject = self.query_one(Inject)
        if gone:
            return
        if wait.kind != "wait" or not wait.name:
            inject.say(f"a {wait.kind} takes no event", "muted")
            return
        self.follow_user(UserChosen(wait.user, wait.seq))
        inject.fill(
            event_name(wait.name),
            wait.user,
            satisfy(wait.match),
            f"{signs().completed} answers {wait.user} ⏎",
            origin=self.query_one(WaitingList),
        )
        inject.query_one("#event", Input).focus()

    @on(EventSent)
    def follow_event(self, message: EventSent) -> None:
        """Look at whom it went to; go back to where it was asked for."""
        self.follow_user(UserChosen(message.user, message.seq))
        inject = self.query_one(Inject)
        origin, inject.origin = inject.origin, None
        self.unexplained = None if message.woke else message.seq
        if origin is not None:
            origin.focus()
        self.ask_all()

    @on(EventRefused)
    def stay_at_refusal(self) -> None:
        """The reason stands in the form."""

    # -- focus ----------------------------------------------------------------------------------------------

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Freeze the list that is worked with, and the one that Inject was filled from."""
        self._hold_lists()
        self.follow_focus()
        for name in TABBED:
            if event.widget.id == name or (name == "timeline" and isinstance(event.widget, EntryList)):
                self._show_tab(TABBED.index(name) + 1)
                if self.has_class("-max"):
                    self._maximise(self.query_one(f"#{name}"))

    def _hold_lists(self) -> None:
        inject = self.query_one(Inject)
        typing = inject.has_focus_within
        for each in self.lists:
            each.hold(each.has_focus or (typing and inject.origin is each))
        if not typing:
            inject.origin = None

    def action_inject(self) -> None:
        """Go to the form."""
        self.query_one("#event", Input).focus()

    def action_go_there(self) -> None:
        """Open the editor at the file that does not load."""
        place = self.query_one(ProblemBar).place
        if place is None:
            self._say_time("every workflow file loads: there is nowhere to go", "muted")
            return
        try:
            self._say_time(go(self.app, place), "muted")
        except StudioError as error:
            self._say_time(str(error), "error")

    def action_designer(self) -> None:
        """Look at the workflows: their maps, sources and paths."""
        from studio.tui.screens.designer import DesignerScreen

        row = self.selected
        found = row.workflow if row is not None else None
        self.app.push_screen(DesignerScreen(found, self.query_one(TimelinePane).user))

    def on_screen_resume(self) -> None:
        """Back from another screen: much may have happened."""
        if self.ready and self.studio.desk is not None:
            self.ask_all()

    def action_next_failed(self) -> None:
        """Look at the next user with a failed journey."""
        self.query_one(UsersList).go_to_failed()

    def action_leave_inject(self) -> None:
        """Back to where one came from."""
        inject = self.query_one(Inject)
        target = inject.origin or self._pane_target(self._tab)
        inject.origin = None
        target.focus()

    def _pane_target(self, number: int) -> Widget:
        match number:
            case 1:
                return self.query_one(UsersList)
            case 2:
                return self.query_one(EntryList)
            case 3:
                return self.query_one(WaitingList)
            case 4:
                return self.query_one(LogList)
            case _:
                return self.query_one("#event", Input)

    def action_pane(self, number: int) -> None:
        """Go to a pane by its number."""
        if number <= len(TABBED):
            self._show_tab(number)
            if self.has_class("-max"):
                self._maximise(self.query_one(f"#{TABBED[number - 1]}"))
        self._pane_target(number).focus()

    def action_step_pane(self, by: int) -> None:
        """Round the panes, and through the fields of Inject."""
        stops: list[Widget] = [self._pane_target(number) for number in (1, 2, 3, 4)]
        stops += [self.query_one(f"#{name}", Input) for name in ("event", "user", "data")]
        focused = self.focused
        at = stops.index(focused) if focused in stops else -1
        target = stops[(at + by) % len(stops)]
        number = stops.index(target) + 1
        if number <= len(TABBED):
            self.action_pane(number)
        else:
            target.focus()

    def action_step_out(self) -> None:
        """One step: the filter, then the maximised pane."""
        focused = self.focused
        if isinstance(focused, WhyPane):
            self._pane_target(self._tab).focus()
        elif isinstance(focused, UsersList | EntryList | WaitingList | LogList) and focused.filter_text:
            focused.set_filter("")
        elif self.has_class("-max"):
            self.action_maximise()

    # -- layout ---------------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Three layouts; what is looked at stays."""
        self._lay_out(event.size.width, event.size.height)

    def _lay_out(self, width: int, height: int) -> None:
        tabbed = width < NARROW or height < LOW
        small = width < LEAST_WIDTH or height < LEAST_HEIGHT
        if small and not self.has_class("-too-small"):
            self._before_small = self.focused
        elif not small and self.has_class("-too-small"):
            # What is not shown has no focus.
            self.call_after_refresh(self._focus_again)
        self.set_class(small, "-too-small")
        self.set_class(tabbed, "-tabbed")
        self.set_class(not tabbed and width >= WIDE, "-wide")
        self.set_class(not tabbed and height >= 50, "-high")
        self._show_tab(self._tab)

    def _focus_again(self) -> None:
        if self.focused is None:
            (self._before_small or self._pane_target(self._tab)).focus()

    def _show_tab(self, number: int) -> None:
        self._tab = number
        self.studio.memory.note("pane", TABBED[number - 1], TABBED[0])
        tabs = self.query_one(PaneTabs)
        tabs.current = number
        tabs.update_line()
        tabbed = self.has_class("-tabbed")
        maximised = self.has_class("-max")
        shown = []
        for at, name in enumerate(TABBED, 1):
            pane = self.query_one(f"#{name}")
            visible = at == number if tabbed else not maximised or pane.has_class("-maximised")
            visible = visible and not self.has_class("-too-small")
            if visible and not pane.display:
                shown.append(pane)
            pane.display = visible
        self.query_one("#panes").display = any(self.query_one(f"#{name}").display for name in TABBED[:3])
        self.query_one(WhyPane).display = self.has_class("-wide") and not maximised
        self.query_one("#below").display = self.query_one("#log").display
        for pane in shown:
            if isinstance(pane, Asking):
                pane.ask()

    def action_maximise(self) -> None:
        """Give one pane all the room, or give it back."""
        if self.has_class("-max"):
            self.remove_class("-max")
            for pane in self.query(".pane"):
                pane.remove_class("-maximised")
            self._show_tab(self._tab)
            self.studio.memory.remember("maximised", "")
        else:
            self._maximise(self.query_one(f"#{TABBED[self._tab - 1]}"))

    def _maximise(self, pane: Widget) -> None:
        self.add_class("-max")
        for each in self.query(".pane"):
            each.set_class(each is pane, "-maximised")
        self._show_tab(self._tab)
        self.studio.memory.remember("maximised", pane.id or "")

    # -- filter ---------------------------------------------------------------------------------------------

    def start_filter(self) -> None:
        """Type a filter for the focused list."""
        focused = self.focused
        if isinstance(focused, UsersList | EntryList | WaitingList | LogList):
            self.query_one(FilterBar).open_for(focused)
