"""`C`: the charts of a workflow, and its store's workflows side by side."""

from __future__ import annotations

import contextlib
from typing import Any, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.widgets import Static

from studio.engine.client import EngineClient
from studio.errors import StudioError
from studio.reports import words
from studio.reports.funnel import NodeCounts
from studio.reports.progress import INSIDE, LEFT, MATCHED, MISSED
from studio.store.records import WaitRow
from studio.store.view_charts import WorkflowCounts
from studio.tui.format.glyphs import glyphs
from studio.tui.screens.bars import BarsState
from studio.tui.screens.copying import COPY_BINDING
from studio.tui.screens.main_screen import (
    LEAST_HEIGHT,
    LEAST_WIDTH,
    LEAVE_PAST_BINDING,
    LOW,
    NARROW,
    STEP_BINDINGS,
    MainScreen,
    shown_on,
)
from studio.tui.screens.people import Listed, PeopleScreen
from studio.tui.session.chart_reading import MOST_PEOPLE, ChartSpan, DeadlineReading
from studio.tui.session.command_lines import CommandPlace, Looked
from studio.tui.session.funnel_reading import FunnelPerson, FunnelReading
from studio.tui.session.messages import GoToUser, ReadFailed, StoreChanged
from studio.tui.session.reader import Reader, ReaderClosed
from studio.tui.widgets.ahead_pane import AheadPane
from studio.tui.widgets.clock_bar import ClockBar
from studio.tui.widgets.funnel_pane import FunnelPane
from studio.tui.widgets.header import Header
from studio.tui.widgets.keys_bar import KeysBar
from studio.tui.widgets.pace_pane import PacePane
from studio.tui.widgets.status_line import StatusLine
from studio.tui.widgets.tabs import Tabs
from studio.tui.widgets.time_pane import TimePane
from studio.tui.widgets.virtual_list import VirtualList
from studio.tui.widgets.waiting import wait_words
from studio.tui.widgets.workflows_table import WorkflowsTable
from studio.wording.times import day_clock

HIGH = 50
"""From this height on there is room for the hours of the week."""
PANES = ("funnel", "time", "ahead", "pace", "table")
LEFT_PANES, RIGHT_PANES = ("funnel", "pace"), ("time", "ahead", "table")


class ChartTabs(Tabs):
    """`1 Funnel cart   2 Time   3 Ahead   4 Pace   5 Workflows`."""

    def __init__(self) -> None:
        super().__init__()
        self.workflow = ""

    def notes(self) -> list[str]:
        return [f"1 Funnel {self.workflow}".rstrip(), "2 Time", "3 Ahead", "4 Pace", "5 Workflows"]


class ChartScreen(MainScreen):
    """Lies over the screen from which it was opened.

    Args:
        workflow: which one to show first, by its name; None for the first there is.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("C", "leave", "back", id="charts.leave"),
        COPY_BINDING,
        Binding("o", "next_workflow", "other workflow", id="charts.workflow"),
        *STEP_BINDINGS,
        LEAVE_PAST_BINDING,
        Binding("m", "maximise", "maximise", id="maximise"),
        *(
            Binding(str(number), f"pane({number})", name, show=False, id=f"charts.{name}")
            for number, name in enumerate(PANES, 1)
        ),
        Binding("tab", "step_pane(1)", "next pane", id="pane.next"),
        Binding("shift+tab", "step_pane(-1)", "pane before", show=False, id="pane.before"),
        Binding("escape", "step_out", "one step back", show=False, id="step_out"),
        Binding("q", "app.quit_now", "quit", id="quit"),
    ]

    AUTO_FOCUS = ""

    def __init__(self, workflow: str | None) -> None:
        super().__init__(id="charts")
        self.workflow = workflow
        self._reader: Reader | None = None
        self._reading: FunnelReading | None = None
        self._client: EngineClient | None = None
        self._tab = 1

    def compose(self) -> ComposeResult:
        yield Header()
        yield ClockBar()
        yield ChartTabs()
        with Horizontal(id="drawn"):
            with Container(id="drawn-left"):
                yield FunnelPane()
                yield PacePane()
            with Container(id="drawn-right"):
                yield TimePane()
                yield AheadPane()
                yield WorkflowsTable()
        yield StatusLine()
        yield KeysBar()
        yield Static(f"at least {LEAST_WIDTH}×{LEAST_HEIGHT}", id="too-small", markup=False)

    def on_mount(self) -> None:
        """Begin at the funnel."""
        self.panes: list[VirtualList[Any]] = [self.query_one(f"#{name}", VirtualList) for name in PANES]
        # Kept: the timer also ticks while the screen is being taken down.
        self._ticking = (self.query_one(ClockBar), self.query_one(Header))
        self._lay_out(self.app.size.width, self.app.size.height)
        self.panes[0].focus()
        self.ready = True
        self.show_store()

    def on_unmount(self) -> None:
        """End what is being read."""
        self._let_go()

    def _let_go(self) -> None:
        if self._reader is not None:
            self._reader.close(self._reading.let_go if self._reading is not None else None)
        self._reading = self._reader = self._client = None

    # -- what is shown -------------------------------------------------------------------------------

    def show_store(self) -> None:
        """Another store may be shown now."""
        client = self.session.client
        if client is None:
            return
        header = self.query_one(Header)
        header.store, header.workflows = client.path, sorted(client.workflows)
        self._let_go()
        self._client = client
        # A long history is read in a thread of its own: what all other panes ask does not wait for it.
        self._reader = self.query_one(FunnelPane).own_reader = self.session.another_reader()
        if self.workflow is None:
            self.workflow = min(client.workflows, default=None)
        self.show_workflow(self.workflow)
        self._ask_all()
        self.tick(self.session.shown_now())

    def show_workflow(self, name: str | None) -> None:
        """Draw the charts of a workflow."""
        self.workflow = name
        now = self.session.shown_now
        if self._reading is not None:
            self._forget(self._reading)
        source = None if self._client is None or name is None else self._client.workflows.get(name)
        self._reading = None if name is None else FunnelReading(name, now, source)
        self.query_one(FunnelPane).follow(self._reading)
        self.query_one(TimePane).show(None)
        self.query_one(PacePane).show(None, ())
        self.query_one(AheadPane).follow(None if name is None else DeadlineReading(name, now))
        table, tabs = self.query_one(WorkflowsTable), self.query_one(ChartTabs)
        table.shown = name
        if name is not None:
            table.point_at(name)
        table.forget_drawn()
        tabs.workflow = name or ""
        tabs.update_line()

    @work(group="forget", exit_on_error=False)
    async def _forget(self, reading: FunnelReading) -> None:
        if (reader := self._reader) is not None:
            with contextlib.suppress(ReaderClosed):
                await reader.ask(lambda views: reading.let_go())

    def show_state(self, client: EngineClient, bars: BarsState) -> None:
        """The bars say it all."""

    @on(StoreChanged)
    def follow_store(self) -> None:
        """Something was committed."""
        # What is happening meanwhile is no part of what was.
        if shown_on(self.app) is self and self.session.past is None:  # one that goes has lost its panes
            self._ask_all()

    def show_moment(self) -> None:
        super().show_moment()
        self._ask_all()

    def _ask_all(self) -> None:
        self.ask()
        # The time and what was sent come with the funnel.
        self.query_one(FunnelPane).ask()
        for kind in (AheadPane, PacePane, WorkflowsTable):
            if (pane := self.query_one(kind)).display:
                pane.ask()

    @on(FunnelPane.Counted)
    def follow_counts(self, message: FunnelPane.Counted) -> None:
        """The journeys were counted."""
        state, time = message.state, self.query_one(TimePane)
        if state.funnel is not time.funnel:
            time.show(state.funnel)
            self.query_one(PacePane).show(state.funnel, state.sends)

    def tick(self, now: int) -> None:
        """Time has passed."""
        for bar in self._ticking:
            bar.tick(now)
        for pane in self.panes:
            if pane.display:
                pane.tick(now)

    @property
    def tick_seconds(self) -> float:
        """In how many seconds what is seen may be another."""
        return self._ticking[0].tick_seconds

    @on(ReadFailed)
    def show_read_failure(self, message: ReadFailed) -> None:
        """A question to the store failed."""
        self.query_one(StatusLine).say(message.why, "error")

    # -- the people in a bar ---------------------------------------------------------------------------

    @on(VirtualList.Opened)
    def open_row(self, message: VirtualList.Opened) -> None:
        """Enter on a bar."""
        match message.row:
            case NodeCounts() as node:
                self._show_people_of(node)
            case ChartSpan() as span:
                self._show_waiting(span)
            case WorkflowCounts(name=name):
                self.show_workflow(name)
                self.action_pane(1)

    @work(group="people", exclusive=True, exit_on_error=False)
    async def _show_people_of(self, node: NodeCounts) -> None:
        reading, reader = self._reading, self._reader
        if reading is None or reader is None:
            return
        try:
            found = await reader.ask(lambda views: reading.people(views, node.key))
        except ReaderClosed:
            return
        except StudioError as error:
            self.query_one(StatusLine).say(str(error), "error")
            return
        people = [_listed(number, each, node) for number, each in enumerate(found)]
        self._ask_whom(f"{words.label(node)} · {node.entered:,}", people, node.entered)

    @work(group="people", exclusive=True, exit_on_error=False)
    async def _show_waiting(self, span: ChartSpan) -> None:
        reading, reader = self.query_one(AheadPane).reading, self.session.reader
        if reading is None or reader is None:
            return
        try:
            found = await reader.ask(lambda views: reading.people(views, span))
        except ReaderClosed:
            return
        except StudioError as error:
            self.query_one(StatusLine).say(str(error), "error")
            return
        people = [_waiting(number, each) for number, each in enumerate(found)]
        self._ask_whom(f"{span.name} · {span.waits:,}", people, span.waits)

    def _ask_whom(self, title: str, people: list[Listed], of: int) -> None:
        note = f"{len(people):,} of {of:,}" if len(people) >= MOST_PEOPLE else ""
        self.app.push_screen(PeopleScreen(title, people, note), self._go_to)

    def _go_to(self, person: Listed | None) -> None:
        if person is not None:
            self.app.post_message(GoToUser(person.user, person.seq))

    # -- keys ------------------------------------------------------------------------------------------

    async def looked_at(self, place: CommandPlace) -> Looked:
        focused, table = self.focused, self.query_one(WorkflowsTable)
        own, workflow = f"charts.{focused.id}" if focused is not None else "", self.workflow
        if table.has_focus:
            own, workflow = "charts", table.row.name if table.row is not None else None
        reading, due = self.session.clock_reading(), self.query_one(ClockBar).next
        return Looked(
            place,
            own=own,
            workflow=workflow,
            due_at=due.due_at if due is not None else None,
            paused=reading.paused,
            speed=reading.speed,
        )

    def idle_keys(self) -> frozenset[str]:
        """The ids of the bindings that would do nothing now."""
        found = frozenset() if len(self._names()) > 1 else frozenset({"charts.workflow"})
        due = self.query_one(ClockBar).next
        return found if due is not None and due.due_at is not None else found | {"clock.next"}

    def _names(self) -> list[str]:
        ran = {row.name for row in self.query_one(WorkflowsTable).rows}
        return sorted(ran | set(self._client.workflows if self._client is not None else ()))

    def action_next_workflow(self) -> None:
        """The charts of the next workflow, by name."""
        names = self._names()
        if len(names) > 1:
            at = names.index(self.workflow) if self.workflow in names else -1
            self.show_workflow(names[(at + 1) % len(names)])

    def action_leave(self) -> None:
        """Back to where one was."""
        self.dismiss()

    def action_step_out(self) -> None:
        """One step: the maximised pane, then the charts."""
        if self.has_class("-max"):
            self.action_maximise()
        else:
            self.dismiss()

    # -- focus and layout --------------------------------------------------------------------------------

    def action_pane(self, number: int) -> None:
        """Go to a pane by its number."""
        self._show_tab(number)
        self.panes[number - 1].focus()

    def action_step_pane(self, by: int) -> None:
        """Round the panes."""
        at = self.panes.index(self.focused) if self.focused in self.panes else -1
        self.action_pane((at + by) % len(self.panes) + 1)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The pane that is worked with is the one that is seen."""
        if event.widget.id in PANES:
            self._show_tab(PANES.index(event.widget.id) + 1)

    def action_maximise(self) -> None:
        """Give one pane all the room, or give it back."""
        self.toggle_class("-max")
        self._show_tab(self._tab)

    def on_resize(self, event: events.Resize) -> None:
        """Two layouts; what is looked at stays."""
        self._lay_out(event.size.width, event.size.height)

    def _lay_out(self, width: int, height: int) -> None:
        self.set_class(width < LEAST_WIDTH or height < LEAST_HEIGHT, "-too-small")
        self.set_class(width < NARROW or height < LOW, "-tabbed")
        self.set_class(height >= HIGH, "-high")
        self._show_tab(self._tab)

    def _show_tab(self, number: int) -> None:
        self._tab = number
        tabs = self.query_one(ChartTabs)
        tabs.current = number
        tabs.update_line()
        alone = self.has_class("-tabbed") or self.has_class("-max")
        for at, pane in enumerate(self.panes, 1):
            shown = not alone or at == number
            if shown and not pane.display and isinstance(pane, AheadPane | PacePane | WorkflowsTable):
                self.call_after_refresh(pane.ask)
            pane.display = shown
        shown_id = PANES[number - 1]
        self.query_one("#drawn-left").display = not alone or shown_id in LEFT_PANES
        self.query_one("#drawn-right").display = not alone or shown_id in RIGHT_PANES


def _listed(number: int, person: FunnelPerson, node: NodeCounts) -> Listed:
    mark = glyphs()
    asleep = node.family == "sleep"
    sign, tone, what = {
        INSIDE: (mark.sleep, "secondary", "asleep") if asleep else (mark.wait, "warning", "waiting"),
        MATCHED: (mark.matched, "success", "went on"),
        MISSED: (mark.timeout, "muted", "timed out"),
    }.get(person.state, (mark.matched, "muted", "went on"))
    if person.state in LEFT:
        what = LEFT[person.state]
        sign, tone = (mark.failed, "error") if what == "failed" else (mark.stopped, "muted")
    told = f"{what}  entered {day_clock(person.entered_at)}"
    if what == "failed" and person.failure:
        told = f"{told}  {person.failure}"
    return Listed(number, person.user, sign, tone, told)


def _waiting(number: int, wait: WaitRow) -> Listed:
    mark = glyphs()
    sign, tone = (mark.sleep, "secondary") if wait.kind == "sleep" else (mark.wait, "warning")
    due = "no limit" if wait.due_at is None else f"until {day_clock(wait.due_at)}"
    return Listed(number, wait.user, sign, tone, f"{due}  {wait_words(wait)}", wait.seq)
