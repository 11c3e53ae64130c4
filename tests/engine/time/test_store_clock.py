"""The time of a store on which no engine runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio import Engine, VirtualClock
from studio.clocks.adjustable_clock import ClockReading, moment, reading
from studio.clocks.clock import wall_ms
from studio.engine.local import LocalEngine
from studio.engine.time.store_clock import rewind_alone, turn_alone
from studio.errors import ClockError, StoreError, StoreLocked, StudioError
from studio.language.incoming import incoming
from studio.store.lock import alone_on
from studio.store.meta import SET_META
from studio.store.sqlite import Store
from studio.store.views import Views
from tests.engine.support import entries
from tests.store.build import START, Builder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with two events in it."""
    made = Builder(tmp_path / "a.db")
    for n in range(2):
        made.event("go", "ada", n)
    return made.done()


def clock(path: Path) -> ClockReading:
    with Views(path) as views:
        return reading(views.clock())


def test_a_turn_is_there_for_the_next_engine_and_is_told(path: Path) -> None:
    turn_alone(path, {"paused": True})
    turn_alone(path, {"speed": 60})
    assert (clock(path).paused, clock(path).speed) == (True, 60)
    # What it has already changes nothing.
    turn_alone(path, {"speed": 60})
    told = [each.data for each in entries(path, "clock.moved")]
    assert [(each.get("paused"), each.get("speed")) for each in told] == [(True, None), (None, 60)]


def test_a_virtual_clock_is_not_for_turning(path: Path) -> None:
    store = Store(path)
    with store.transaction() as con:
        con.execute(SET_META, ("clock", json.dumps({"virtual": True})))
    store.close()
    with pytest.raises(ClockError):
        turn_alone(path, {"paused": True})
    with pytest.raises(ClockError):
        turn_alone(path, {"speed": 7_777_777})


def test_a_rewind_keeps_what_was_as_a_snapshot(path: Path) -> None:
    last = entries(path)[0].seq
    found = rewind_alone(path, last)
    assert (found["keep"], found["snapshot"]) == (last, 1)
    assert [each.seq for each in entries(path)][:1] == [last]
    assert len(entries(path, "event")) == 1
    with pytest.raises(StoreError):
        rewind_alone(path, 999)


def test_where_an_engine_runs_it_is_asked_and_where_there_is_no_store_none_is_made(path: Path) -> None:
    with alone_on(path):
        with pytest.raises(StoreLocked):
            turn_alone(path, {"paused": True})
        with pytest.raises(StoreLocked):
            rewind_alone(path, 1)
    nowhere = path.with_name("none.db")
    with pytest.raises(StoreError, match="there is no store here"):
        turn_alone(nowhere, {"paused": True})
    assert not nowhere.exists()


def test_a_fast_clock_stands_until_an_engine_runs(path: Path) -> None:
    turn_alone(path, {"speed": 3600})
    with Views(path) as views:
        state = views.clock()
    assert (state["speed"], state["rate"]) == (3600, 0)
    assert moment(state, wall_ms() + 10_000) == moment(state, wall_ms())
    # At the pace of real time there is nothing to stop.
    turn_alone(path, {"speed": 1})
    with Views(path) as views:
        assert "rate" not in views.clock()


async def test_what_was_done_by_hand_before_a_rewind_can_still_be_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with Engine(store=path, clock=VirtualClock(START)) as engine:
        for name in ("first", "second", "third"):
            await LocalEngine(engine).send(incoming(name, "ada", {}))
    first, second, third = sorted(each.seq for each in entries(path, "event"))
    rewind_alone(path, second)
    assert len(entries(path, "event")) == 2
    undone = []
    async with Engine(store=path, clock=VirtualClock(START)) as engine:
        for _ in range(4):
            undone.append((await engine.preview_undo()).act.seq)
            await engine.undo()
    # First the rewind itself.
    assert undone[1:] == [third, second, first]
    assert entries(path, "event") == []


async def test_what_was_taken_back_before_a_rewind_is_not_brought_back_after_it(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with Engine(store=path, clock=VirtualClock(START)) as engine:
        for name in ("first", "second", "third"):
            await LocalEngine(engine).send(incoming(name, "ada", {}))
        await engine.undo()
    first = min(each.seq for each in entries(path, "event"))
    rewind_alone(path, first)
    async with Engine(store=path, clock=VirtualClock(START)) as engine:
        with pytest.raises(StudioError, match="redo"):
            await engine.redo()
    assert [each.seq for each in entries(path, "event")] == [first]
