"""The keys that take time back: rewind, undo, redo, fork, stores, steps on hold.

Each asks first what would go, then puts the question with its numbers, then acts. What
came of it, or why not, stands above the keys.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from textual import work
from textual.binding import Binding
from textual.screen import Screen

from studio.clock import wall_ms
from studio.errors import StudioError
from studio.tui.stores import OpenStore
from studio.tui.travel import Travel, travel_of
from studio.tui.widgets.hold_bar import HoldBar
from studio.tui.widgets.said_bar import SaidBar
from studio.tui.widgets.timeline import EntryList
from studio.tui.widgets.times import clock
from studio.tui.widgets.users_list import UsersList
from studio.tui.widgets.waiting import WaitingList

if TYPE_CHECKING:
    from studio.engine.rewind import RewindPreview, UndoPreview
    from studio.store.cut import Behind
    from studio.store.holds import HeldStep
    from studio.store.records import Entry
    from studio.store.snapshots import Snapshot
    from studio.tui.app import StudioApp

TIME_BINDINGS = [
    Binding("z", "undo", "undo", id="undo"),
    Binding("Z", "redo", "redo", show=False, id="redo"),
    Binding("R", "rewind", "rewind to here", show=False, id="rewind"),
    Binding("F", "fork", "fork here", show=False, id="fork"),
    Binding("s", "stores", "stores", show=False, id="stores"),
    Binding("S", "next_store", "next open store", show=False, id="next_store"),
    Binding("H", "held_steps", "steps on hold", show=False, id="held_steps"),
]
NAMED = 5


class LiveTime:
    """The part of the live screen that these keys act on."""

    @property
    def _live(self) -> Screen[None]:
        return cast("Screen[None]", self)

    @property
    def _studio(self) -> StudioApp:
        return cast("StudioApp", self._live.app)

    @property
    def _travel(self) -> Travel:
        return travel_of(self._studio.desk)

    def _say_time(self, text: str, tone: str = "success") -> None:
        self._live.query_one(SaidBar).say(text, tone)

    def _refuse_time(self, error: StudioError) -> None:
        self._say_time(str(error), "error")

    async def _put_question(self, text: str, yes: str, **more: Any) -> str:
        from studio.tui.screens.question import QuestionScreen

        return await self._studio.push_screen_wait(QuestionScreen(text, yes, **more)) or ""

    def _entry(self) -> Entry | None:
        row = self._live.query_one(EntryList).entry
        if row is None:
            self._say_time("no entry is chosen: 2 goes to the timeline", "muted")
        return row

    # -- rewind and fork -------------------------------------------------------------------------------

    @work(group="time", exclusive=True, exit_on_error=True)
    async def action_rewind(self) -> None:
        """Rewind to the entry at the timeline's cursor."""
        row = self._entry()
        if row is None:
            return
        try:
            preview = await self._travel.preview_rewind(row.seq)
            if await self._put_question(rewind_question(preview), "rewind") != "y":
                return
            self._say_time("rewinding …", "muted")
            result = await self._travel.rewind(row.seq)
        except StudioError as error:
            self._refuse_time(error)
            return
        self._say_time(
            f"rewound to {clock(result['at'])} · was kept as snapshot {result['snapshot']} · s shows it"
        )
        self._studio.refresh_all()

    @work(group="time", exclusive=True, exit_on_error=True)
    async def action_fork(self) -> None:
        """Copy the store up to the entry at the timeline's cursor, and open the copy."""
        row = self._entry()
        desk = self._studio.desk
        if row is None or desk is None:
            return
        from studio.tui.screens.name_file import NameFileScreen

        text = f"Fork at {clock(row.at)}? The store up to there is copied into a new file. Its name:"
        name = await self._studio.push_screen_wait(
            NameFileScreen(text, fork_name(desk.path), "fork and open it")
        )
        if not name:
            return
        path = beside(desk.path, name)
        try:
            self._say_time("copying …", "muted")
            await self._travel.fork(row.seq, path)
            await self._studio.open_store(path)
        except StudioError as error:
            self._refuse_time(error)
            return
        self._say_time(f"this is {path.name}, forked at {clock(row.at)} · S goes back")

    # -- undo and redo ---------------------------------------------------------------------------------

    @work(group="time", exclusive=True, exit_on_error=True)
    async def action_undo(self) -> None:
        """Take back the newest act done here; asks when others are touched."""
        try:
            preview = await self._travel.preview_undo()
            if (
                preview.touches_others
                and await self._put_question(undo_question(preview), "take it back") != "y"
            ):
                return
            result = await self._travel.undo()
        except StudioError as error:
            self._refuse_time(error)
            return
        self._say_time(f"took back {result['what']} of {result['user']} · Z brings it back")
        self._studio.refresh_all()

    @work(group="time", exclusive=True, exit_on_error=True)
    async def action_redo(self) -> None:
        """Bring back what was taken."""
        try:
            result = await self._travel.redo()
        except StudioError as error:
            self._refuse_time(error)
            return
        self._say_time(f"brought back {result['what']} of {result['user']}")
        self._studio.refresh_all()

    # -- stores ----------------------------------------------------------------------------------------

    @work(group="time", exclusive=True, exit_on_error=True)
    async def action_stores(self) -> None:
        """Show the open stores and the snapshots."""
        from studio.tui.screens.stores import StoresScreen

        stores = self._studio.stores
        try:
            kept = await self._travel.snapshots()
            chosen = await self._studio.push_screen_wait(StoresScreen(stores.open, stores.shown, kept))
            if isinstance(chosen, OpenStore):
                self._studio.show_open_store(chosen)
            elif chosen is not None:
                await self._open_snapshot(chosen)
        except StudioError as error:
            self._refuse_time(error)

    async def _open_snapshot(self, snapshot: Snapshot) -> None:
        text = (
            f"Return to snapshot {snapshot.number} ({snapshot.why or snapshot.path.name})? "
            "What is now is kept as another snapshot."
        )
        answer = await self._put_question(text, "return to it", others={"o": "open a copy beside"})
        if answer == "y":
            result = await self._travel.restore(snapshot.number)
            self._say_time(f"returned to {clock(result['at'])} · what was is snapshot {result['snapshot']}")
            self._studio.refresh_all()
        elif answer == "o":
            await self._open_copy(snapshot)

    async def _open_copy(self, snapshot: Snapshot) -> None:
        """An engine would change the snapshot itself as time passes; so it gets a copy."""
        path = snapshot.path.with_name(fork_name(snapshot.path))
        now = wall_ms()
        from studio.store.snapshots import fork_store

        await asyncio.to_thread(fork_store, snapshot.path, None, path, now)
        await self._studio.open_store(path)
        self._say_time(f"this is {path.name}, a copy of snapshot {snapshot.number} · S goes back")

    def action_next_store(self) -> None:
        """Go to the next open store."""
        following = self._studio.stores.next
        if following is None:
            self._say_time("no other store is open: F forks this one, s shows snapshots", "muted")
        else:
            self._studio.show_open_store(following)

    # -- steps on hold -----------------------------------------------------------------------------------

    def show_held(self, steps: list[HeldStep]) -> None:
        """Lists say of these steps, and of their users, that they wait."""
        find = self._live.query_one
        users, waiting, timeline = find(UsersList), find(WaitingList), find(EntryList)
        seqs = frozenset(step.seq for step in steps)
        if waiting.on_hold != seqs:
            waiting.on_hold = timeline.around.on_hold = seqs
            users.on_hold = frozenset(step.user for step in steps)
            for each in (users, waiting, timeline):
                each.forget_drawn()

    def action_held_steps(self) -> None:
        """Show the steps that wait for a yes."""
        self.answer_held_step(None)

    @work(group="time", exclusive=True, exit_on_error=True)
    async def answer_held_step(self, seq: int | None) -> None:
        """Ask about the steps that wait, this one first."""
        from studio.tui.screens.held_steps import HeldStepsScreen

        bar = self._live.query_one(HoldBar)
        if bar.why is None:
            self._say_time("no step is on hold", "muted")
            return
        answer = await self._studio.push_screen_wait(HeldStepsScreen(bar.steps, seq))
        try:
            match answer:
                case ("run", int(wait)):
                    await self._travel.release_step(wait)
                    self._say_time("the step runs")
                case ("all", _):
                    await self._travel.release_steps()
                    self._say_time("steps run again")
        except StudioError as error:
            self._refuse_time(error)
        bar.ask()


def rewind_question(preview: RewindPreview) -> str:
    """What goes, with its numbers."""
    behind = preview.behind
    kept = f" Kept as snapshot {preview.snapshot}."
    if not behind.entries:
        return f"Rewind to {clock(preview.at)}? Nothing came after it: the clock goes back.{kept}"
    return f"Rewind to {clock(preview.at)}? {goes(behind)}.{kept}"


def undo_question(preview: UndoPreview) -> str:
    """What goes with it, when that is more than the act."""
    behind = preview.behind
    others = behind.others - 1
    with_it = f", {others:,} other event{'s' * (others != 1)} or acts with it" if others > 0 else ""
    return f"Take back {preview.act.what} of {preview.act.user}? {goes(behind)}{with_it}. Z brings it back."


def goes(behind: Behind) -> str:
    """Entries of users go, and steps."""
    entries, users, done = behind.entries, behind.users, behind.steps_done
    text = f"{entries:,} entr{'y' if entries == 1 else 'ies'} of {users:,} user{'s' * (users != 1)} go"
    if not done:
        return text
    names = [name if count == 1 else f"{name} ×{count:,}" for name, count in behind.steps[:NAMED]]
    more = ", …" if len(behind.steps) > NAMED else ""
    step = "step" if done == 1 else "steps"
    return f"{text}, {done:,} done {step} would run again ({', '.join(names)}{more})"


def beside(store: Path, name: str) -> Path:
    """A file that was named by hand: beside the store, unless it names another folder."""
    return store.parent / Path(name).expanduser()


def fork_name(store: Path) -> str:
    """A name that is free: `studio-fork.db`."""
    name, n = f"{store.stem}-fork{store.suffix}", 1
    while store.with_name(name).exists():
        n += 1
        name = f"{store.stem}-fork-{n}{store.suffix}"
    return name
