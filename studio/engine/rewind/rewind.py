"""Rewind, undo, redo and return to a snapshot: what changes the store as a whole.

Runs in the engine's thread, between two batches. Each is one transaction, with the answer
to whoever asked through the inbox; what is in memory is made to agree after it. Results of
steps that were under way at a rewind no longer count (DESIGN rule 11), but are kept as
former results: nothing is done twice because time was taken back.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from studio.clocks.clock import Clock, VirtualClock, to_datetime, wall_ms
from studio.engine.effects.approval import Approvals
from studio.engine.rewind.preview import ACTS, MOST_ACTS, OwnAct, acts_text, newest_act, read_acts
from studio.engine.work.attempt_result import AttemptResult
from studio.engine.work.batch import Batch
from studio.engine.work.commit_hooks import CommitHook
from studio.engine.work.jump import Jump
from studio.engine.work.work_items import ExclusiveOperation
from studio.errors import StoreError, StudioError
from studio.kernel.ports import Part
from studio.kernel.records import StepResult
from studio.language.kinds import KIND_TEXT, Kind
from studio.store.approvals import drop_orphaned_holds, keep_former
from studio.store.causes import end_of_cause
from studio.store.connect import Connection
from studio.store.cut import behind, cut, last_entry, others_behind, put_back
from studio.store.inbox import answer
from studio.store.meta import meta_of, set_meta
from studio.store.read_entries import moment_of_entry
from studio.store.snapshots import (
    attach,
    cut_and_hold,
    detach,
    keep_snapshot,
    reserve,
    restore_rows,
    snapshot_path,
    standing,
)
from studio.store.sqlite import Store
from studio.store.undone import Undone, all_undone, forget_undone, keep_undone, last_moment

ACT_KINDS = (Kind.EVENT, Kind.CANCELLED, Kind.RESUMED, Kind.RESTARTED)


class Rewinds(CommitHook):
    """What one engine can take back, and what it remembers for that.

    Args:
        jump: gives the jump of the clock that is under way.
    """

    def __init__(self, path: Path, clock: Clock, jump: Callable[[], Jump | None] = lambda: None) -> None:
        self.path = path
        self.clock = clock
        self._under_way = jump
        self.approvals = Approvals()
        self.acts: list[OwnAct] = []
        self.epoch = 0
        """How many times the store was cut so that what runs does not count any more."""
        self._cuts = 0
        self._stale = False
        """Rows were taken away or replaced since they were read."""
        self._undone: list[Undone] = []
        """What can be brought back, the newest last."""
        self._outdone: int | None = None
        """Where the entries begin that made what was taken back impossible to bring back."""
        self._outdoes = False
        """The present batch holds such."""
        self._batch_acts: list[OwnAct] = []
        self._jump: Jump | None = None
        """The one that is an act of the present batch: the first that it is under way in."""

    def load(self, store: Store) -> None:
        """Read what the store keeps."""
        self.acts = read_acts(store.meta(ACTS))
        self.approvals.load(store)
        self._undone = all_undone(store.connection)
        # The engine may have ended right after the batch that brought something new.
        if self._undone:
            top = self._undone[-1].top
            if others_behind(store.connection, top - 1) or any(act.seq >= top for act in self.acts):
                self._let_go(store)

    # -- around each batch -----------------------------------------------------------------

    def begin(self, batch: Batch, part: Part) -> None:
        """A batch begins."""
        self._batch_acts = []
        jump = self._under_way()
        self._jump = jump if jump is not None and not jump.noted and jump.to > jump.start else None
        if (jump := self._jump) is not None:
            self._batch_acts.append(
                OwnAct(jump.since, "jump", "", jump.clock, jump.start, jump.to - jump.start)
            )
        self._outdoes = False
        self.approvals.begin()
        batch.steps.on_hold = self.approvals.held

    def note_act(self, batch: Batch, before: int) -> None:
        """An act of the operator was handled: remember where its entries begin."""
        count = batch.unit.seq - before
        if not count:
            return
        rows = batch.unit.changes.history[-count:]
        row = next((row for row in rows if row[2] in ACT_KINDS), rows[0])
        kind, user, name = row[2], row[3], row[6]
        if kind >= Kind.WORKFLOW_LOADED or user is None:
            return
        unit = batch.unit
        what = unit.name_text(name) if kind == Kind.EVENT else KIND_TEXT[kind]
        self._batch_acts.append(OwnAct(before, what, unit.user_by_id(user).name, self.clock.state()))

    def before_commit(self, batch: Batch) -> None:
        """Add what must be durable with a batch."""
        self.approvals.prepare(batch)
        if self._undone:
            rows = batch.unit.changes.history
            self._outdoes = bool(self._batch_acts) or any(_is_new(row[2], row[4]) for row in rows)
        if self._batch_acts:
            batch.unit.changes.meta.append((ACTS, acts_text([*self.acts, *self._batch_acts])))

    def after_commit(self, batch: Batch) -> None:
        """A batch is durable."""
        if self._batch_acts:
            self.acts = [*self.acts, *self._batch_acts][-MOST_ACTS:]
            self._batch_acts = []
        if self._jump is not None:
            self._jump.noted = True
        self.approvals.committed(batch)
        if self._outdoes:
            self._outdoes = False
            self._let_go(batch.unit.store)

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
        # The step has run, whatever becomes of its result: whoever keeps a log hears of it, once.
        if isinstance(result, AttemptResult):
            batch.lines += result.lines
        if result.launch.epoch == self.epoch and batch.step_result(result, at):
            return True
        if self._cuts:
            self.approvals.remember(batch, result)
        return False

    # -- taking back -----------------------------------------------------------------------

    def rewind(self, store: Store, seq: int, item: ExclusiveOperation) -> dict[str, Any]:
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
            acts.append(OwnAct(last_entry(con), "rewind", "", self.clock.state(), snapshot=kept.number))
            set_meta(con, {ACTS: acts_text(acts)})
            forget_undone(con)
            result = {"at": at, "keep": keep, "snapshot": kept.number}
            _answer(con, item, result)
        self._over(store, acts, standing(at, now, self.clock.virtual), at)
        return result

    def restore(self, store: Store, number: int, item: ExclusiveOperation) -> dict[str, Any]:
        """Return to a snapshot; what was is kept as another.

        Raises:
            StoreError: there is no such snapshot, or it cannot be read.
        """
        return self._return_to(store, number, item)

    def _return_to(
        self, store: Store, number: int, item: ExclusiveOperation, undone: OwnAct | None = None
    ) -> dict[str, Any]:
        """Return to a snapshot: as an act of its own, or to take one back."""
        con = store.connection
        now = wall_ms()
        path = snapshot_path(self.path, number)
        attach(con, path)
        try:
            kept = keep_snapshot(con, self.path, f"before return to snapshot {number}", now)
            with store.transaction():
                at = restore_rows(con, now, store.next_seq - 1, restore=number, snapshot=kept.number)
                forget_undone(con)
                acts = read_acts(meta_of(con, ACTS))
                result: dict[str, Any] = {"at": at, "snapshot": kept.number}
                if undone is None:
                    acts.append(
                        OwnAct(last_entry(con), "restore", "", self.clock.state(), snapshot=kept.number)
                    )
                    set_meta(con, {ACTS: acts_text(acts)})
                else:
                    result |= _act_fields(undone)
                _answer(con, item, result)
        finally:
            detach(con)
        self._over(store, acts, standing(at, now, self.clock.virtual), at)
        return result

    def undo(self, store: Store, item: ExclusiveOperation) -> dict[str, Any]:
        """Undo the newest act with all that came since.

        The clock goes on from the state that it had then, and stands there if it stands now.
        No snapshot is kept: `redo` brings it back. A rewind, or a return to a snapshot, is taken back
        by a return to the snapshot that was kept of what was before; what is now is kept as another.

        Raises:
            StudioError: there is no act, or what it began with is not there any more.
        """
        con = store.connection
        act = newest_act(self.acts)
        if act.snapshot is not None:
            return self._return_to(store, act.snapshot, item, act)
        keep = act.seq - 1
        number = self._undone[-1].number + 1 if self._undone else 1
        before = self.clock.state()
        undone = Undone(
            number, store.next_seq, json.dumps(asdict(act)), acts_text(self.acts), json.dumps(before)
        )
        # What was done during a jump goes with it.
        acts = [each for each in self.acts[:-1] if each.seq <= keep]
        with store.transaction():
            first = moment_of_entry(store, act.seq)
            if first is None:
                raise StoreError("the action is no longer in the history", where=str(self.path))
            at = first if act.began_at is None else act.began_at
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
            result = _act_fields(act)
            _answer(con, item, result)
        self._undone.append(undone)
        self._outdone = None
        self._goes_on(store, acts, clock, at)
        return result

    def redo(self, store: Store, item: ExclusiveOperation) -> dict[str, Any]:
        """Bring back what `undo` took, entry for entry.

        Raises:
            StudioError: nothing was taken back, or other events or actions have come since.
        """
        con = store.connection
        if not self._undone:
            if self._outdone is None:
                raise StudioError("there is nothing to redo", fix="Undo something first.", advice="undo")
            since = others_behind(con, self._outdone - 1)
            come = f"{since:,} other events or actions have come since" if since else "time was moved since"
            raise StudioError(f"it cannot be redone: {come}", fix="Send it again.")
        undone = self._undone[-1]
        act, acts, clock = OwnAct(**json.loads(undone.act)), read_acts(undone.acts), json.loads(undone.clock)
        at = last_moment(con, undone.number)
        with store.transaction():
            keep_former(con, store.salt, undone.top - 1)
            cut(con, undone.top - 1)
            if not put_back(con, undone.number):
                raise StudioError("what was undone is no longer known", fix="Send it again.")
            forget_undone(con, undone.number)
            self._finish(con, store, acts, clock, at)
            result = _act_fields(act)
            _answer(con, item, result)
        self._undone.pop()
        self._goes_on(store, acts, clock, at)
        return result

    def _finish(
        self, con: Connection, store: Store, acts: list[OwnAct], clock: dict[str, Any], at: int
    ) -> None:
        set_meta(con, {ACTS: acts_text(acts), "clock": json.dumps(clock), "last_at": str(at)})
        reserve(con, store.next_seq - 1)
        drop_orphaned_holds(con)

    def _over(self, store: Store, acts: list[OwnAct], clock: dict[str, Any], at: int) -> None:
        """What runs does not count any more."""
        self.epoch += 1
        self._undone, self._outdone = [], None
        self._goes_on(store, acts, clock, at)

    def _goes_on(self, store: Store, acts: list[OwnAct], clock: dict[str, Any], at: int) -> None:
        self._cuts += 1
        self.acts = acts
        if isinstance(self.clock, VirtualClock):
            self.clock.turn_back(at if not clock.get("virtual") else int(clock["at"]))
        else:
            self.clock.adopt(clock, at)
        self._stale = True

    def reread(self, store: Store) -> None:
        """Make what is in memory agree with a store that was cut, or whose rows were replaced.

        Raises:
            StoreError: it cannot be read just now; may be called again.
        """
        if self._stale:
            store.reload()
            self.approvals.load(store)
            self._stale = False


def _is_new(kind: int, journey: int | None) -> bool:
    """Whether an entry says of an event from outside, or of an act."""
    return (kind == Kind.EVENT and journey is None) or kind in (Kind.CANCELLED, Kind.RESUMED, Kind.RESTARTED)


def _act_fields(act: OwnAct) -> dict[str, Any]:
    """What was taken back, or brought back, for whoever asked."""
    passed = {} if act.passed_ms is None else {"passed_ms": act.passed_ms}
    return {"what": act.what, "user": act.user, **passed}


def _answer(con: Connection, item: ExclusiveOperation, result: dict[str, Any]) -> None:
    if item.inbox is not None:
        answer(con, item.inbox, result)
