"""Rewind, undo, redo and return to a snapshot: what changes the store as a whole.

Runs in the engine's thread, between two batches. Each is one transaction, with the answer
to whoever asked through the inbox; what is in memory is made to agree after it. Results of
steps that were under way at a rewind no longer count (DESIGN rule 11), but are kept as
former results: nothing is done twice because time was taken back.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from studio.clock import Clock, VirtualClock, to_datetime, wall_ms
from studio.engine.batch import Batch
from studio.engine.cause import StepResult
from studio.engine.holds import Holds
from studio.engine.items import Alone
from studio.errors import StoreError, StudioError
from studio.store.connect import connect_reader, translate
from studio.store.cut import Behind, behind, cut, end_of_cause, others_behind, put_back
from studio.store.holds import keep_former
from studio.store.schema import KIND_TEXT, Kind
from studio.store.snapshots import (
    attach,
    cut_and_hold,
    keep_snapshot,
    next_number,
    reserve,
    restore_rows,
    snapshot_path,
    standing,
)
from studio.store.sqlite import ADD_ANSWER, END_INBOX, SET_META, Store
from studio.store.undone import Undone, all_undone, forget_undone, keep_undone

ACTS = "acts"
"""meta: the newest acts done here, as `OwnAct`s, oldest first."""
MOST_ACTS = 100
ACT_KINDS = (Kind.EVENT, Kind.CANCELLED, Kind.RESUMED, Kind.RESTARTED)


@dataclass(frozen=True, slots=True)
class OwnAct:
    """An act of the operator that can be taken back."""

    seq: int
    """Of its first entry."""
    what: str
    """The event's name, or what was done: "journey.cancelled"."""
    user: str
    clock: dict[str, Any]
    """The state of the clock before it."""


@dataclass(frozen=True, slots=True)
class RewindPreview:
    """What a rewind to an entry would take away."""

    seq: int
    at: int
    """The moment at which the clock would stand."""
    behind: Behind
    snapshot: int
    """The number of the snapshot that would be kept."""


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """What taking back the newest act would take away."""

    act: OwnAct
    behind: Behind

    @property
    def touches_others(self) -> bool:
        """More goes than the act and what it did to its user."""
        return self.behind.users > 1 or self.behind.others > 1


def preview_rewind(path: Path, seq: int) -> RewindPreview:
    """Count what a rewind to the end of an entry's cause would take away.

    Raises:
        StoreError: there is no such entry, or the store cannot be read.
    """
    con = connect_reader(path)
    try:
        con.execute("BEGIN")
        keep = end_of_cause(con, seq, path)
        found = behind(con, keep)
        con.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise translate(error, path) from error
    finally:
        con.close()
    return RewindPreview(seq, found.at, found, next_number(path))


def preview_undo(path: Path) -> UndoPreview:
    """Count what taking back the newest act would take away.

    Raises:
        StudioError: there is none.
    """
    con = connect_reader(path)
    try:
        con.execute("BEGIN")
        row = con.execute("SELECT value FROM meta WHERE key = ?", (ACTS,)).fetchone()
        act = _newest(_read_acts(row[0] if row else None))
        found = behind(con, act.seq - 1)
        con.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise translate(error, path) from error
    finally:
        con.close()
    return UndoPreview(act, found)


def _read_acts(text: str | None) -> list[OwnAct]:
    return [OwnAct(**fields) for fields in json.loads(text)] if text else []


def _newest(acts: list[OwnAct]) -> OwnAct:
    if not acts:
        raise StudioError("there is no act to take back", fix="R rewinds to any entry.")
    return acts[-1]


class Rewinds:
    """What one runner can take back, and what it remembers for that."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self.clock = clock
        self.holds = Holds()
        self.acts: list[OwnAct] = []
        self.era = 0
        """How many times the store was cut so that what runs does not count any more."""
        self._cuts = 0
        self._undone: list[Undone] = []
        """What can be brought back, the newest last."""
        self._outdone: int | None = None
        """Where the entries begin that made what was taken back impossible to bring back."""
        self._outdoes = False
        """The present batch holds such."""
        self._batch_acts: list[OwnAct] = []

    def load(self, store: Store) -> None:
        """Read what the store keeps."""
        self.acts = _read_acts(store.meta(ACTS))
        self.holds.load(store)
        self._undone = all_undone(store.connection)
        # The engine may have ended right after the batch that brought something new.
        if self._undone and others_behind(store.connection, self._undone[-1].top - 1):
            self._let_go(store)

    # -- around each batch -----------------------------------------------------------------

    def begin(self, batch: Batch) -> None:
        """A batch begins."""
        self._batch_acts = []
        self._outdoes = False
        self.holds.begin()
        batch.on_hold = self.holds.held

    def note_act(self, batch: Batch, before: int) -> None:
        """An act of the operator was handled: remember where its entries begin."""
        count = batch.overlay.seq - before
        if not count:
            return
        rows = batch.overlay.changes.history[-count:]
        row = next((row for row in rows if row[2] in ACT_KINDS), rows[0])
        kind, user, name = row[2], row[3], row[6]
        if kind >= Kind.WORKFLOW_LOADED or user is None:
            return
        overlay = batch.overlay
        what = overlay.store.name_text(name) if kind == Kind.EVENT else KIND_TEXT[kind]
        self._batch_acts.append(OwnAct(before, what, overlay.user_by_id(user).name, self.clock.state()))

    def before_commit(self, batch: Batch) -> None:
        """Add what must be durable with a batch."""
        self.holds.prepare(batch)
        if self._undone:
            rows = batch.overlay.changes.history
            self._outdoes = bool(self._batch_acts) or any(_is_new(row[2], row[4]) for row in rows)
        if self._batch_acts:
            batch.overlay.changes.meta.append((ACTS, _acts_text([*self.acts, *self._batch_acts])))

    def after_commit(self, batch: Batch) -> None:
        """A batch is durable."""
        if self._batch_acts:
            self.acts = [*self.acts, *self._batch_acts][-MOST_ACTS:]
            self._batch_acts = []
        self.holds.committed(batch)
        if self._outdoes:
            self._outdoes = False
            self._let_go(batch.overlay.store)

    def _let_go(self, store: Store) -> None:
        """Something new has come: what was taken back cannot be brought back any more."""
        self._outdone = self._undone[-1].top
        self._undone = []
        try:
            with store.transaction() as con:
                forget_undone(con)
        except StoreError:
            # Nothing depends on it: the next start finds that something has come since, and lets go then.
            return

    def take_result(self, batch: Batch, result: StepResult, at: int) -> bool:
        """Take a step's result, or keep it when what it was for was cut off."""
        if result.launch.era == self.era and batch.step_result(result, at):
            return True
        if self._cuts:
            self.holds.remember(batch, result)
        return False

    # -- taking back -----------------------------------------------------------------------

    def rewind(self, store: Store, seq: int, item: Alone) -> dict[str, Any]:
        """Cut the store at the end of an entry's cause; what was is kept as a snapshot.

        Raises:
            StoreError: there is no such entry, or a file could not be written.
        """
        con = store.connection
        keep = end_of_cause(con, seq, self.path)
        now = wall_ms()
        at = behind(con, keep).at
        why = f"before rewind to {to_datetime(at).astimezone():%H:%M:%S}"
        kept = keep_snapshot(con, self.path, why, now)
        with store.transaction():
            cut_and_hold(con, keep, now, "rewind", store.next_seq - 1, snapshot=kept.number)
            acts = [act for act in self.acts if act.seq <= keep]
            con.execute(SET_META, (ACTS, _acts_text(acts)))
            forget_undone(con)
            result = {"at": at, "keep": keep, "snapshot": kept.number}
            _answer(con, item, result)
        self._over(store, acts, standing(at, now, self.clock.virtual), at)
        return result

    def restore(self, store: Store, number: int, item: Alone) -> dict[str, Any]:
        """Return to a snapshot; what was is kept as another.

        Raises:
            StoreError: there is no such snapshot, or it cannot be read.
        """
        con = store.connection
        now = wall_ms()
        path = snapshot_path(self.path, number)
        attach(con, path)
        try:
            kept = keep_snapshot(con, self.path, f"before return to snapshot {number}", now)
            with store.transaction():
                at = restore_rows(con, now, store.next_seq - 1, restore=number, snapshot=kept.number)
                forget_undone(con)
                row = con.execute("SELECT value FROM main.meta WHERE key = ?", (ACTS,)).fetchone()
                result = {"at": at, "snapshot": kept.number}
                _answer(con, item, result)
        finally:
            con.execute("DETACH DATABASE kept")
        self._over(store, _read_acts(row[0] if row else None), standing(at, now, self.clock.virtual), at)
        return result

    def undo(self, store: Store, item: Alone) -> dict[str, Any]:
        """Take back the newest act with all that came since.

        The clock goes on from the state that it had then, and stands there if it stands now.
        No snapshot is kept: `redo` brings it back.

        Raises:
            StudioError: there is no act, or what it began with is not there any more.
        """
        con = store.connection
        act = _newest(self.acts)
        keep = act.seq - 1
        number = self._undone[-1].number + 1 if self._undone else 1
        before = self.clock.state()
        undone = Undone(
            number, store.next_seq, json.dumps(asdict(act)), _acts_text(self.acts), json.dumps(before)
        )
        acts = self.acts[:-1]
        with store.transaction():
            if not con.execute("SELECT 1 FROM history WHERE seq = ?", (act.seq,)).fetchone():
                raise StoreError("the act is not in the history any more", where=str(self.path))
            (at,) = con.execute("SELECT at FROM history WHERE seq = ?", (act.seq,)).fetchone()
            clock = act.clock
            if before.get("paused"):
                # A clock that stands is not set going by taking something back.
                clock = standing(at, wall_ms(), self.clock.virtual)
            keep_former(con, store.salt, keep)
            if number == 1:
                # What a full disk kept from being let go.
                forget_undone(con)
            cut(con, keep, number)
            keep_undone(con, undone)
            self._finish(con, store, acts, clock, at)
            result = {"what": act.what, "user": act.user}
            _answer(con, item, result)
        self._undone.append(undone)
        self._outdone = None
        self._goes_on(store, acts, clock, at)
        return result

    def redo(self, store: Store, item: Alone) -> dict[str, Any]:
        """Bring back what `undo` took, entry for entry.

        Raises:
            StudioError: nothing was taken back, or other events or acts have come since.
        """
        con = store.connection
        if not self._undone:
            if self._outdone is None:
                raise StudioError("nothing was taken back", fix="z takes back the newest act.")
            since = others_behind(con, self._outdone - 1)
            raise StudioError(
                f"it cannot be brought back: {since:,} other events or acts have come since",
                fix="Send it again.",
            )
        undone = self._undone[-1]
        act, acts, clock = OwnAct(**json.loads(undone.act)), _read_acts(undone.acts), json.loads(undone.clock)
        at = _last_at(con, undone.number)
        with store.transaction():
            keep_former(con, store.salt, undone.top - 1)
            cut(con, undone.top - 1)
            if not put_back(con, undone.number):
                raise StudioError("what was taken back is not known any more", fix="Send it again.")
            forget_undone(con, undone.number)
            self._finish(con, store, acts, clock, at)
            result = {"what": act.what, "user": act.user}
            _answer(con, item, result)
        self._undone.pop()
        self._goes_on(store, acts, clock, at)
        return result

    def _finish(
        self, con: sqlite3.Connection, store: Store, acts: list[OwnAct], clock: dict[str, Any], at: int
    ) -> None:
        con.execute(SET_META, (ACTS, _acts_text(acts)))
        con.execute(SET_META, ("clock", json.dumps(clock)))
        con.execute(SET_META, ("last_at", str(at)))
        reserve(con, store.next_seq - 1)
        # A hold on a step that is gone would be a hold on nothing.
        con.execute(
            "DELETE FROM meta WHERE key > 'held/' AND key < 'held0'"
            " AND CAST(substr(key, 6) AS INTEGER) NOT IN (SELECT id FROM waits)"
        )

    def _over(self, store: Store, acts: list[OwnAct], clock: dict[str, Any], at: int) -> None:
        """What runs does not count any more."""
        self.era += 1
        self._undone, self._outdone = [], None
        self._goes_on(store, acts, clock, at)

    def _goes_on(self, store: Store, acts: list[OwnAct], clock: dict[str, Any], at: int) -> None:
        self._cuts += 1
        self.acts = acts
        if isinstance(self.clock, VirtualClock):
            self.clock.turn_back(at if not clock.get("virtual") else int(clock["at"]))
        else:
            self.clock.adopt(clock, at)
        store.reload()
        self.holds.load(store)


def _is_new(kind: int, journey: int | None) -> bool:
    """Whether an entry says of an event from outside, or of an act."""
    return (kind == Kind.EVENT and journey is None) or kind in (Kind.CANCELLED, Kind.RESUMED, Kind.RESTARTED)


def _last_at(con: sqlite3.Connection, number: int) -> int:
    statement = "SELECT coalesce(max(at), 0) FROM undone_history WHERE undo = ?"
    (at,) = con.execute(statement, (number,)).fetchone()
    return int(at)


def _acts_text(acts: list[OwnAct]) -> str:
    return json.dumps([asdict(act) for act in acts[-MOST_ACTS:]])


def _answer(con: sqlite3.Connection, item: Alone, result: dict[str, Any]) -> None:
    if item.inbox is not None:
        con.execute(END_INBOX, (item.inbox,))
        con.execute(ADD_ANSWER, (item.inbox, wall_ms(), json.dumps({"ok": True, **result})))
