"""The studio as an application: the engine behind it, one timer, one reader, one screen."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from textual import on, work
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.screen import Screen

from studio.errors import StudioError
from studio.store.beside import sent_path
from studio.tui import themes
from studio.tui.clock_keys import STILL_SECONDS, ClockKeys
from studio.tui.desk import Desk, EngineDesk, Mode, ViewerDesk, open_desk
from studio.tui.memory import Memory
from studio.tui.messages import DeskOpened, StoreChanged
from studio.tui.reading import Reader
from studio.tui.reloading import follow_reloads
from studio.tui.screens.live import LiveScreen
from studio.tui.stores import OpenStore, Stores
from studio.tui.widgets.signs import use_symbols
from studio.tui.widgets.text import literal

if TYPE_CHECKING:
    from studio.editing.undo import Edits
    from studio.engine.engine import Engine
    from studio.engine.steps import StandIn
    from studio.tui.actions import Command
    from studio.tui.screens.designer import DesignerScreen

REDRAW_SECONDS = 1 / 30
"""The shortest time between two redraws for what was committed."""
FLOOD_REDRAW_SECONDS = 0.15
"""The same once changes have come without a pause: what is read a thirtieth of a second apart is a blur, and
between the redraws keys are answered."""
FLOOD_AFTER = 10
"""Redraws without a pause that make a flood."""
JUMP_REDRAW_SECONDS = 0.3
"""The same while the clock jumps: rows fly past unread, and drawing them held the engine up sixfold."""
LOOK_SECONDS = 0.1
"""How often a viewer asks whether another process has committed."""
SEEK_SECONDS = 1.0
"""How often it looks whether an engine runs."""


def _commands() -> type[Provider]:
    # Imported when it is asked for: the first paint does not wait for it.
    from studio.tui.actions import Commands

    return Commands


class StudioApp(ClockKeys):
    """Journey Studio.

    Args:
        workflows: the folder or file with the journeys.
        store: the database.
        desk: what to act on; opened from `workflows` and `store` when not given.
        mode: "run" an engine, "view" what another one does, or only "read".
        settings: the file of what the person has set; None for defaults that are not kept.
        reload: what the project says of edited workflow files; the person's settings win.
        stand_in: gives what is called in the place of steps; None calls the steps.
    """

    TITLE = "Journey Studio"
    # Absolute: Textual looks beside the module of a subclass otherwise.
    CSS_PATH = Path(__file__).with_name("studio.tcss")
    ENABLE_COMMAND_PALETTE = True

    COMMANDS = {_commands}

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
        desk: Desk | None = None,
        mode: Mode = "run",
        settings: Path | None = None,
        reload: Literal["auto", "ask"] | None = None,
        stand_in: StandIn | None = None,
    ) -> None:
        super().__init__()
        themes.install(self)
        self.mode = mode
        self.memory = Memory(settings, self.tell)
        self.workflows = workflows
        self._store, self._durability = store, durability
        self._reload = reload
        self._stand_in = stand_in
        self.door: str | None = None
        """Where events are taken by HTTP; None when nowhere, and once that was said."""
        self.desk: Desk | None = None
        self.reader: Reader | None = None
        self._given = desk
        self.stores = Stores(self._committed)
        self._looking = False
        self._signalled = threading.Event()
        self._changed_at = 0.0
        self._steady = 0
        """Redraws without a pause between them."""
        self._sought_at = 0.0
        self.failure: StudioError | None = None
        self.stuck = False
        """Left, and the engine did not stop in time."""

    def on_mount(self) -> None:
        """Paint first, open the store behind it."""
        self._take_settings()
        self.push_screen(LiveScreen())
        for number in (signal.SIGTERM, signal.SIGHUP):
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                asyncio.get_running_loop().add_signal_handler(number, self.exit)
        self._open()

    def _take_settings(self) -> None:
        self.memory.load()
        chosen = self.memory.preferences
        use_symbols(chosen.symbols or "")
        if chosen.theme is not None:
            if chosen.theme in self.available_themes:
                self.theme = chosen.theme
            else:
                self.tell(f"theme: there is no {chosen.theme}. Write {' or '.join(self.available_themes)}.")
        if chosen.keymap:
            from studio.tui.keymap import complaints

            self.set_keymap(chosen.keymap)
            if wrong := complaints(chosen.keymap):
                self.tell(wrong[0] + (f" +{len(wrong) - 1} more" if wrong[1:] else ""))
        self.theme_changed_signal.subscribe(self, lambda theme: self.memory.keep_theme(theme.name))

    def tell(self, text: str) -> None:
        """Say in one line what went wrong elsewhere; it takes the place of what was said before."""
        self.clear_notifications()
        self.notify(literal(text), severity="warning", timeout=10, markup=False)

    @work(group="open", exit_on_error=False)
    async def _open(self) -> None:
        try:
            desk = self._given or await self._desk_on(self._store)
        except StudioError as error:
            self.failure = error
            self.exit(return_code=2)
            return
        self._show_desk(desk, ours=self._given is None)
        self.post_message(DeskOpened())

    async def _desk_on(self, store: str) -> Desk:
        reload = self.memory.preferences.reload or self._reload or "auto"
        return await open_desk(self.workflows, store, self._durability, self.mode, reload, self._stand_in)

    def _show_desk(self, desk: Desk, *, ours: bool) -> None:
        """Take in a store that was opened, and show it."""
        if isinstance(desk, EngineDesk):
            follow_reloads(self, desk.engine)
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
        self._show_desk(await self._desk_on(str(path)), ours=True)
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
        if (designer := self.designer) is not None:
            designer.show_store()

    def make_reader(self, path: Path) -> Reader:
        """What answers the questions of the screens."""
        return Reader(path)

    def sent_path(self) -> Path | None:
        """Where what is sent by hand is kept: beside the store; None for a store that is not kept itself."""
        if self.desk is None or self.desk.read_only or self._store == ":memory:":
            return None
        return sent_path(self.desk.path)

    @on(DeskOpened)
    def start_showing(self) -> None:
        """Everything may be asked now."""
        if self.door is not None:
            if self.first_engine is not None:
                self.notify(literal(f"Events are taken at {self.door}"), timeout=10, markup=False)
            else:
                self.tell(f"No engine runs in this process: no events are taken at {self.door}")
            self.door = None
        self._tick()
        self.look_at_clock()
        if (live := self.live) is not None:
            live.show_store()

    @property
    def live(self) -> LiveScreen | None:
        """The live screen, below whatever lies over it."""
        return next((each for each in self.screen_stack if isinstance(each, LiveScreen) and each.ready), None)

    @property
    def designer(self) -> DesignerScreen | None:
        """The designer, when it lies over the live screen."""
        if len(self.screen_stack) < 3:
            return None
        from studio.tui.screens.designer import DesignerScreen

        found = (each for each in self.screen_stack if isinstance(each, DesignerScreen))
        return next((each for each in found if each.ready), None)

    @property
    def shown(self) -> LiveScreen | DesignerScreen | None:
        """The one of the two that is seen. The other asks again when it comes back.

        None while the app ends: the panes go before their screen does, and a tick can come in between.
        """
        return (self.designer or self.live) if self.is_running else None

    @cached_property
    def edits(self) -> Edits:
        """What was changed by the map, to be taken back."""
        # Imported when the designer asks: the first paint does not wait for it.
        from studio.editing.undo import Edits

        return Edits()

    # -- time and change ------------------------------------------------------------------------------

    def _tick(self) -> None:
        if self.desk is not None and (shown := self.shown) is not None:
            shown.tick(self.shown_now())
            self.keep_pace()

    def _committed(self) -> None:
        """Called in the engine's thread after every commit: must cost nothing."""
        if self._signalled.is_set():
            return
        self._signalled.set()
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody looks any more
            cast(asyncio.AbstractEventLoop, self._loop).call_soon_threadsafe(self._schedule_change)

    def _schedule_change(self) -> None:
        since = time.monotonic() - self._changed_at
        self._steady = self._steady + 1 if since < FLOOD_REDRAW_SECONDS else 0
        shortest = FLOOD_REDRAW_SECONDS if self._steady > FLOOD_AFTER else REDRAW_SECONDS
        if self.clock_reading().jump is not None:
            shortest = JUMP_REDRAW_SECONDS
        wait = shortest - since
        if wait > 0:
            # Not set_timer: what the engine's thread calls has no app in its context.
            asyncio.get_running_loop().call_later(wait, self._announce_change)
        else:
            self._announce_change()

    def _announce_change(self) -> None:
        self._changed_at = time.monotonic()
        # Cleared first: what is committed from here on is announced anew.
        self._signalled.clear()
        if (shown := self.shown) is not None:
            shown.post_message(StoreChanged())
        if self._pace == STILL_SECONDS:
            # The clock that stood may have been moved. Not called at once: see _schedule_change.
            self.call_later(self._tick)

    @work(group="look", exclusive=True, exit_on_error=False)
    async def _look(self) -> None:
        # The engine of this process says itself when it has committed.
        if isinstance(self.desk, EngineDesk):
            return
        if isinstance(self.desk, ViewerDesk) and time.monotonic() - self._sought_at > SEEK_SECONDS:
            self._sought_at = time.monotonic()
            if await asyncio.to_thread(self.desk.look_for_engine):
                self._announce_change()
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
        from studio.tui.actions import groups
        from studio.tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(groups(self.screen)))

    def further_commands(self, screen: Screen[Any]) -> list[Command]:
        """What the command palette offers beside the actions that have a key."""
        from studio.tui import new_journey
        from studio.tui.actions import Command

        return [
            *new_journey.commands(self),
            *(
                Command(f"{command.title}: {command.help}", "", command.callback)
                for command in super().get_system_commands(screen)
                if command.title not in ("Keys", "Maximize", "Minimize", "Quit", "Theme")
            ),
            *(
                Command(f"Theme: {name}", "", partial(self.use_theme, name))
                for name in self.available_themes
                if name != self.theme
            ),
        ]

    def use_theme(self, name: str) -> None:
        """Change the colours, for the next start too."""
        self.theme = name

    # -- leaving ----------------------------------------------------------------------------------------

    @property
    def first_engine(self) -> Engine | None:
        """The engine of the store that was opened first; None when none runs here. For any thread."""
        first = next(iter(self.stores.open), None)
        return first.desk.engine if first is not None and isinstance(first.desk, EngineDesk) else None

    @property
    def desk_is_ours(self) -> bool:
        """Whether the engine is one that this app has started."""
        return self._given is None and isinstance(self.desk, EngineDesk)

    @work(group="reopen", exclusive=True, exit_on_error=False)
    async def reopen(self) -> None:
        """Close the store and open it again: there are other workflow files now."""
        await self._close()
        self._open()

    async def _close(self) -> None:
        self.desk = self.reader = None
        self.stuck = await self.stores.close()

    async def on_unmount(self) -> None:
        """Stop the engine; the store is whole at any moment, so this is never waited for long."""
        self.memory.write_notes()
        await self._close()


@contextlib.contextmanager
def opened_door(app: StudioApp, place: tuple[str, int] | None) -> Iterator[None]:
    """Take events by HTTP for the app's engine as long as this lasts; nowhere when no place is named."""
    if place is None:
        yield
        return
    from studio.http.door import Door

    door = Door(lambda: app.first_engine)
    app.door = door.start(*place)
    try:
        yield
    finally:
        door.stop()


def run_studio(
    workflows: str,
    store: str,
    durability: Literal["full", "normal"] = "full",
    *,
    mode: Mode = "run",
    reload: Literal["auto", "ask"] | None = None,
    http: tuple[str, int] | None = None,
    stand_in: StandIn | None = None,
) -> int:
    """Open the studio and stay until it is left.

    Args:
        stand_in: gives what is called in the place of steps; None calls the steps.
        http: host and port at which its engine takes events.

    Returns:
        The exit code.

    Raises:
        StudioError: the store cannot be used, or the address not be had.
    """
    from studio.tui.preferences import settings_path

    if store != ":memory:" and mode == "run":
        Path(store).parent.mkdir(parents=True, exist_ok=True)
    app = StudioApp(
        workflows, store, durability, mode=mode, settings=settings_path(), reload=reload, stand_in=stand_in
    )
    with opened_door(app, http):
        app.run()
    if app.failure is not None:
        raise app.failure
    if app.stuck:
        # A workflow or a step hangs. What was acknowledged is on the disk, and the rest is done
        # again at the next start, so nobody has to wait for it.
        os._exit(app.return_code or 0)
    return app.return_code or 0
