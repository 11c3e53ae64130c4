"""The studio as an application: the engine behind it, one timer, one reader, one screen."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import on, work
from textual.binding import Binding, BindingType
from textual.command import Provider

from studio.engine.client import EngineClient
from studio.engine.local import LocalEngine
from studio.engine.remote import RemoteEngine
from studio.errors import StoreGone, StudioError
from studio.source.loader import told_passed_over
from studio.source.project import MEMORY
from studio.store.capabilities import FILM
from studio.text.private import make_folder
from studio.tui.format import themes
from studio.tui.format.advice import keyed
from studio.tui.format.glyphs import use_symbols
from studio.tui.format.text import literal
from studio.tui.keys.clock_keys import ClockKeys
from studio.tui.screens.live import LiveScreen
from studio.tui.screens.main_screen import open_on
from studio.tui.screens.past_control import PastControl
from studio.tui.session.cells import Cells
from studio.tui.session.connection import Mode
from studio.tui.session.context import Session
from studio.tui.session.leaving import Leaving, terminal_of
from studio.tui.session.messages import (
    FilesReloaded,
    GoToUser,
    LeavePast,
    OpenCharts,
    OpenDataEditor,
    OpenDesigner,
    OpenPreview,
    OpenSentEvents,
    OpenStoreFile,
    ReopenStore,
    ShowStore,
    StepPast,
    StoreChanged,
    StoreOpened,
    StoreReplaced,
    UserChosen,
)
from studio.tui.session.redraws import Redraws
from studio.tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from studio.engine.effects.steps import StandIn
    from studio.engine.engine import Engine
    from studio.engine.reload.hot_reload import Reloaded
    from studio.tui.screens.charts import ChartScreen
    from studio.tui.screens.designer import DesignerScreen

LOOK_SECONDS = 0.1
"""How often a viewer asks whether another process has committed."""
SEEK_SECONDS = 1.0
"""How often it looks whether an engine runs."""


def _commands() -> type[Provider]:
    # Imported when it is asked for: the first paint does not wait for it.
    from studio.tui.keys.actions import Commands

    return Commands


def _goals() -> type[Provider]:
    from studio.tui.keys.goals import Goals

    return Goals


class StudioApp(ClockKeys):
    """Journey Studio.

    Args:
        workflows: the folder or file with the journeys.
        store: the database.
        client: what to act on; connected to `workflows` and `store` when not given.
        mode: "run" an engine, "view" what another one does, or only "read".
        settings: the file of what the person has set; None for defaults that are not kept.
        reload: what the project says of edited workflow files; the person's settings win.
        stand_in: gives what is called in the place of steps; None calls the steps.
    """

    TITLE = "Journey Studio"
    # Absolute: Textual looks beside the module of a subclass otherwise.
    CSS_PATH = Path(__file__).with_name("studio.tcss")
    ENABLE_COMMAND_PALETTE = True

    COMMANDS = {_commands, _goals}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "keys", "help", key_display="?", show=False, id="help"),
        Binding("colon", "command_palette", "all commands", key_display=":", show=False, id="commands"),
        Binding(
            "ctrl+p", "command_palette", "all commands", show=False, priority=True, id="commands_anywhere"
        ),
        Binding("ctrl+q", "quit_now", "quit", show=False, priority=True, id="quit_now"),
    ]

    def __init__(
        self,
        workflows: str = "workflows",
        store: str = "data/studio.db",
        durability: Literal["full", "normal"] = "full",
        *,
        client: EngineClient | None = None,
        mode: Mode = "run",
        settings: Path | None = None,
        reload: Literal["auto", "ask"] | None = None,
        stand_in: StandIn | None = None,
    ) -> None:
        super().__init__()
        themes.install(self)
        self.at: str | None = None
        """The entry or the time of the past that is shown at first."""
        self.notice = ""
        """Said once the store is open."""
        self._redraws = Redraws(self._show_change, lambda: self.session.clock_reading().jump is not None)
        self.session = Session(
            workflows,
            store,
            durability,
            client=client,
            mode=mode,
            settings=settings,
            reload=reload,
            stand_in=stand_in,
            cells=Cells(self),
            tell=self.tell,
            committed=self._redraws.committed,
        )
        self._told_passed_over = False
        self.ingest_address: str | None = None
        """Where events are taken by HTTP; None when nowhere, and once that was said."""
        self._looking = False
        self._told_to_leave = False
        self._sought_at = 0.0
        self.failure: StudioError | None = None
        self.stuck = False
        """Left, and the engine did not stop in time."""

    def on_mount(self) -> None:
        """Paint first, open the store behind it."""
        self._redraws.begin()
        self._take_settings()
        self.push_screen(LiveScreen())
        self._open()
        if self._told_to_leave:
            self.exit()

    def _take_settings(self) -> None:
        self.session.memory.load()
        chosen = self.session.memory.preferences
        use_symbols(chosen.symbols or "")
        if chosen.theme is not None:
            if chosen.theme in self.available_themes:
                self.theme = chosen.theme
            else:
                self.tell(f"theme: there is no {chosen.theme}. Write {' or '.join(self.available_themes)}.")
        if chosen.keymap:
            from studio.tui.keys.keymap import complaints

            self.set_keymap(chosen.keymap)
            if wrong := complaints(chosen.keymap):
                self.tell(wrong[0] + (f" +{len(wrong) - 1} more" if wrong[1:] else ""))
        self.theme_changed_signal.subscribe(self, lambda theme: self.session.memory.keep_theme(theme.name))

    def tell(self, text: str) -> None:
        """Say in one line what went wrong elsewhere; it takes the place of what was said before."""
        self.clear_notifications()
        self.notify(literal(text), severity="warning", timeout=10, markup=False)

    @work(group="open", exit_on_error=False)
    async def _open(self) -> None:
        try:
            client = await self.session.connect()
        except StudioError as error:
            self.failure = error
            self.exit(return_code=2)
            return
        self._show_client(client, ours=not self.session.given)
        self.post_message(StoreOpened())

    def _show_client(self, client: EngineClient, *, ours: bool) -> None:
        """Take in a store that was opened, and show it."""
        if isinstance(client, LocalEngine):
            self._follow_reloads(client.engine)
        self.session.take(client, ours=ours)
        if not isinstance(client, LocalEngine) and not self._looking:
            self._looking = True
            self.set_interval(LOOK_SECONDS, self._look)

    def _follow_reloads(self, engine: Engine) -> None:
        """Tell the screen that is seen of each reload, and let those go over first who are on the screen."""

        def users() -> tuple[str, ...]:
            return live.users_on_screen() if (live := self.live) is not None else ()

        def tell(reloaded: Reloaded) -> None:
            if (shown := self.shown) is not None:
                shown.post_message(FilesReloaded(reloaded))

        engine.prefer = users
        engine.on_reload(tell)

    @on(OpenStoreFile)
    @work(group="open-store", exit_on_error=True)
    async def open_store(self, message: OpenStoreFile) -> None:
        """Open another store beside those that are open, and show it."""
        try:
            if (found := self.session.stores.find(message.path)) is not None:
                self.session.show(found)
            else:
                self._show_client(await self.session.connect(message.path), ours=True)
        except StudioError as error:
            self._say_live(keyed(error), "error")
            return
        self.refresh_all()
        self._say_live(message.say, "success")

    def _say_live(self, text: str, tone: str) -> None:
        if (live := self.live) is not None:
            live.query_one(StatusLine).say(text, tone)

    @on(ShowStore)
    def show_open_store(self, message: ShowStore) -> None:
        """Show a store that is open already."""
        self.session.show(message.store)
        self.refresh_all()

    @on(StoreReplaced)
    def refresh_all(self) -> None:
        """Everything that is shown may be another now: the store, or what is in it."""
        if (live := self.live) is not None:
            live.show_store()
            self.look_at_clock()
            self._tick()
        for screen in filter(None, (self.designer, self.charts)):
            screen.show_store()

    @on(StoreOpened)
    def start_showing(self) -> None:
        """Everything may be asked now."""
        if self.ingest_address is not None:
            if self.session.first_engine is not None:
                self.notify(
                    literal(f"Events are accepted at {self.ingest_address}"), timeout=10, markup=False
                )
            else:
                self.tell(f"No engine runs in this process: no events are accepted at {self.ingest_address}")
            self.ingest_address = None
        if self.notice:
            self.notify(literal(self.notice), timeout=60, markup=False)
        if passed_over := self._passed_over():
            self.notify(literal(passed_over), timeout=10, markup=False)
        self._tick()
        self.look_at_clock()
        if (live := self.live) is not None:
            live.show_store()
            client = self.session.client
            if self.at is None and client is not None and client.capabilities.driver == FILM:
                # There is nothing to wait for: it begins at its beginning.
                self.at = "1"
            if self.at is not None:
                live.look_at(self.at)

    def _passed_over(self) -> str:
        """What is said of folders whose files are not loaded: once, by the engine's own studio."""
        client = self.session.first_engine
        if client is None or self._told_passed_over:
            return ""
        self._told_passed_over = True
        return told_passed_over(client.engine.passed_over)

    @property
    def live(self) -> LiveScreen | None:
        """The live screen, below whatever lies over it."""
        return open_on(self, LiveScreen)

    @property
    def designer(self) -> DesignerScreen | None:
        """The designer, when it lies over the live screen."""
        if len(self.screen_stack) < 3:
            return None
        from studio.tui.screens.designer import DesignerScreen

        return open_on(self, DesignerScreen)

    @property
    def charts(self) -> ChartScreen | None:
        """The charts, when they lie over the screen that was seen."""
        if len(self.screen_stack) < 3:
            return None
        from studio.tui.screens.charts import ChartScreen

        return open_on(self, ChartScreen)

    # -- screens that others ask for ------------------------------------------------------------------

    @on(OpenDesigner)
    async def open_designer(self, message: OpenDesigner) -> None:
        """Show a workflow in the designer, which is opened when it is not."""
        from studio.tui.screens.designer import DesignerScreen

        if (designer := self.designer) is None:
            designer = DesignerScreen(message.workflow, message.user)
            mounted = self.push_screen(designer)
            if not message.say:
                return
            await mounted
        elif message.workflow is not None:
            designer.show_workflow(message.workflow)
        if message.say:
            designer.query_one(StatusLine).say(message.say, "success")

    @on(OpenCharts)
    def open_charts(self, message: OpenCharts) -> None:
        """Draw how a workflow does."""
        from studio.tui.screens.charts import ChartScreen

        if self.charts is None:
            self.push_screen(ChartScreen(message.workflow))

    @on(OpenPreview)
    def open_preview(self, message: OpenPreview) -> None:
        """Try a workflow."""
        from studio.tui.screens.preview import PreviewScreen

        self.push_screen(PreviewScreen(message.workflow, message.source, message.note))

    @on(OpenDataEditor)
    def open_data_editor(self, message: OpenDataEditor) -> None:
        """Give the data of an event room to be written in."""
        from studio.tui.screens.data_editor import DataEditor

        draft = message.draft
        self.push_screen(DataEditor(draft.event, draft.user, draft.data), message.take)

    @on(OpenSentEvents)
    def open_sent_events(self, message: OpenSentEvents) -> None:
        """Look through what was sent from here."""
        from studio.tui.screens.sent_events import SentEventsScreen, scopes_of

        workflow = self.live.acts.workflow if self.live is not None else None
        client = self.session.client
        known = client.workflows.get(workflow) if client is not None and workflow is not None else None
        scopes = scopes_of(message.drafts, message.user, known)
        self.push_screen(SentEventsScreen(message.drafts, scopes), message.take)

    @on(GoToUser)
    def go_to_user(self, message: GoToUser) -> None:
        """Look at a user's timeline on the live screen."""
        for screen in filter(None, (self.charts, self.designer)):
            screen.dismiss()
        if (live := self.live) is not None:
            live.follow_user(UserChosen(message.user, message.seq))
            live.action_pane(2)

    @on(StepPast)
    def step_past(self, message: StepPast) -> None:
        """The time cursor goes on from any screen."""
        if (live := self.live) is not None:
            live.step_past(message.by)

    @on(LeavePast)
    def leave_past(self) -> None:
        """The present is shown again, on all screens."""
        if (live := self.live) is not None:
            live.past.leave()

    @property
    def _film(self) -> PastControl | None:
        live = self.live
        return live.past if live is not None and self.session.past is not None else None

    # -- time and change ------------------------------------------------------------------------------

    def _tick(self) -> None:
        if self.session.client is not None and (shown := self.shown) is not None:
            past, live = self.session.past, self.live
            if past is not None and past.is_due and live is not None:
                # Whichever screen is seen: all of them are at the same moment.
                live.follow_film()
            with self.session.cells.tick(shown):
                shown.tick(self.session.shown_now())
            self.keep_pace()

    def _show_change(self) -> None:
        if (shown := self.shown) is not None:
            shown.post_message(StoreChanged())
        # The clock that stood may have been moved, too. Not called at once: perhaps no app is in the context.
        self.stir()

    @work(group="look", exclusive=True, exit_on_error=False)
    async def _look(self) -> None:
        session, client = self.session, self.session.client
        # The engine of this process says itself when it has committed; the past does not change.
        if isinstance(client, LocalEngine) or session.past is not None:
            return
        if isinstance(client, RemoteEngine) and time.monotonic() - self._sought_at > SEEK_SECONDS:
            self._sought_at = time.monotonic()
            if await asyncio.to_thread(client.look_for_engine):
                self._redraws.now()
        if session.reader is None:
            return
        try:
            changed = await session.reader.ask(lambda views: views.changed())
        except StoreGone as gone:
            if isinstance(session.client, RemoteEngine) and session.client.gone is None:
                session.client.gone = gone
                self.refresh_all()
            return
        if changed:
            await session.learn_clock()
            self._redraws.now()

    # -- keys -----------------------------------------------------------------------------------------

    def leave_from_elsewhere(self) -> None:
        """Leave, from any thread; once it runs, when it does not yet."""
        self._told_to_leave = True
        if (loop := self._loop) is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended: it has left
                loop.call_soon_threadsafe(self.exit)

    def action_quit_now(self) -> None:
        """Leave at once: what was acknowledged is on the disk."""
        self.exit()

    async def action_quit(self) -> None:
        """Leave, from the command palette."""
        self.exit()

    def action_command_palette(self) -> None:
        """Show all that can be done, and where one can go by name."""
        from studio.tui.keys.palette import Palette

        if not any(isinstance(each, Palette) for each in self.screen_stack):
            self.push_screen(Palette())

    def action_filter(self) -> None:
        """Narrow the focused list."""
        if isinstance(self.screen, LiveScreen):
            self.screen.start_filter()

    def action_keys(self) -> None:
        """Show the keys of what is focused, of the screen and of the studio."""
        from studio.tui.keys.actions import groups
        from studio.tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(groups(self.screen)))

    # -- leaving ----------------------------------------------------------------------------------------

    @on(ReopenStore)
    @work(group="reopen", exclusive=True, exit_on_error=False)
    async def reopen(self) -> None:
        """Close the store and open it again: there are other workflow files now."""
        await self._close()
        self._open()

    async def _close(self) -> None:
        self.stuck = await self.session.close()

    async def on_unmount(self) -> None:
        """Stop the engine; the store is whole at any moment, so this is never waited for long."""
        self.session.memory.write_notes()
        await self._close()


@contextlib.contextmanager
def ingesting(app: StudioApp, place: tuple[str, int] | None) -> Iterator[None]:
    """Take events by HTTP for the app's engine as long as this lasts; nowhere when no place is named."""
    if place is None:
        yield
        return
    from studio.web.ingest.server import IngestServer

    server = IngestServer(lambda: app.session.first_engine)
    app.ingest_address = server.start(*place)
    try:
        yield
    finally:
        server.stop()


def run_studio(
    workflows: str,
    store: str,
    durability: Literal["full", "normal"] = "full",
    *,
    mode: Mode = "run",
    reload: Literal["auto", "ask"] | None = None,
    http: tuple[str, int] | None = None,
    stand_in: StandIn | None = None,
    client: EngineClient | None = None,
    notice: str = "",
    at: str | None = None,
) -> int:
    """Open the studio and stay until it is left.

    Args:
        client: what to act on; connected to `workflows` and `store` when not given.
        stand_in: gives what is called in the place of steps; None calls the steps.
        http: host and port at which its engine takes events.
        notice: what is said in it at first.
        at: an entry or a time of the past, as of which it is shown at first.

    Returns:
        The exit code.

    Raises:
        StudioError: the store cannot be used, or the address not be had.
    """
    from studio.tui.session.preferences import settings_path

    if store != MEMORY and mode == "run":
        make_folder(Path(store).parent)
    app = StudioApp(
        workflows,
        store,
        durability,
        client=client,
        mode=mode,
        settings=settings_path(),
        reload=reload,
        stand_in=stand_in,
    )
    app.notice, app.at = notice, at
    with ingesting(app, http), Leaving(app.leave_from_elsewhere, terminal_of(sys.stdin)):
        app.run()
    if app.failure is not None:
        raise app.failure
    if app.stuck:
        # A workflow or a step hangs. What was acknowledged is on the disk, and the rest is done
        # again at the next start, so nobody has to wait for it.
        os._exit(app.return_code or 0)
    return app.return_code or 0
