"""The keys that take time back: rewind, undo, redo, fork, stores, steps on hold.

Each asks first what would go, then puts the question with its numbers, then acts. What
came of it, or why not, stands above the keys.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.binding import Binding

from studio.clocks.clock import wall_ms
from studio.engine.client import EngineClient
from studio.errors import StudioError
from studio.tui.format.advice import keyed
from studio.tui.screens.control import Control
from studio.tui.session.messages import OpenStoreFile, ShowStore, StoreReplaced
from studio.tui.session.open_stores import OpenStore
from studio.tui.session.read_only import refusal
from studio.tui.widgets.approval_bar import ApprovalBar
from studio.tui.widgets.timeline import EntryList
from studio.tui.widgets.users_list import UsersList
from studio.tui.widgets.waiting import WaitingList
from studio.wording.removal import removed
from studio.wording.times import MINUTE, SECOND, clock, span

if TYPE_CHECKING:
    from studio.engine.rewind.preview import RewindPreview, UndoPreview
    from studio.store.approvals import HeldStep
    from studio.store.records import Entry
    from studio.store.snapshots import StoreSnapshot

TIME_BINDINGS = [
    Binding("z", "undo", "undo", id="undo"),
    Binding("Z", "redo", "redo", show=False, id="redo"),
    Binding("R", "rewind", "rewind to here", show=False, id="rewind"),
    Binding("F", "fork", "fork here", show=False, id="fork"),
    Binding("s", "stores", "stores", show=False, id="stores"),
    Binding("S", "next_store", "next open store", show=False, id="next_store"),
    Binding("H", "held_steps", "steps on hold", show=False, id="held_steps"),
]


class TimeControl(Control):
    """Takes time back, and answers for the steps that are on hold since."""

    @property
    def _client(self) -> EngineClient:
        client = self.session.client
        if client is None:
            raise StudioError("the store is not open yet")
        if client.read_only:
            raise refusal("cannot undo or rewind", client)
        return client

    def _refuse(self, error: StudioError) -> None:
        self.say(keyed(error), "error")

    async def _put_question(self, text: str, yes: str, **more: Any) -> str:
        from studio.tui.screens.question import QuestionScreen

        return await self.screen.app.push_screen_wait(QuestionScreen(text, yes, **more)) or ""

    def _entry(self) -> Entry | None:
        row = self.screen.query_one(EntryList).entry
        if row is None:
            self.say("no entry is chosen: 2 goes to the timeline", "muted")
        return row

    def _tell_replaced(self) -> None:
        self.screen.app.post_message(StoreReplaced())

    # -- rewind and fork -------------------------------------------------------------------------------

    async def rewind(self) -> None:
        """Rewind to the entry at the timeline's cursor."""
        row = self._entry()
        if row is None:
            return
        try:
            preview = await self._client.preview_rewind(row.seq)
            if await self._put_question(rewind_question(preview), "rewind") != "y":
                return
            self.say("rewinding …", "muted")
            result = await self._client.rewind(row.seq)
        except StudioError as error:
            self._refuse(error)
            return
        kept = f"the state before is snapshot {result['snapshot']} · s shows it"
        self.say(f"rewound to {clock(result['at'])} · {kept}")
        self._tell_replaced()

    async def fork(self) -> None:
        """Copy the store up to the entry at the timeline's cursor, and open the copy."""
        row = self._entry()
        client = self.session.client
        if row is None or client is None:
            return
        if client.read_only:
            self._refuse(refusal("cannot copy the store", client))
            return
        from studio.tui.screens.name_file import NameFileScreen

        text = f"Fork at {clock(row.at)}? The store up to there is copied into a new file. Its name:"
        name = await self.screen.app.push_screen_wait(
            NameFileScreen(text, fork_name(client.path), "fork and open it")
        )
        if not name:
            return
        path = beside(client.path, name)
        try:
            self.say("copying …", "muted")
            with self.session.works.under_way(f"fork into {path.name}", can_stop=False):
                await self._client.fork(row.seq, path)
        except StudioError as error:
            self._refuse(error)
            return
        said = f"this is {path.name}, forked at {clock(row.at)} · S goes back"
        self.screen.app.post_message(OpenStoreFile(path, said))

    # -- undo and redo ---------------------------------------------------------------------------------

    async def undo(self) -> None:
        """Undo the newest act done here; asks when others are touched."""
        try:
            preview = await self._client.preview_undo()
            if preview.touches_others and await self._put_question(undo_question(preview), "undo it") != "y":
                return
            result = await self._client.undo()
        except StudioError as error:
            self._refuse(error)
            return
        kept = result.get("snapshot")
        back = f"the state before is snapshot {kept} · s shows it" if kept else "Z redoes it"
        self.say(f"undone: {act_words(result)} · {back}")
        self._tell_replaced()

    async def redo(self) -> None:
        """Bring back what was taken."""
        try:
            result = await self._client.redo()
        except StudioError as error:
            self._refuse(error)
            return
        self.say(f"redone: {act_words(result)}")
        self._tell_replaced()

    # -- stores ----------------------------------------------------------------------------------------

    async def stores(self) -> None:
        """Show the open stores and the snapshots."""
        from studio.tui.screens.stores import StoresScreen

        stores = self.session.stores
        try:
            kept = await self._client.snapshots()
            chosen = await self.screen.app.push_screen_wait(StoresScreen(stores.open, stores.shown, kept))
            if isinstance(chosen, OpenStore):
                self.screen.app.post_message(ShowStore(chosen))
            elif chosen is not None:
                await self._open_snapshot(chosen)
        except StudioError as error:
            self._refuse(error)

    async def _open_snapshot(self, snapshot: StoreSnapshot) -> None:
        text = (
            f"Return to snapshot {snapshot.number} ({snapshot.why or snapshot.path.name})? "
            "The present state is kept as another snapshot."
        )
        answer = await self._put_question(text, "return to it", others={"o": "open a copy beside"})
        if answer == "y":
            result = await self._client.restore(snapshot.number)
            self.say(f"returned to {clock(result['at'])} · the state before is snapshot {result['snapshot']}")
            self._tell_replaced()
        elif answer == "o":
            await self._open_copy(snapshot)

    async def _open_copy(self, snapshot: StoreSnapshot) -> None:
        """An engine would change the snapshot itself as time passes; so it gets a copy."""
        path = snapshot.path.with_name(fork_name(snapshot.path))
        now = wall_ms()
        from studio.store.snapshots import fork_store

        await asyncio.to_thread(fork_store, snapshot.path, None, path, now)
        said = f"this is {path.name}, a copy of snapshot {snapshot.number} · S goes back"
        self.screen.app.post_message(OpenStoreFile(path, said))

    def next_store(self) -> None:
        """Go to the next open store."""
        following = self.session.stores.next
        if following is None:
            self.say("no other store is open: F forks this one, s shows snapshots", "muted")
        else:
            self.screen.app.post_message(ShowStore(following))

    # -- steps on hold -----------------------------------------------------------------------------------

    def show_held(self, steps: list[HeldStep]) -> None:
        """Lists say of these steps, and of their users, that they wait."""
        find = self.screen.query_one
        users, waiting, timeline = find(UsersList), find(WaitingList), find(EntryList)
        seqs = frozenset(step.seq for step in steps)
        if waiting.on_hold != seqs:
            waiting.on_hold = timeline.around.on_hold = seqs
            users.on_hold = frozenset(step.user for step in steps)
            for each in (users, waiting, timeline):
                each.forget_drawn()

    async def answer_held_step(self, seq: int | None) -> None:
        """Ask about the steps that wait, this one first."""
        from studio.tui.screens.held_steps import HeldStepsScreen

        bar = self.screen.query_one(ApprovalBar)
        if bar.why is None:
            self.say("no step is waiting for approval", "muted")
            return
        answer = await self.screen.app.push_screen_wait(HeldStepsScreen(bar.steps, seq))
        try:
            match answer:
                case ("run", int(wait)):
                    await self._client.release_step(wait)
                    self.say("the step runs")
                case ("all", _):
                    await self._client.release_steps()
                    self.say("steps run again")
        except StudioError as error:
            self._refuse(error)
        bar.ask()


def rewind_question(preview: RewindPreview) -> str:
    """What goes, with its numbers."""
    behind = preview.behind
    kept = f" Kept as snapshot {preview.snapshot}."
    if not behind.entries:
        return f"Rewind to {clock(preview.at)}? Nothing came after it: the clock goes back.{kept}"
    return f"Rewind to {clock(preview.at)}? {removed(behind)}.{kept}"


def undo_question(preview: UndoPreview) -> str:
    """What goes with it, when that is more than the act."""
    act, behind = preview.act, preview.behind
    words = act_words(asdict(act))
    if act.snapshot is not None:
        return (
            f"Undo {words}? The store will be what snapshot {act.snapshot} holds. "
            "The present state is kept as another snapshot."
        )
    others = behind.others - (act.user != "")
    with_it = f", {others:,} other event{'s' * (others != 1)} or actions with it" if others > 0 else ""
    return f"Undo {words}? {removed(behind)}{with_it}. Z redoes it."


def act_words(act: Mapping[str, Any]) -> str:
    """An act as a person calls it: "app/login of user1", "the jump of 3d 0h"."""
    match act["what"], act["user"]:
        case "jump", "":
            passed = act.get("passed_ms") or 0
            # The clock went on between the question and the jump: of 2d, a moment was over.
            return f"the jump of {span(passed + SECOND if passed > MINUTE else passed)}"
        case "rewind", "":
            return "the rewind"
        case "restore", "":
            return "the return to a snapshot"
        case what, user:
            return f"{what} of {user}"


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
