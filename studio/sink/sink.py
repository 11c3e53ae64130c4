"""Takes turns of any number of users' partitions into one store.

A turn told twice counts once; one that comes too early is sent back with the number that is wanted; one that
cannot be taken is kept aside with its reason, and stops nobody else. Each batch is one transaction.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from studio.clocks.clock import wall_ms
from studio.engine.work.heartbeat import Heartbeat
from studio.engine.work.unit_of_work import StoreUnit
from studio.errors import StoreError
from studio.kernel.turn import Turn
from studio.sink.numbers import Numbers
from studio.sink.receipts import ERASED, TurnReceipt, unpacked
from studio.sink.taking import take_turn
from studio.store.capabilities import set_writer, writer_of
from studio.store.codes import add_source
from studio.store.database import Durability
from studio.store.engine_metrics import ENGINE, ENGINE_METRICS
from studio.store.erase import erase
from studio.store.foreign import has_own_history
from studio.store.forget_foreign import set_tombstone
from studio.store.lock import take_lock
from studio.store.meta import set_meta
from studio.store.sqlite import Store
from studio.text.source_code import error_text


@dataclass(slots=True)
class _Batch:
    unit: StoreUnit
    numbers: Numbers
    receipts: list[TurnReceipt] = field(default_factory=list)


class Sink:
    """A store that takes turns. It holds the store's lock, as an engine does.

    Other processes see it as they see an engine: who writes, and how it gets on.

    Args:
        path: the store; made when it is not there.
        driver: what carries the users on whose turns it takes, as people call it.

    Raises:
        StoreLocked: an engine or another sink writes on it.
        StoreError: it cannot be used, or an engine has carried on journeys in it.
    """

    def __init__(
        self, path: str | Path, durability: Durability = "full", driver: str = "another driver"
    ) -> None:
        self.path = Path(path)
        self.told: int | None = None
        """seq of the newest event that a `set_event` has taken; kept with the next turns, and at the end."""
        self._durability = durability
        self._heartbeat = Heartbeat()
        self._lock = take_lock(self.path)
        try:
            self._store = Store(self.path, durability)
            try:
                self._sign_on(driver)
            except BaseException:
                self._store.close()
                raise
        except BaseException:
            self._lock.release()
            raise

    def _sign_on(self, driver: str) -> None:
        with self._store.transaction() as con:
            if writer_of(con) is None and has_own_history(con):
                raise StoreError(
                    "an engine has carried on journeys in this store",
                    where=str(self.path),
                    fix="Name another file for the turns of another driver.",
                    advice="name a store",
                )
            set_writer(con, driver)
            set_meta(
                con, {ENGINE: json.dumps({"pid": os.getpid(), "since": wall_ms()}), ENGINE_METRICS: None}
            )

    def close(self) -> None:
        """Let the store go."""
        try:
            try:
                with self._store.transaction() as con:
                    set_meta(con, {ENGINE: None, ENGINE_METRICS: None, **dict(self._told_rows())})
            finally:
                self._store.close()
        finally:
            self._lock.release()

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- turns -----------------------------------------------------------------------------

    def take_packed(self, packed: Sequence[bytes], at: int) -> list[TurnReceipt]:
        """Take turns as they come over the wire; bytes that are no turn are refused.

        Args:
            at: now, milliseconds since 1970, UTC.
        """
        turns, unreadable = unpacked(packed)
        return unreadable + self.take(turns, at)

    def take(self, turns: Sequence[Turn], at: int) -> list[TurnReceipt]:
        """Take turns; those of one user in their order.

        Args:
            at: now, milliseconds since 1970, UTC.

        Returns:
            What came of each, in the order given.

        Raises:
            StoreError: nothing was written, and all may be told again.
        """
        refused: dict[int, str] = {}
        while True:
            batch = self._begin(turns, at)
            wrong = self._fill(batch, turns, refused)
            if wrong is None:
                break
            # It may have changed half of what it changes: the others are taken anew, without it.
            refused[wrong[0]] = wrong[1]
        for index, reason in refused.items():
            batch.numbers.keep_aside(turns[index], reason, at)
        batch.numbers.write()
        self._add_metrics(batch)
        batch.unit.commit()
        return batch.receipts

    def erase(self, user: str, begins: int | None = None) -> None:
        """Forget a user who was erased by their driver; turns that come late are refused. May be told twice.

        Args:
            begins: the number at which the turns of a new life begin; None refuses all of the user.

        Raises:
            StoreError: it has to be told again: a file cannot be written, or another program reads it.
        """
        with self._store.transaction() as con:
            set_tombstone(con, user, begins)
        self._store.close()
        try:
            erase(self.path, user, locked=True)
        finally:
            self._store = Store(self.path, self._durability)

    def add_code(self, workflow: str, hash: str, file: str, source: str, at: int) -> None:
        """Keep the source of a workflow's version: what entries name by its hash."""
        add_source(self._store, workflow, hash, file, source, at)

    def _told_rows(self) -> list[tuple[str, str]]:
        return [] if self.told is None else [("told", str(self.told))]

    def _add_metrics(self, batch: _Batch) -> None:
        count = Counter(told.came for told in batch.receipts)
        row = self._heartbeat.row(count["taken"], count["early"], 0)
        if row is not None:
            batch.unit.changes.meta.append(row)

    def _begin(self, turns: Sequence[Turn], at: int) -> _Batch:
        unit = StoreUnit(self._store, {}, {})
        numbers = Numbers(self._store, unit)
        numbers.load(turns)
        unit.changes.meta.append(("last_at", str(max(self._store.last_at, at))))
        unit.changes.meta += self._told_rows()
        return _Batch(unit, numbers)

    def _fill(self, batch: _Batch, turns: Sequence[Turn], refused: dict[int, str]) -> tuple[int, str] | None:
        """Take all turns of a batch; gives the one that cannot be taken, with the reason."""
        for index, turn in enumerate(turns):
            receipt = TurnReceipt(turn.user, turn.first, "taken")
            batch.receipts.append(receipt)
            if index in refused:
                receipt.came, receipt.reason = "refused", refused[index]
                continue
            if batch.numbers.is_late(turn):
                # Nothing of it is kept: its user is to be forgotten.
                receipt.came, receipt.reason = "refused", ERASED
                continue
            wanted = batch.numbers.next_of(turn.user)
            if turn.first > wanted:
                receipt.came, receipt.wanted, receipt.wanted_from = "early", turn.user, wanted
            elif turn.first < wanted:
                if not batch.numbers.is_same(turn):
                    return index, "another turn with this number was taken before"
                receipt.came = "known"
            else:
                missing = batch.numbers.missing_origin(turn)
                if missing is not None:
                    receipt.came, (receipt.wanted, receipt.wanted_from) = "early", missing
                    continue
                try:
                    take_turn(turn, batch.unit, batch.numbers)
                except StoreError:
                    raise
                except Exception as error:
                    return index, error_text(error)
        return None
