"""The designer: a workflow as its map and its source, the paths through it, and who waits where."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.screen import Screen
from textual.widgets import Static

from studio.definition import Workflow
from studio.errors import StudioError
from studio.loader import short
from studio.outline.model import Node
from studio.store.records import WaitRow
from studio.tui.editor import Place, go, place_of
from studio.tui.messages import FilesReloaded, ReadFailed, StoreChanged, UserChosen
from studio.tui.pulse import Pulse, PulseQuestion, show_pulse
from studio.tui.reading import Asking, Question
from studio.tui.reloading import RELOAD_BINDING, LiveReload
from studio.tui.screens.designer_edits import EDIT_BINDINGS, DesignerEdits
from studio.tui.screens.live import LEAST_HEIGHT, LEAST_WIDTH, LOW, NARROW
from studio.tui.sheet import Sheet, read_sheet, stamp_of
from studio.tui.widgets.clock_bar import ClockBar
from studio.tui.widgets.explorer_pane import ExplorerPane, PathRow
from studio.tui.widgets.header import Header
from studio.tui.widgets.here_now import HereNow
from studio.tui.widgets.keys_bar import KeysBar
from studio.tui.widgets.map_pane import MapPane
from studio.tui.widgets.problem_bar import ProblemBar
from studio.tui.widgets.said_bar import SaidBar
from studio.tui.widgets.source_pane import Beside, SourcePane
from studio.tui.widgets.tabs import Tabs
from studio.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from studio.tui.app import StudioApp

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


class DesignerScreen(DesignerEdits, LiveReload, Asking, Screen[None]):
    """Lies over the live screen.

    Args:
        workflow: which one to show first, by its name; None for the first there is.
        user: whose way is lit.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *EDIT_BINDINGS,
        Binding("d", "leave", "live", id="designer.leave"),
        Binding("o", "next_workflow", "next workflow", id="designer.workflow"),
        Binding("t", "try_it", "try it", id="designer.try"),
        Binding("v", "inspect", "inspect", id="designer.inspect"),
        Binding("e", "edit", "$EDITOR", id="designer.edit"),
        RELOAD_BINDING,
        Binding("E", "go_there", "editor at the problem", show=False, id="problem.go"),
        Binding("m", "maximise", "maximise", id="maximise"),
        Binding("1", "pane(1)", "map", show=False, id="designer.map"),
        Binding("2", "pane(2)", "source", show=False, id="designer.source"),
        Binding("3", "pane(3)", "explorer", show=False, id="designer.explorer"),
        Binding("4", "pane(4)", "here now", show=False, id="designer.here"),
        Binding("tab", "step_pane(1)", "next pane", id="pane.next"),
        Binding("shift+tab", "step_pane(-1)", "pane before", show=False, id="pane.before"),
        Binding("escape", "step_out", "one step out", show=False, id="step_out"),
        Binding("q", "app.quit_now", "quit", id="quit"),
    ]

    AUTO_FOCUS = ""

    def __init__(self, workflow: str | None, user: str | None) -> None:
        super().__init__(id="designer")
        self.ready = False
        """Composed: it may be told things."""
        self.user = user
        self.sheet: Sheet | None = None
        self._wanted = workflow
        self._shown: Workflow | None = None
        """What the sheet is of, or will be."""
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
        yield SaidBar()
        yield KeysBar()
        yield Static(f"at least {LEAST_WIDTH}×{LEAST_HEIGHT}", id="too-small", markup=False)

    @property
    def studio(self) -> StudioApp:
        """The app."""
        return cast("StudioApp", self.app)

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
        desk = self.studio.desk
        if desk is not None:
            header = self.query_one(Header)
            header.store, header.workflows = desk.path, sorted(desk.workflows)
        self.follow_store()
        self.tick(self.studio.shown_now())

    def question(self) -> Question:
        desk = self.studio.desk
        return PulseQuestion(alone=desk is not None and desk.viewer_of == 0)

    def show_answer(self, answer: Pulse) -> None:
        desk = self.studio.desk
        if desk is not None and self.query(Header):
            show_pulse(self, desk, answer)
            self._show_problems()

    def _show_problems(self) -> None:
        desk = self.studio.desk
        found: list[str] = []
        place = None
        if desk is not None:
            found, place = [str(each) for each in desk.problems], place_of(desk.problems)
        if self.sheet is not None and self.sheet.problem is not None:
            found = [str(self.sheet.problem), *found]
            place = Place(Path(self.sheet.workflow.path).absolute(), self.sheet.problem.line)
        self.query_one(ProblemBar).show(found, place)

    @on(StoreChanged)
    def follow_store(self) -> None:
        """Something was committed, or other code runs."""
        if self.studio.shown is not self:  # one that goes has lost its panes
            return
        self.ask()
        self._follow_code()
        self.query_one(MapPane).ask()
        self.query_one(HereNow).ask()

    def _follow_code(self) -> None:
        desk = self.studio.desk
        workflows = desk.workflows if desk is not None else {}
        if self._wanted not in workflows:
            self._wanted = min(workflows, default=None)
        found = workflows[self._wanted] if self._wanted is not None else None
        if found is not self._shown or (found is None and self.sheet is not None):
            self._shown = found
            self.query_one(MapPane).more = len(workflows) - 1
            self._read()

    @on(FilesReloaded)
    def follow_files(self) -> None:
        """Other code runs, or waits for a yes."""
        self.follow_store()

    def read_again(self) -> None:
        self._read()

    @work(group="sheet", exclusive=True, exit_on_error=False)
    async def _read(self) -> None:
        workflow = self._shown
        if workflow is None:
            self._take(None)
            return
        try:
            sheet = await asyncio.to_thread(read_sheet, workflow, self.sheet)
        except StudioError as error:
            self.query_one(SaidBar).say(str(error), "error")
            return
        if workflow is self._shown:
            self._take(sheet)

    def _take(self, sheet: Sheet | None) -> None:
        self.sheet = sheet
        self.query_one(MapPane).show_sheet(sheet, self.user)
        self.query_one(ExplorerPane).explore(sheet.workflow if sheet is not None else None)
        tabs = self.query_one(DesignerTabs)
        tabs.workflow = sheet.workflow.name if sheet is not None else ""
        tabs.update_line()
        self._show_source()
        self._show_problems()
        self._follow_node(self.query_one(MapPane).node)

    def _show_source(self) -> None:
        source, sheet = self.query_one(SourcePane), self.sheet
        if sheet is None:
            source.show_file("", "", "", "")
            return
        path = sheet.workflow.path
        source.show_file(path, short(path), sheet.text, "saved" if sheet.same else "the old code still runs")
        self.show_beside()

    def show_beside(self) -> None:
        """Beside the source stands what the map knows."""
        plan, sheet = self.query_one(MapPane), self.sheet
        if sheet is None:
            return
        own = [node for node in sheet.outline.walk() if node.span.file == sheet.workflow.path]
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
        wrong = sheet.problem.line if sheet.problem is not None else None
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
        if self.sheet is not None and real - self._looked_at > FILE_SECONDS:
            self._looked_at = real
            if stamp_of(self.sheet.workflow.path) != self.sheet.stamp:
                self._read()

    @on(ReadFailed)
    def show_read_failure(self, message: ReadFailed) -> None:
        """A question to the store failed."""
        self.query_one(SaidBar).say(message.why, "error")

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
            case SourcePane() if self.sheet is not None:
                node = self.sheet.outline.at_line(source.file, message.row.number)
                if node is not None and plan.select(node.id):
                    self._show_here(plan.node)
            case ExplorerPane():
                self._follow_path(message.row)

    def _follow_path(self, row: PathRow) -> None:
        line = row.row.line.rpartition(":")[2]
        if self.sheet is not None and line.isdecimal():
            node = self.sheet.outline.at_line(self.sheet.workflow.path, int(line))
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
        name = self.sheet.workflow.name if self.sheet is not None else ""
        self.query_one(HereNow).show_node(name, node, tabs.here)

    @on(VirtualList.Opened)
    def open_row(self, message: VirtualList.Opened) -> None:
        """Enter on a row."""
        match message.list, message.row:
            case MapPane(), _:
                self.action_pane(4)
            case SourcePane() as source, row:
                self.type_source(source.file, row.number)
            case HereNow(), WaitRow(user=user, seq=seq):
                self._go_to(user, seq)

    def _go_to(self, user: str, seq: int) -> None:
        live = self.studio.live
        self.dismiss()
        if live is not None:
            live.follow_user(UserChosen(user, seq))
            live.action_pane(2)

    # -- keys ------------------------------------------------------------------------------------------------

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

    def action_next_workflow(self) -> None:
        """Show the next workflow."""
        names = sorted(self.studio.desk.workflows) if self.studio.desk is not None else []
        if len(names) < 2:
            self.query_one(SaidBar).say("there is no other workflow", "muted")
            return
        at = names.index(self._wanted) if self._wanted in names else -1
        self.show_workflow(names[(at + 1) % len(names)])

    def action_inspect(self) -> None:
        """Look inside a journey that waits here: that of the row in Here now, else of the selected user."""
        from studio.tui.screens.inspect import InspectScreen

        plan, here = self.query_one(MapPane), self.query_one(HereNow)
        own = plan.stands.get(plan.node.id) if plan.node is not None else None
        found = here.row if here.has_focus or own is None else own
        if found is None:
            self.query_one(SaidBar).say("v looks inside a journey: nobody waits at this node", "muted")
        else:
            self.app.push_screen(InspectScreen(found.journey, found.seq if here.is_gone(found.seq) else None))

    def action_try_it(self) -> None:
        """Try the workflow on somebody made up, on a scratch store."""
        from studio.tui.screens.preview import PreviewScreen

        if self.sheet is None:
            self.query_one(SaidBar).say("no workflow is loaded: there is nothing to try", "muted")
            return
        note = "" if self.sheet.same else "the code that runs: the file is another"
        self.app.push_screen(PreviewScreen(self.sheet.workflow, self.sheet.source, note))

    def action_edit(self) -> None:
        """Open the editor at the line that is selected."""
        source = self.query_one(SourcePane)
        if not source.file:
            return
        line = source.row.number if source.row is not None else None
        node = self.query_one(MapPane).node
        if self.query_one(MapPane).has_focus and node is not None:
            self._edit(Place(Path(node.span.file).absolute(), node.line))
        else:
            self._edit(Place(Path(source.file).absolute(), line))

    def action_go_there(self) -> None:
        """Open the editor at the file that does not load."""
        place = self.query_one(ProblemBar).place
        if place is None:
            self.query_one(SaidBar).say("every workflow file loads: there is nowhere to go", "muted")
        else:
            self._edit(place)

    def _edit(self, place: Place) -> None:
        said = self.query_one(SaidBar)
        try:
            said.say(go(self.app, place), "muted")
        except (StudioError, OSError) as error:
            said.say(str(error), "error")
        self._looked_at = 0.0

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
