"""The designer: a workflow as its map and its source, the paths through it, and who waits where."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.widgets import Static

from studio.design.outline.model import Node
from studio.engine.client import EngineClient
from studio.errors import StudioError
from studio.language.definition import Workflow
from studio.source.project import short
from studio.store.records import WaitRow
from studio.tui.screens.bars import BarsState
from studio.tui.screens.copying import COPY_BINDING
from studio.tui.screens.edit_control import EDIT_BINDINGS, EditControl
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
from studio.tui.screens.needs_control import CHARTS_BINDING, PROBLEM_BINDINGS, NeedsControl
from studio.tui.screens.reload_control import RELOAD_BINDING, ReloadControl
from studio.tui.session.command_lines import CommandPlace, Looked
from studio.tui.session.editor import CursorPlace
from studio.tui.session.messages import (
    FilesReloaded,
    GoToUser,
    OpenCharts,
    OpenPreview,
    ReadFailed,
    StoreChanged,
)
from studio.tui.session.workflow_view import WorkflowView, read_workflow_view, stamp_of, tested_stamp_of
from studio.tui.widgets.clock_bar import ClockBar
from studio.tui.widgets.explorer_pane import ExplorerPane, PathRow
from studio.tui.widgets.header import Header
from studio.tui.widgets.here_now import HereNow
from studio.tui.widgets.keys_bar import KeysBar
from studio.tui.widgets.map_pane import MapPane
from studio.tui.widgets.problem_bar import Problem, ProblemBar, in_file
from studio.tui.widgets.source_pane import Beside, SourcePane
from studio.tui.widgets.status_line import StatusLine
from studio.tui.widgets.tabs import Tabs
from studio.tui.widgets.virtual_list import VirtualList

WIDE = 180
"""From this width on the panes stand in three columns."""
ROOMY = 140
"""From this width on both sides of a wait stand beside each other on the map."""
FILE_SECONDS = 0.5
"""How often it is looked whether the file is another."""
TABBED = ("map", "source", "explorer", "here")


class DesignerTabs(Tabs):
    """`1 Map   2 Source   3 Explorer   4 Here now 21`."""

    def __init__(self) -> None:
        super().__init__()
        self.workflow = ""
        self.here = 0

    def notes(self) -> list[str]:
        return [
            f"1 Map {self.workflow}".rstrip(),
            "2 Source",
            "3 Explorer",
            f"4 Here now {self.here:,}" if self.here else "4 Here now",
        ]


class DesignerScreen(MainScreen):
    """Lies over the live screen.

    Args:
        workflow: which one to show first, by its name; None for the first there is.
        user: whose way is lit.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *EDIT_BINDINGS,
        Binding("d", "leave", "live", id="designer.leave"),
        *STEP_BINDINGS,
        LEAVE_PAST_BINDING,
        CHARTS_BINDING,
        COPY_BINDING,
        Binding("o", "choose_workflow", "other workflow", id="designer.workflow"),
        Binding("t", "try_it", "try it", id="designer.try"),
        Binding("v", "inspect", "inspect", id="designer.inspect"),
        Binding("e", "edit", "$EDITOR", id="designer.edit"),
        RELOAD_BINDING,
        *PROBLEM_BINDINGS,
        Binding("m", "maximise", "maximise", id="maximise"),
        Binding("1", "pane(1)", "map", show=False, id="designer.map"),
        Binding("2", "pane(2)", "source", show=False, id="designer.source"),
        Binding("3", "pane(3)", "explorer", show=False, id="designer.explorer"),
        Binding("4", "pane(4)", "here now", show=False, id="designer.here"),
        Binding("tab", "step_pane(1)", "next pane", id="pane.next"),
        Binding("shift+tab", "step_pane(-1)", "pane before", show=False, id="pane.before"),
        Binding("escape", "step_out", "one step back", show=False, id="step_out"),
        Binding("q", "app.quit_now", "quit", id="quit"),
    ]

    AUTO_FOCUS = ""

    def __init__(self, workflow: str | None, user: str | None) -> None:
        super().__init__(id="designer")
        self.edits = EditControl(self, self.read_again)
        self.reload = ReloadControl(self)
        self.problems = NeedsControl(self, self._look_at_file)
        self.user = user
        self.view: WorkflowView | None = None
        self._wanted = workflow
        self._shown: Workflow | None = None
        """What the view is of, or will be."""
        self._tab = 1
        self._looked_at = 0.0

    def compose(self) -> ComposeResult:
        yield Header()
        yield ClockBar()
        yield ProblemBar()
        yield DesignerTabs()
        with Horizontal(id="plan"):
            yield MapPane()
            with Container(id="beside"):
                yield SourcePane()
                with Container(id="side"):
                    yield ExplorerPane()
                    yield HereNow()
        yield StatusLine()
        yield KeysBar()
        yield Static(f"at least {LEAST_WIDTH}×{LEAST_HEIGHT}", id="too-small", markup=False)

    def on_mount(self) -> None:
        """Begin at the map."""
        self.panes: list[VirtualList[Any]] = [self.query_one(f"#{name}", VirtualList) for name in TABBED]
        # Kept: the timer also ticks while the screen is being taken down.
        self._ticking = (self.query_one(ClockBar), self.query_one(Header))
        self._lay_out(self.app.size.width, self.app.size.height)
        self.panes[0].focus()
        self.ready = True
        self.show_store()

    # -- what is shown -------------------------------------------------------------------------------

    def show_store(self) -> None:
        """Another store may be shown now."""
        client = self.session.client
        if client is not None:
            header = self.query_one(Header)
            header.store, header.workflows = client.path, sorted(client.workflows)
        self.follow_store()
        self.tick(self.session.shown_now())

    def show_state(self, client: EngineClient, bars: BarsState) -> None:
        self._show_problems()

    def _show_problems(self) -> None:
        client = self.session.client
        found = [in_file(each) for each in client.problems] if client is not None else []
        if self.view is not None and self.view.problem is not None:
            place = CursorPlace(Path(self.view.workflow.path).absolute(), self.view.problem.line)
            found = [Problem(str(self.view.problem), place), *found]
        self.query_one(ProblemBar).show(found)

    @on(StoreChanged)
    def follow_store(self) -> None:
        """Something was committed, or other code runs."""
        if shown_on(self.app) is not self:  # one that goes has lost its panes
            return
        self._ask_all()

    def show_moment(self) -> None:
        super().show_moment()
        self._ask_all()

    def _ask_all(self) -> None:
        self.ask()
        self._follow_code()
        self.query_one(MapPane).ask()
        self.query_one(HereNow).ask()

    def _follow_code(self) -> None:
        client = self.session.client
        workflows = client.workflows if client is not None else {}
        if self._wanted not in workflows:
            self._wanted = min(workflows, default=None)
        found = workflows[self._wanted] if self._wanted is not None else None
        if found is not self._shown or (found is None and self.view is not None):
            self._shown = found
            self.query_one(MapPane).more = len(workflows) - 1
            self._read()

    @on(FilesReloaded)
    def follow_files(self, message: FilesReloaded) -> None:
        """Other code runs, or waits for a yes."""
        self.follow_store()
        self.reload.tell(message)

    def read_again(self) -> None:
        """The file is another."""
        self._read()

    @work(group="sheet", exclusive=True, exit_on_error=False)
    async def _read(self) -> None:
        workflow = self._shown
        if workflow is None:
            self._take(None)
            return
        try:
            view = await asyncio.to_thread(read_workflow_view, workflow, self.view)
        except StudioError as error:
            self.query_one(StatusLine).say(str(error), "error")
            return
        if workflow is self._shown:
            self._take(view)

    def _take(self, view: WorkflowView | None) -> None:
        self.view = view
        self.query_one(MapPane).show_view(view, self.user)
        self.query_one(ExplorerPane).explore(view.workflow if view is not None else None)
        tabs = self.query_one(DesignerTabs)
        tabs.workflow = view.workflow.name if view is not None else ""
        tabs.update_line()
        self._show_source()
        self._show_problems()
        self._follow_node(self.query_one(MapPane).node)

    def _show_source(self) -> None:
        source, view = self.query_one(SourcePane), self.view
        if view is None:
            source.show_file("", "", "", "")
            return
        path = view.workflow.path
        source.show_file(path, short(path), view.text, "saved" if view.same else "the old code still runs")
        self.show_beside()

    def show_beside(self) -> None:
        """Beside the source stands what the map knows."""
        plan, view = self.query_one(MapPane), self.view
        if view is None:
            return
        own = [node for node in view.outline.walk() if node.span.file == view.workflow.path]
        counts: dict[int, int] = {}
        for node in own:
            if (tally := plan.counts.get(node.id)) is not None and tally.now:
                counts[node.line] = counts.get(node.line, 0) + tally.now
        way = {
            line
            for node in own
            if node.id in plan.lit and not node.sides
            for line in range(node.span.line, node.span.end_line + 1)
        }
        stands = {node.line for node in own if node.id in plan.stands}
        wrong = view.problem.line if view.problem is not None else None
        self.query_one(SourcePane).show_beside(
            Beside(counts, frozenset(way), frozenset(stands), self.user, wrong)
        )

    def tick(self, now: int) -> None:
        """Time has passed."""
        for bar in self._ticking:
            bar.tick(now)
        for pane in self.panes:
            if pane.display:
                pane.tick(now)
        real = time.monotonic()
        if self.view is not None and real - self._looked_at > FILE_SECONDS:
            self._looked_at = real
            path, view = self.view.workflow.path, self.view
            if stamp_of(path) != view.stamp or tested_stamp_of(path) != view.tested_stamp:
                self._read()

    @property
    def tick_seconds(self) -> float:
        """In how many seconds what is seen may be another."""
        panes = (pane.tick_seconds for pane in self.panes if pane.display)
        return min(self._ticking[0].tick_seconds, *panes)

    @on(ReadFailed)
    def show_read_failure(self, message: ReadFailed) -> None:
        """A question to the store failed."""
        self.query_one(StatusLine).say(message.why, "error")

    # -- the selection: one thing that all panes follow --------------------------------------------------

    @on(MapPane.Counted)
    def follow_counts(self) -> None:
        """Other counts, or the user is elsewhere."""
        self.show_beside()
        self._show_here(self.query_one(MapPane).node)

    @on(VirtualList.Moved)
    def follow_cursor(self, message: VirtualList.Moved) -> None:
        """The cursor of a pane says which node and line is looked at."""
        plan, source = self.query_one(MapPane), self.query_one(SourcePane)
        match message.list:
            case MapPane():
                self._follow_node(plan.node)
            case SourcePane() if self.view is not None:
                node = self.view.outline.at_line(source.file, message.row.number)
                if node is not None and plan.select(node.id):
                    self._show_here(plan.node)
            case ExplorerPane():
                self._follow_path(message.row)

    def _follow_path(self, row: PathRow) -> None:
        line = row.row.line.rpartition(":")[2]
        if self.view is not None and line.isdecimal():
            node = self.view.outline.at_line(self.view.workflow.path, int(line))
            if node is not None and self.query_one(MapPane).select(node.id):
                self._follow_node(node)

    def _follow_node(self, node: Node | None) -> None:
        if node is not None and node.span.file == self.query_one(SourcePane).file:
            self.query_one(SourcePane).select(node.line)
        self._show_here(node)

    def _show_here(self, node: Node | None) -> None:
        plan, tabs = self.query_one(MapPane), self.query_one(DesignerTabs)
        tally = plan.counts.get(node.id) if node is not None else None
        tabs.here = tally.now if tally is not None else 0
        tabs.update_line()
        name = self.view.workflow.name if self.view is not None else ""
        self.query_one(HereNow).show_node(name, node, tabs.here)

    @on(VirtualList.Opened)
    def open_row(self, message: VirtualList.Opened) -> None:
        """Enter on a row."""
        match message.list, message.row:
            case MapPane(), _:
                self.action_pane(4)
            case SourcePane() as source, row:
                self.edits.type_source(source.file, row.number)
            case HereNow(), WaitRow(user=user, seq=seq):
                self.app.post_message(GoToUser(user, seq))

    # -- keys ------------------------------------------------------------------------------------------------

    def idle_keys(self) -> frozenset[str]:
        """The ids of the bindings that would do nothing now."""
        found: frozenset[str] = frozenset()
        plan, here = self.query_one(MapPane), self.query_one(HereNow)
        if self.view is None:
            found |= {"designer.try", "designer.edit"}
        if self.view is None or self.session.edits.last(self.view.workflow.path) is None:
            found |= {"designer.undo"}
        if plan.node is None:
            found |= {"designer.change", "designer.act"}
        elif here.row is None and plan.node.id not in plan.stands:
            found |= {"designer.inspect"}
        if plan.more < 1:
            found |= {"designer.workflow"}
        due = self.query_one(ClockBar).next
        return found if due is not None and due.due_at is not None else found | {"clock.next"}

    def action_leave(self) -> None:
        """Back to the live screen."""
        self.dismiss()

    def action_step_out(self) -> None:
        """One step: the maximised pane, then the designer."""
        if self.has_class("-max"):
            self.action_maximise()
        else:
            self.dismiss()

    def show_workflow(self, name: str) -> None:
        """Show another workflow that is loaded."""
        self._wanted = name
        self._follow_code()

    def action_choose_workflow(self) -> None:
        """Show the workflows that are loaded, to choose another."""
        from studio.tui.screens.workflows import WorkflowsScreen

        workflows = self.session.client.workflows if self.session.client is not None else {}
        if len(workflows) < 2:
            self.query_one(StatusLine).say("there is no other workflow", "muted")
            return

        def take(name: str | None) -> None:
            # Meanwhile another file may have been saved.
            if name is not None:
                self.show_workflow(name)

        self.app.push_screen(WorkflowsScreen(workflows, self._wanted), take)

    async def looked_at(self, place: CommandPlace) -> Looked:
        focused, plan, here = self.focused, self.query_one(MapPane), self.query_one(HereNow)
        own = plan.stands.get(plan.node.id) if plan.node is not None else None
        row = here.row if here.has_focus or own is None else own
        reading, due = self.session.clock_reading(), self.query_one(ClockBar).next
        return Looked(
            place,
            own=f"designer.{focused.id}" if focused is not None and focused.id in TABBED else "",
            user=row.user if row is not None else self.user,
            journey=row.journey if row is not None else None,
            seq=row.seq if row is not None and here.is_gone(row.seq) else None,
            workflow=self.view.workflow.name if self.view is not None else None,
            file=self.view.workflow.path if self.view is not None else None,
            due_at=due.due_at if due is not None else None,
            paused=reading.paused,
            speed=reading.speed,
        )

    def action_charts(self) -> None:
        """Draw how the workflow does."""
        self.app.post_message(OpenCharts(self._wanted))

    def action_needs(self) -> None:
        """Show what needs a person."""
        self.problems.show_needs()

    def action_inspect(self) -> None:
        """Look inside a journey that waits here: that of the row in Here now, else of the selected user."""
        from studio.tui.screens.inspect import InspectScreen

        plan, here = self.query_one(MapPane), self.query_one(HereNow)
        own = plan.stands.get(plan.node.id) if plan.node is not None else None
        found = here.row if here.has_focus or own is None else own
        if found is None:
            self.query_one(StatusLine).say("v looks inside a journey: nothing waits at this node", "muted")
        else:
            self.app.push_screen(InspectScreen(found.journey, found.seq if here.is_gone(found.seq) else None))

    def action_try_it(self) -> None:
        """Try the workflow on somebody made up, on a scratch store."""
        if self.view is None:
            self.query_one(StatusLine).say("no workflow is loaded: there is nothing to try", "muted")
            return
        note = "" if self.view.same else "the code that is running: the file has changed since"
        self.app.post_message(OpenPreview(self.view.workflow, self.view.source, note))

    def action_edit(self) -> None:
        """Open the editor at the line that is selected."""
        source = self.query_one(SourcePane)
        if not source.file:
            return
        line = source.row.number if source.row is not None else None
        node = self.query_one(MapPane).node
        if self.query_one(MapPane).has_focus and node is not None:
            self.problems.edit(CursorPlace(Path(node.span.file).absolute(), node.line))
        else:
            self.problems.edit(CursorPlace(Path(source.file).absolute(), line))

    def action_go_there(self) -> None:
        """Open the editor at the file that does not load."""
        self.problems.go_there()

    def _look_at_file(self) -> None:
        """The editor was left: the file may be another."""
        self._looked_at = 0.0

    def action_change(self) -> None:
        """Change a value of the node."""
        self.edits.change()

    @work(group="act-node", exclusive=True, exit_on_error=False)
    async def action_act_node(self) -> None:
        """Insert something before or after the node, or remove it."""
        await self.edits.act_node()

    @work(group="undo-edit", exclusive=True, exit_on_error=False)
    async def action_undo_edit(self) -> None:
        """Take the last change of this file back."""
        await self.edits.undo_edit()

    @work(group="reload", exclusive=True, exit_on_error=True)
    async def action_reload(self) -> None:
        """Take in what was changed in the workflow files."""
        await self.reload.reload()

    # -- focus and layout ------------------------------------------------------------------------------------

    def action_pane(self, number: int) -> None:
        """Go to a pane by its number."""
        self._show_tab(number)
        self.panes[number - 1].focus()

    def action_step_pane(self, by: int) -> None:
        """Round the panes."""
        at = self.panes.index(self.focused) if self.focused in self.panes else -1
        self.action_pane((at + by) % len(self.panes) + 1)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Freeze the list that is worked with."""
        here = self.query_one(HereNow)
        here.hold(here.has_focus)
        if event.widget.id in TABBED:
            self._show_tab(TABBED.index(event.widget.id) + 1)

    def action_maximise(self) -> None:
        """Give one pane all the room, or give it back."""
        self.toggle_class("-max")
        self._show_tab(self._tab)

    def on_resize(self, event: events.Resize) -> None:
        """Three layouts; what is looked at stays."""
        self._lay_out(event.size.width, event.size.height)

    def _lay_out(self, width: int, height: int) -> None:
        tabbed = width < NARROW or height < LOW
        self.set_class(width < LEAST_WIDTH or height < LEAST_HEIGHT, "-too-small")
        self.set_class(tabbed, "-tabbed")
        self.set_class(not tabbed and width >= ROOMY, "-roomy")
        self.set_class(not tabbed and width >= WIDE, "-wide")
        self._show_tab(self._tab)

    def _show_tab(self, number: int) -> None:
        self._tab = number
        tabs = self.query_one(DesignerTabs)
        tabs.current = number
        tabs.update_line()
        alone = self.has_class("-tabbed") or self.has_class("-max")
        for at, pane in enumerate(self.panes, 1):
            pane.display = not alone or at == number
        self.query_one("#beside").display = not alone or number > 1
        self.query_one("#side").display = not alone or number > 2
