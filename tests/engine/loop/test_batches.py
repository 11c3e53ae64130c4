"""Batches are made with all that goes along with each."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

from studio import Engine, Journey, WallClock, workflow
from studio.engine.loop.batches import Batches
from studio.engine.loop.state import LoopState
from studio.engine.work.batch import Batch
from studio.engine.work.commit_hooks import CommitHook
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.errors import StoreError
from studio.kernel.ports import Part
from studio.store.sqlite import Store
from tests.engine.support import until


@workflow(trigger="go", name="old")
async def old(journey: Journey) -> None:
    """Only looked up here."""


@workflow(trigger="go", name="new")
async def new(journey: Journey) -> None:
    """Only looked up here."""


class Noting(CommitHook):
    def __init__(self, told: list[str], name: str) -> None:
        self.told = told
        self.name = name

    def begin(self, batch: Batch, part: Part) -> None:
        self.told.append(f"{self.name} {part}")


def test_hooks_hear_of_each_batch_that_drives_in_their_order(tmp_path: Path) -> None:
    told: list[str] = []
    state = LoopState(tmp_path / "a.db", {"old": old}, WallClock(), 100, None, None)
    batches = Batches(state, (Noting(told, "first"), Noting(told, "second")), ask=False)
    store, watch = Store(tmp_path / "a.db"), ThreadMonitor()
    batch = batches.new(store, watch, "serve")
    assert told == ["first serve", "second serve"]
    assert (state.batch, batch.watch, batch.asks) == (batch, watch, None)
    plain = batches.plain(store)
    assert (len(told), state.batch) == (2, batch)
    assert plain.watch is not watch
    store.close()


def test_a_batch_drives_the_code_that_runs_when_it_is_made(tmp_path: Path) -> None:
    state = LoopState(tmp_path / "a.db", {"old": old}, WallClock(), 100, None, None)
    batches, store = Batches(state, (), ask=True), Store(tmp_path / "a.db")
    before = batches.new(store, ThreadMonitor())
    state.code.replace({"new": new})
    after = batches.new(store, ThreadMonitor())
    assert [list(each.unit.workflows) for each in (before, after)] == [["old"], ["new"]]
    assert [each.name for each in after.routes.of("go")[1]] == ["new"]
    assert after.asks == []
    store.close()


def test_what_stood_in_the_batch_before_is_closed_and_its_fault_is_past(tmp_path: Path) -> None:
    state = LoopState(tmp_path / "a.db", {"old": old}, WallClock(), 100, None, None)
    batches, store, watch = Batches(state, (), ask=False), Store(tmp_path / "a.db"), ThreadMonitor()
    ended: list[int] = []
    watch.live.end = lambda: ended.append(1)  # type: ignore[method-assign]
    faults: list[StoreError | None] = []
    makes: list[Callable[[], Batch]] = [lambda: batches.new(store, watch), lambda: batches.plain(store)]
    for make in makes:
        store.fault = StoreError("of before")
        make()
        faults.append(store.fault)
    assert ended == [1]
    assert faults == [None, None]
    store.close()


async def test_a_batch_that_is_durable_is_held_by_nobody_and_goes_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[weakref.ref[Batch]] = []
    new = Batches.new

    def noting(self: Batches, store: Store, watch: ThreadMonitor, part: Part = "other") -> Batch:
        batch = new(self, store, watch, part)
        made.append(weakref.ref(batch))
        return batch

    monkeypatch.setattr(Batches, "new", noting)
    monkeypatch.setattr(gc, "enable", gc.disable)
    gc.disable()
    try:
        async with Engine(old, store=tmp_path / "a.db") as engine:
            for _ in range(3):
                await engine.ingest("go", "user1")
            # Where it is kept until the next, the collector goes through all that it has read.
            await until(lambda: all(each() is None for each in made))
    finally:
        monkeypatch.undo()
        gc.enable()
    assert len(made) >= 3
