"""`t` in the designer: a workflow tried on somebody made up, a step at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar, TypeVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Static

from studio.design.explorer.samples import Samples
from studio.design.preview import Preview, PreviewState
from studio.errors import StudioError
from studio.language.definition import Workflow
from studio.source.project import project, short
from studio.store.records import Entry, WaitRow
from studio.store.seed import FIXED
from studio.tui.format.text import preview as on_one_line
from studio.tui.screens.main_screen import LEAST_HEIGHT, LEAST_WIDTH, NARROW
from studio.tui.session.ask import OwnStore
from studio.tui.session.context import Session, session_of
from studio.tui.session.messages import ReadFailed
from studio.tui.session.read_only import refusal
from studio.tui.session.reader import Reader
from studio.tui.widgets.keys_bar import KeysBar
from studio.tui.widgets.source_pane import Beside, SourcePane
from studio.tui.widgets.status_line import StatusLine
from studio.tui.widgets.tabs import Tabs
from studio.tui.widgets.timeline import TimelinePane
from studio.tui.widgets.tried_entries import TriedEntries
from studio.tui.widgets.try_bars import StandBar, TryBar
from studio.tui.widgets.virtual_list import VirtualList
from studio.tui.widgets.waiting import wait_words
from studio.wording.times import SECOND, total

T = TypeVar("T")

STATUS_SIGNS = {
    "completed": ("completed", "success"),
    "failed": ("failed", "error"),
    "exited": ("stopped", "muted"),
    "cancelled": ("stopped", "muted"),
    "idle": ("again", "muted"),
}
LEADS_ON = "z undoes the last step · K saves the run as a test"


class PreviewTabs(Tabs):
    """`1 Timeline   2 Source`."""

    def notes(self) -> list[str]:
        return ["1 Timeline", "2 Source"]


class TriedSource(SourcePane):
    """Read here, and written in the designer."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing is typed."""
        return False if action == "open" else super().check_action(action, parameters)


class PreviewScreen(OwnStore, Screen[None]):
    """Lies over the designer. The studio's own store is asked for samples once, and never touched.

    Args:
        workflow: what is tried, as it runs.
        source: its text.
        note: how that stands, when it is not what the file holds.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "pass_time", "next deadline", id="try.next"),
        Binding("z", "back", "undo", id="try.back"),
        Binding("K", "keep", "save test", id="try.keep"),
        Binding("escape", "leave", "leave", key_display="esc", id="try.leave"),
        Binding("1", "pane(1)", "timeline", show=False, id="try.timeline"),
        Binding("2", "pane(2)", "source", show=False, id="try.source"),
        Binding("tab", "step_pane(1)", "next pane", id="pane.next"),
        Binding("shift+tab", "step_pane(-1)", "pane before", show=False, id="pane.before"),
        Binding("q", "app.quit_now", "quit", id="quit"),
    ]

    AUTO_FOCUS = ""

    def __init__(self, workflow: Workflow, source: str, note: str = "") -> None:
        super().__init__(id="preview")
        self._workflow, self._source, self._note = workflow, source, note
        self._preview: Preview | None = None
        self._store: Path | None = None
        """What is read now."""
        # One: acts are done in the order of the keys. What is under way when the screen is left comes to
        # its end there, before the scratch store is thrown away.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="preview")
        self._standing: PreviewState | None = None
        self._tab = 1

    def compose(self) -> ComposeResult:
        yield TryBar(self._workflow.name)
        yield StandBar()
        yield PreviewTabs()
        with Horizontal(id="tried"):
            yield TimelinePane(TriedEntries(), number=1)
            yield TriedSource()
        yield StatusLine()
        yield KeysBar()
        yield Static(f"at least {LEAST_WIDTH}×{LEAST_HEIGHT}", id="too-small", markup=False)

    def on_mount(self) -> None:
        """Begin."""
        self._timeline = self.query_one(TimelinePane)
        self._entries = self.query_one(TriedEntries)
        path = self._workflow.path
        self.query_one(SourcePane).show_file(path, short(path), self._source, self._note)
        self._lay_out(self.app.size.width, self.app.size.height)
        self._entries.focus()
        self._begin()

    def on_unmount(self) -> None:
        """Nothing is left of it."""
        if self.own_reader is not None:
            self.own_reader.close()
        if self._preview is not None:
            self._thread.submit(self._preview.end)
        self._thread.shutdown(wait=False)

    @property
    def _session(self) -> Session:
        return session_of(self)

    def _say(self, text: str, tone: str) -> None:
        self.query_one(StatusLine).say(text, tone)

    async def _in_thread(self, do: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, do)

    # -- doing it ----------------------------------------------------------------------------------------

    @work(group="try", exit_on_error=False)
    async def _begin(self) -> None:
        known, start = Samples(), self._session.shown_now() // SECOND * SECOND
        name, problem, seed = self._workflow.name, "", FIXED
        try:
            if (reader := self._session.reader) is not None:
                await reader.ask(lambda views: known.add_history(views, name))
            known.add_types([self._workflow])
            await self._in_thread(lambda: known.add_event_file(self._workflow))
            seed = project().get("seed", FIXED)
        except StudioError as error:
            # Without samples of a store or a file there are those of `match`.
            problem = str(error)
        self._preview = preview = Preview(
            self._workflow, known, start if known.start is None else known.start, seed
        )
        await self._do(preview.begin)
        if problem and self.is_attached:
            self._say(problem, "error")

    @work(group="try", exit_on_error=False)
    async def _act(self, act: Callable[[Preview], PreviewState]) -> None:
        if (preview := self._preview) is not None:
            await self._do(lambda: act(preview))

    async def _do(self, act: Callable[[], PreviewState]) -> None:
        try:
            standing = await self._in_thread(act)
        except StudioError as error:
            if self.is_attached:
                self._say(str(error), "muted")
            return
        if self.is_attached:
            self.query_one(StatusLine).fall_silent()
            self._show(standing)

    @on(TriedEntries.Wanted)
    def act_on_entry(self, message: TriedEntries.Wanted) -> None:
        """`⏎` or `x` on an entry."""
        match message.act, message.seq:
            case "answer", int(seq):
                self._act(lambda preview: preview.answer(seq))
            case "time_out", int(seq):
                self._act(lambda preview: preview.time_out(seq))
            case "go_on", _:
                self._act(lambda preview: preview.go_on())
            case _ if self._standing is not None and self._standing.waits:
                self._say("x lets the wait at the cursor time out: there is none that is open", "muted")
            case _:
                self._say(self._over(), "muted")

    def action_pass_time(self) -> None:
        """Let time pass to the nearest deadline."""
        if self._standing is not None and not self._standing.waits:
            self._say(self._over(), "muted")
        else:
            self._act(lambda preview: preview.pass_time())

    def action_back(self) -> None:
        """Take the last step back."""
        self._act(lambda preview: preview.back())

    @work(group="keep", exclusive=True, exit_on_error=False)
    async def action_keep(self) -> None:
        """Keep the run as an event file."""
        if (preview := self._preview) is None or self._standing is None:
            return
        client = self._session.client
        try:
            if client is not None and client.read_only:
                raise refusal("cannot write files", client)
            file = short(await self._in_thread(preview.keep))
        except StudioError as error:
            self._say(str(error), "error")
            return
        self._say(f"kept {file} · play --check replays it, and really runs its steps", "success")

    # -- what is shown -----------------------------------------------------------------------------------

    def _show(self, standing: PreviewState) -> None:
        assert self._preview is not None
        self._standing = standing
        self._read_from(self._preview)
        self.query_one(TryBar).show(self._preview.user, standing.now, standing.passed_ms)
        entries = self._entries
        entries.goes_on = self._preview.can_go_on()
        self._timeline.tick(standing.now)
        # On what can be answered, so that the next key is about it; else on a failure, whose traceback
        # unfolds below it.
        waits = sorted(standing.waits, key=lambda row: (row.kind != "wait", row.seq))
        failure = standing.last.seq if standing.failed and standing.last is not None else None
        seq = waits[0].seq if waits else failure
        self._timeline.choose(self._preview.user, seq)
        if seq is None:
            entries.following = True
        self._timeline.ask()
        line = waits[0].line if waits else standing.last.line if standing.last is not None else None
        self._stand_at(line)
        self._tell(waits[0] if waits else None)

    def _read_from(self, preview: Preview) -> None:
        """Another store is read after a step was taken back."""
        if self._store == preview.store:
            return
        if self.own_reader is not None:
            self.own_reader.retire()
        self._entries.forget_unfolded()
        self._store = preview.store
        self.own_reader = Reader(preview.store)

    def _stand_at(self, line: str | None) -> None:
        """Show a line of the source, if it is of this file."""
        file, _, number = (line or "").rpartition(":")
        if not number.isdecimal() or Path(file).name != Path(self._workflow.path).name:
            return
        source = self.query_one(SourcePane)
        source.show_beside(Beside({}, stands=frozenset({int(number)})))
        source.select(int(number))

    @on(VirtualList.Moved)
    def follow_cursor(self, message: VirtualList.Moved) -> None:
        """The source and the bar are about the entry at the cursor."""
        entry = self._entries.entry
        if message.list is self._entries and entry is not None and self._standing is not None:
            self._stand_at(entry.line)
            self._tell(next((row for row in self._standing.waits if row.seq == entry.seq), None))

    @on(VirtualList.Opened)
    def open_row(self, message: VirtualList.Opened) -> None:
        """All of an entry, from a line of its data."""
        if isinstance(message.row, Entry):
            from studio.tui.screens.entry import EntryScreen

            self.app.push_screen(EntryScreen(message.row, self.own_reader))

    def _tell(self, wait: WaitRow | None) -> None:
        """Say what the keys would do."""
        bar, standing, preview = self.query_one(StandBar), self._standing, self._preview
        if standing is None or preview is None:
            return
        if wait is not None:
            bar.show(
                "sleep" if wait.kind == "sleep" else "wait",
                "secondary" if wait.kind == "sleep" else "warning",
                wait_words(wait),
                self._time_words(preview, wait, standing.now),
                self._answer_words(preview, wait),
            )
        elif standing.waits:
            names = ", ".join(wait_words(row) for row in standing.waits[:3])
            bar.show("wait", "muted", f"waits for {names}", "⏎ and x act on the wait at the cursor")
        else:
            status = standing.journey.status if standing.journey is not None else ""
            sign, tone = STATUS_SIGNS.get(status, ("log", "muted"))
            bar.show(sign, tone, self._over(), self._next_words(preview, standing), LEADS_ON)

    @staticmethod
    def _answer_words(preview: Preview, wait: WaitRow) -> str:
        if wait.kind not in ("wait", "group"):
            return ""
        try:
            name, data = preview.answer_to(wait)
        except StudioError as error:
            return str(error)
        return f"⏎ sends {'' if name == wait.name else name} {on_one_line(data)}".rstrip() or "⏎ sends it"

    @staticmethod
    def _time_words(preview: Preview, wait: WaitRow, now: int) -> str:
        due = preview.due_of(wait)
        return f"x lets {total(max(0, due - now))} pass" if due is not None else "no deadline"

    @staticmethod
    def _next_words(preview: Preview, standing: PreviewState) -> str:
        if standing.failed and not preview.samples.events:
            return f"put sample events into data/{preview.workflow.name}.jsonl: there are none yet"
        if not preview.can_go_on():
            return ""
        name, _ = preview.samples.trigger(preview.workflow, None)
        return f"⏎ sends {name} again"

    def _over(self) -> str:
        """Why nothing is open."""
        standing = self._standing
        journey = standing.journey if standing is not None else None
        if standing is None:
            return "the journey has not started"
        if journey is None:
            return "the event started no journey"
        last = standing.last
        match journey.status:
            case "idle":
                return f"pass {journey.pass_number} has ended without a result"
            case "failed":
                where = f" {last.line}" if last is not None and last.line else ""
                return f"the journey has failed: {last.message if last is not None else ''}{where}"
            case "completed":
                data = last.data if last is not None and isinstance(last.data, dict) else {}
                return f"the journey has ended: completed {on_one_line(data.get('result'))}".rstrip()
            case status:
                return f"the journey has ended: {status}"

    @on(ReadFailed)
    def show_read_failure(self, message: ReadFailed) -> None:
        """A question to the scratch store failed."""
        self._say(message.why, "error")

    # -- focus and layout ----------------------------------------------------------------------------------

    def action_leave(self) -> None:
        """Back to the designer."""
        self.dismiss()

    def action_pane(self, number: int) -> None:
        """Go to a pane by its number."""
        self._show_tab(number)
        (self._entries, self.query_one(SourcePane))[number - 1].focus()

    def action_step_pane(self, by: int) -> None:
        """The other pane."""
        self.action_pane(3 - self._tab)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Of the panes there is one too little room for, the focused one is shown."""
        self._show_tab(2 if event.widget.id == "source" else 1)

    def on_resize(self, event: events.Resize) -> None:
        """What is looked at stays."""
        self._lay_out(event.size.width, event.size.height)

    def _lay_out(self, width: int, height: int) -> None:
        self.set_class(width < LEAST_WIDTH or height < LEAST_HEIGHT, "-too-small")
        self.set_class(width < NARROW, "-tabbed")
        self._show_tab(self._tab)

    def _show_tab(self, number: int) -> None:
        self._tab = number
        tabs = self.query_one(PreviewTabs)
        tabs.current = number
        tabs.update_line()
        alone = self.has_class("-tabbed")
        self.query_one(TimelinePane).display = not alone or number == 1
        self.query_one(SourcePane).display = not alone or number == 2
