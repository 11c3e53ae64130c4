"""The studio as an application: the engine behind it, one timer, one reader, one screen."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Literal, cast

from textual import on, work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget

from studio.errors import StudioError
from studio.tui.clock_keys import STILL_SECONDS, ClockKeys
from studio.tui.desk import Desk, EngineDesk, open_desk
from studio.tui.messages import DeskOpened, StoreChanged
from studio.tui.reading import Reader
from studio.tui.screens.live import LiveScreen
from studio.tui.stores import OpenStore, Stores

REDRAW_SECONDS = 1 / 30
"""The shortest time between two redraws for what was committed."""
JUMP_REDRAW_SECONDS = 0.3
"""The same while the clock jumps: rows fly past unread, and drawing them held the engine up sixfold."""
LOOK_SECONDS = 0.1
"""How often a viewer asks whether another process has committed."""
THEME = "tokyo-night"


class StudioApp(ClockKeys):
    """Journey Studio.

    Args:
        workflows: the folder or file with the journeys.
        store: the database.
        desk: what to act on; opened from `workflows` and `store` when not given.
    """

    TITLE = "Journey Studio"
    # Absolute: Textual looks beside the module of a subclass otherwise.
    CSS_PATH = Path(__file__).with_name("studio.tcss")
    ENABLE_COMMAND_PALETTE = True

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "keys", "help", key_display="?", show=False, id="help"),
        Binding("ctrl+q", "quit_now", "quit", show=False, priority=True, id="quit_now"),
    ]

    def __init__(
        self,
        workflows: str = "workflows",
        store: str = "data/studio.db",
        durability: Literal["full", "normal"] = "full",
        *,
        desk: Desk | None = None,
    ) -> None:
        super().__init__()
        self._workflows, self._store, self._durability = workflows, store, durability
        self.desk: Desk | None = None
        self.reader: Reader | None = None
        self._given = desk
        self.stores = Stores(self._committed)
        self._looking = False
        self._signalled = threading.Event()
        self._changed_at = 0.0
        self.failure: str | None = None

    def on_mount(self) -> None:
        """Paint first, open the store behind it."""
        self.theme = THEME
        self.push_screen(LiveScreen())
        for number in (signal.SIGTERM, signal.SIGHUP):
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                asyncio.get_running_loop().add_signal_handler(number, self.exit)
        self._open()

    @work(group="open", exit_on_error=False)
    async def _open(self) -> None:
        try:
            desk = self._given or await open_desk(self._workflows, self._store, self._durability)
        except StudioError as error:
            self.failure = str(error)
            self.exit(return_code=1)
            return
        self._show_desk(desk, ours=self._given is None)
        self.post_message(DeskOpened())

    def _show_desk(self, desk: Desk, *, ours: bool) -> None:
        """Take in a store that was opened, and show it."""
        store = self.stores.add(desk, self.make_reader(desk.path), ours=ours)
        self.desk, self.reader = store.desk, store.reader
        if not isinstance(desk, EngineDesk) and not self._looking:
            self._looking = True
            self.set_interval(LOOK_SECONDS, self._look)

    async def open_store(self, path: Path) -> None:
        """Open another store beside those that are open, and show it.

        Raises:
            StudioError: it cannot be used.
        """
        if (found := self.stores.find(path)) is not None:
            self.show_open_store(found)
            return
        self._show_desk(await open_desk(self._workflows, str(path), self._durability), ours=True)
        self.refresh_all()

    def show_open_store(self, store: OpenStore) -> None:
        """Show a store that is open already."""
        self.stores.show(store)
        self.desk, self.reader = store.desk, store.reader
        self.refresh_all()

    def refresh_all(self) -> None:
        """Everything that is shown may be another now: the store, or what is in it."""
        if (live := self.live) is not None:
            live.show_store()
            self.look_at_clock()
            self._tick()

    def make_reader(self, path: Path) -> Reader:
        """What answers the questions of the screens."""
        return Reader(path)

    @on(DeskOpened)
    def start_showing(self) -> None:
        """Everything may be asked now."""
        self._tick()
        self.look_at_clock()
        if (live := self.live) is not None:
            live.show_store()

    @property
    def live(self) -> LiveScreen | None:
        """The live screen, below whatever lies over it."""
        return next((each for each in self.screen_stack if isinstance(each, LiveScreen) and each.ready), None)

    # -- time and change ------------------------------------------------------------------------------

    def _tick(self) -> None:
        if self.desk is not None and (live := self.live) is not None:
            live.tick(self.shown_now())
            self.keep_pace()

    def _committed(self) -> None:
        """Called in the engine's thread after every commit: must cost nothing."""
        if self._signalled.is_set():
            return
        self._signalled.set()
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody looks any more
            cast(asyncio.AbstractEventLoop, self._loop).call_soon_threadsafe(self._schedule_change)

    def _schedule_change(self) -> None:
        shortest = JUMP_REDRAW_SECONDS if self.clock_reading().jump is not None else REDRAW_SECONDS
        wait = self._changed_at + shortest - time.monotonic()
        if wait > 0:
            # Not set_timer: what the engine's thread calls has no app in its context.
            asyncio.get_running_loop().call_later(wait, self._announce_change)
        else:
            self._announce_change()

    def _announce_change(self) -> None:
        self._changed_at = time.monotonic()
        # Cleared first: what is committed from here on is announced anew.
        self._signalled.clear()
        if (live := self.live) is not None:
            live.post_message(StoreChanged())
        if self._pace == STILL_SECONDS:
            # The clock that stood may have been moved. Not called at once: see _schedule_change.
            self.call_later(self._tick)

    @work(group="look", exclusive=True, exit_on_error=False)
    async def _look(self) -> None:
        # The engine of this process says itself when it has committed.
        if isinstance(self.desk, EngineDesk):
            return
        if self.reader is not None and await self.reader.ask(lambda views: views.changed()):
            await self.learn_clock()
            self._announce_change()

    # -- keys -----------------------------------------------------------------------------------------

    def action_quit_now(self) -> None:
        """Leave at once: what was acknowledged is on the disk."""
        self.exit()

    async def action_quit(self) -> None:
        """Leave, from the command palette."""
        self.exit()

    def action_filter(self) -> None:
        """Narrow the focused list."""
        if isinstance(self.screen, LiveScreen):
            self.screen.start_filter()

    def action_keys(self) -> None:
        """Show the keys of what is focused, of the screen and of the studio."""
        from studio.tui.screens.help import Group, HelpScreen

        if isinstance(self.screen, HelpScreen):
            return
        groups: list[Group] = []
        focused: Widget | None = self.screen.focused
        nodes: Iterable[Any] = focused.ancestors_with_self if focused is not None else (self.screen, self)
        for node in nodes:
            bindings = [each for keys in node._bindings.key_to_bindings.values() for each in keys]
            if bindings:
                groups.append((_node_title(node), list(dict.fromkeys(bindings))))
        self.push_screen(HelpScreen(groups))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The command palette: Textual's own and ours."""
        for command in super().get_system_commands(screen):
            if command.title not in ("Keys", "Maximize", "Minimize"):
                yield command
        yield SystemCommand("Help", "The keys that work here", self.action_keys)
        if isinstance(screen, LiveScreen):
            for name, words, call in (
                ("Undo", "Take back the newest act done here", screen.action_undo),
                ("Redo", "Bring back what was taken", screen.action_redo),
                ("Rewind to here", "Cut after the entry at the timeline's cursor", screen.action_rewind),
                ("Fork here", "Copy the store up to the timeline's cursor", screen.action_fork),
                ("Stores", "Open stores and snapshots", screen.action_stores),
                ("Next store", "Show the next open store", screen.action_next_store),
                ("Steps on hold", "Answer the steps that wait for a yes", screen.action_held_steps),
            ):
                yield SystemCommand(name, words, call)
            yield SystemCommand("Inject", "Send an event by hand", screen.action_inject)
            yield SystemCommand(
                "Maximise", "Give the focused pane all the room, or back", screen.action_maximise
            )

    # -- leaving ----------------------------------------------------------------------------------------

    async def on_unmount(self) -> None:
        """Stop the engine; the store is whole at any moment, so this is never waited for long."""
        await self.stores.close()


def _node_title(node: object) -> str:
    if isinstance(node, Widget) and not isinstance(node, Screen):
        title = str(node.border_title or "")
        return title or (node.id or type(node).__name__)
    return "Everywhere" if isinstance(node, App) else "On this screen"


def run_studio(workflows: str, store: str, durability: Literal["full", "normal"] = "full") -> int:
    """Open the studio and stay until it is left.

    Returns:
        The exit code: 0, or 1 when the store could not be used.
    """
    if store != ":memory:":
        Path(store).parent.mkdir(parents=True, exist_ok=True)
    app = StudioApp(workflows, store, durability)
    app.run()
    if app.failure:
        print(app.failure, file=sys.stderr)
    return app.return_code or 0
