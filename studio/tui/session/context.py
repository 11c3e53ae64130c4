"""What widgets and screens may know of the studio: the one object that is handed down to them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from textual.dom import DOMNode

from studio.clocks.adjustable_clock import ClockReading
from studio.engine.client import EngineClient
from studio.engine.local import LocalEngine
from studio.engine.remote import RemoteClock
from studio.errors import StudioError
from studio.source.project import MEMORY, absolute, working_folder
from studio.store.beside import sent_path
from studio.tui.session.cells import Cells
from studio.tui.session.command_lines import CommandPlace
from studio.tui.session.connection import Mode, connect
from studio.tui.session.long_work import LongWorks
from studio.tui.session.open_stores import OpenStore, OpenStores
from studio.tui.session.reader import Reader
from studio.tui.session.remembered import Memory

if TYPE_CHECKING:
    from studio.design.editing.undo import Edits
    from studio.engine.effects.steps import StandIn
    from studio.tui.session.past import PastCursor


class Session:
    """One start of the studio, until it is left.

    Args:
        workflows: the folder or file with the journeys.
        store: the database.
        client: what to act on; connected to `workflows` and `store` when not given.
        mode: "run" an engine, "view" what another one does, or only "read".
        settings: the file of what the person has set; None for defaults that are not kept.
        reload: what the project says of edited workflow files; the person's settings win.
        stand_in: gives what is called in the place of steps; None calls the steps.
        cells: writes what time alone changes.
        tell: says in one line what went wrong elsewhere.
        committed: called by the engine that is shown after each commit, in its thread.
    """

    def __init__(
        self,
        workflows: str,
        store: str,
        durability: Literal["full", "normal"] = "full",
        *,
        client: EngineClient | None = None,
        mode: Mode = "run",
        settings: Path | None = None,
        reload: Literal["auto", "ask"] | None = None,
        stand_in: StandIn | None = None,
        cells: Cells,
        tell: Callable[[str], object],
        committed: Callable[[], None],
    ) -> None:
        self.mode = mode
        # Made absolute once: steps and workflows may change the working folder of the process.
        self.workflows = str(absolute(workflows))
        self._store, self._durability = store if store == MEMORY else str(absolute(store)), durability
        self.folder = working_folder()
        """What names count from that are typed."""
        self.client: EngineClient | None = None
        """Who drives the journeys of the store that is shown; None while none is open."""
        self.reader: Reader | None = None
        """Answers the questions about that store."""
        self.memory = Memory(settings, tell)
        self.stores = OpenStores(committed)
        self.cells = cells
        self.tell = tell
        self.make_reader: Callable[[Path], Reader] = Reader
        self.keeps_sent = store != MEMORY
        """Whether what is sent by hand is kept beside the store."""
        self.typed_blind = False
        """Whether the key in its turn was pressed before what the one ahead of it led to was seen."""
        self.works = LongWorks()
        """What takes long and is under way here."""
        self.copied = ""
        """The command that was copied last: the same once more is shown, too."""
        self.past: PastCursor | None = None
        """Where in the past one looks; None: at the present."""
        self._given, self._reload, self._stand_in = client, reload, stand_in

    # -- the store that is shown -----------------------------------------------------------------

    @property
    def given(self) -> bool:
        """Whether it was given what to act on, which others close."""
        return self._given is not None

    async def connect(self, store: Path | None = None) -> EngineClient:
        """Open a store: this one, else the first.

        Raises:
            StudioError: it cannot be used.
        """
        if store is None and self._given is not None:
            return self._given
        reload = self.memory.preferences.reload or self._reload or "auto"
        path = self._store if store is None else str(store)
        return await connect(self.workflows, path, self._durability, self.mode, reload, self._stand_in)

    def take(self, client: EngineClient, *, ours: bool) -> None:
        """Show a store that was opened beside those that are open.

        Args:
            ours: it was opened here, and so is closed here.
        """
        self.stores.add(client, self.make_reader(client.path), ours=ours)
        self._follow_shown()

    def show(self, store: OpenStore) -> None:
        """Show a store that is open already."""
        self.stores.show(store)
        self._follow_shown()

    # -- the past ----------------------------------------------------------------------------------

    def begin_past(self) -> PastCursor:
        """Make ready to look at the past of the store that is shown.

        Raises:
            StudioError: none is open.
        """
        from studio.tui.session.past import PastCursor

        if self.stores.shown is None:
            raise StudioError("the store is not open yet")
        self.past = PastCursor(self.stores.shown.client)
        return self.past

    def show_past(self) -> None:
        """From now on all questions are about the past, and nothing can be done."""
        if self.past is not None:
            self.client, self.reader = self.past.client, self.past.reader

    def end_past(self) -> None:
        """Look at the present again."""
        self._follow_shown()

    def _follow_shown(self) -> None:
        past, self.past = self.past, None
        if past is not None:
            past.reader.close()
        if (shown := self.stores.shown) is not None:
            self.client, self.reader = shown.client, shown.reader

    def another_reader(self) -> Reader:
        """A reader beside the one of all panes, for what takes long; it is closed by who asked for it.

        In the past it answers of the moment that is looked at.

        Raises:
            StudioError: no store is open.
        """
        if self.client is None:
            raise StudioError("the store is not open yet")
        past = self.past
        return self.make_reader(self.client.path) if past is None else past.another_reader()

    async def close(self) -> bool:
        """Leave all stores. True when the engine of one did not stop in time."""
        if self.past is not None:
            self.past.reader.close()
        self.client = self.reader = self.past = None
        return await self.stores.close()

    @property
    def sent_path(self) -> Path | None:
        """Where what is sent by hand is kept: beside the store; None for a store that is not kept itself."""
        if self.client is None or self.client.read_only or not self.keeps_sent:
            return None
        return sent_path(self.client.path)

    # -- the engine of this process --------------------------------------------------------------

    @property
    def first_engine(self) -> LocalEngine | None:
        """The engine of the store that was opened first; None when none runs here. For any thread."""
        first = next(iter(self.stores.open), None)
        return first.client if first is not None and isinstance(first.client, LocalEngine) else None

    @property
    def engine_is_ours(self) -> bool:
        """Whether the engine is one that this studio has started."""
        return self._given is None and isinstance(self.client, LocalEngine)

    @property
    def command_place(self) -> CommandPlace | None:
        """What commands of a shell are to be about; None while no store is open."""
        if self.client is None:
            return None
        acting = self.client.command_options
        return CommandPlace.of(self.client.path, self.workflows, self.folder, acting)

    # -- its clock -------------------------------------------------------------------------------

    def clock_reading(self) -> ClockReading:
        """How the clock stands."""
        return self.client.time.reading() if self.client is not None else ClockReading(movable=False)

    def shown_now(self) -> int:
        """The moment that is shown, ms since 1970: during a jump, that of the rows that can be read."""
        if self.client is None:
            return 0
        jump = self.client.time.reading().jump
        return jump.at if jump is not None and jump.at else self.client.clock.now()

    async def learn_clock(self) -> None:
        """A viewer is told by the store how the engine's clock stands."""
        if self.past is not None:
            return
        time = self.client.time if self.client is not None else None
        if isinstance(time, RemoteClock) and self.reader is not None:
            time.clock.learn(await self.reader.ask(lambda views: views.clock()))

    # -- the source ------------------------------------------------------------------------------

    @cached_property
    def edits(self) -> Edits:
        """What was changed by the map, to be taken back."""
        # Imported when the designer asks: the first paint does not wait for it.
        from studio.design.editing.undo import Edits

        return Edits()


class SessionOwner:
    """What the application of a studio is besides: the one that all below it get their session from."""

    session: Session


def session_of(node: DOMNode) -> Session:
    """The session of the studio that a widget or a screen stands in.

    Raises:
        TypeError: it stands in another application.
    """
    if not isinstance(app := node.app, SessionOwner):
        raise TypeError(f"{type(app).__name__} has no session")
    return app.session
