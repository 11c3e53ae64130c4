"""What changes the store as a whole has a turn of its own, and loses nothing of what stands beside it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio import Engine, Journey, VirtualClock, incoming, workflow
from studio.engine.loop.exclusive_operations import ExclusiveOperations, facts_of
from studio.engine.rewind.rewind import Rewinds
from studio.engine.work.jump import Jump
from studio.engine.work.work_items import Advance, Entry, ExclusiveOperation, QueuedEvent
from studio.errors import ClockError, JourneyError, StudioError
from tests.engine.loop.test_committer import sent
from tests.engine.loop.test_recovery import Start
from tests.engine.rewinding import send
from tests.engine.support import entries, settled, sound, until

START = 1_795_519_800_000


async def test_what_was_handed_in_right_behind_it_comes_after_it(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    async with Engine(store=path, clock=VirtualClock(START)) as engine:
        await send(engine, "first", "ann")
        await send(engine, "second", "ann")
        reached, gate = threading.Event(), threading.Event()

        def blocks(*_: Any) -> None:
            reached.set()
            assert gate.wait(60)

        # While the engine's thread is held, both come into one turn.
        runner = engine._running
        held = runner.act(blocks)
        await asyncio.to_thread(reached.wait, 30)
        undone = runner.alone("undo", {})
        later = [engine.submit([incoming(name, "bob", {})]) for name in ("third", "fourth")]
        gate.set()
        for future in (held, undone, *later):
            await asyncio.wait_for(asyncio.wrap_future(future), 60)
        await settled(engine)
    assert [entry.name for entry in entries(path, "event")] == ["first", "third", "fourth"]
    sound(path)


@pytest.mark.parametrize("act", ["undo", "redo"])
async def test_a_step_that_runs_meanwhile_runs_on_and_is_not_called_again(tmp_path: Path, act: str) -> None:
    path = tmp_path / "s.db"
    gate = asyncio.Event()
    calls: list[str] = []

    async def charge() -> str:
        calls.append("charge")
        await gate.wait()
        return "receipt"

    @workflow(trigger="order")
    async def order(journey: Journey) -> Any:
        return await journey.step("charge", charge)

    async with Engine(order, store=path, durability="normal") as engine:
        await send(engine, "other", "bob", by_hand=True)
        if act == "redo":
            await engine.undo()
            await engine.redo()
        await engine.ingest("order", "ann")
        await until(lambda: calls)
        await send(engine, "other", "cat", by_hand=True)
        await engine.undo()
        if act == "redo":
            await engine.redo()
        await asyncio.sleep(0.1)
        gate.set()
        await until(lambda: entries(path, "journey.completed"))
    assert calls == ["charge"]
    assert entries(path, "journey.completed")[0].data == {"result": "receipt"}
    sound(path)


def test_what_another_process_has_written_is_read_or_refused() -> None:
    assert facts_of("rewind", '{"seq": 3}') == facts_of("rewind", {"seq": 3}) == {"seq": 3}
    for body in ("no json", "[3]", "3"):
        with pytest.raises(JourneyError, match="'rewind' lacks what it needs"):
            facts_of("rewind", body)


@pytest.mark.parametrize("body", [{}, {"seq": "3"}, {"number": 3}])
async def test_a_rewind_that_names_no_entry_is_refused(tmp_path: Path, body: dict[str, Any]) -> None:
    async with Engine(store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
        await engine.ingest("hello", "ann")
        with pytest.raises(JourneyError, match="'rewind' lacks what it needs"):
            await asyncio.wrap_future(engine._running.alone("rewind", body))


class Strange(BaseException):
    """Nobody expects it."""


def strange(*_: object) -> None:
    raise Strange("the roof fell in")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(
    ("owner", "name", "says"),
    [
        (Rewinds, "undo", "ended while it was done"),
        (ExclusiveOperations, "_agree", "ended right after it was done"),
    ],
)
async def test_who_asked_hears_how_far_it_came_when_the_engine_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: type, name: str, says: str
) -> None:
    async with Engine(store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
        await send(engine, "hello", "ann")
        monkeypatch.setattr(owner, name, strange)
        with pytest.raises(StudioError, match=says):
            await asyncio.wait_for(engine.undo(), 60)
        monkeypatch.undo()


# -- by itself -------------------------------------------------------------------------------


class Alone:
    """The acts of an engine that has no thread, on a history that they cut or leave."""

    def __init__(self, path: Path) -> None:
        self.start = Start(path)
        self.state = self.start.desk.state
        self.told: list[str] = []
        holding: Any = SimpleNamespace(forget=lambda: self.told.append("forgot"))
        self.operations = ExclusiveOperations(
            self.state, self.start.desk.batches, self.start.committer, self.start.recovery, holding
        )
        self.state.store = self.start.desk.store

    def run(self, act: Callable[[ExclusiveOperation], Any], *others: Entry, inbox: int | None = None) -> Any:
        """Do it; gives what whoever asked was told."""
        future: Future[Any] = Future()
        item = ExclusiveOperation(act, future, inbox)
        self.operations.run(self.start.desk.store, self.start.desk.watch, [(10, item), *others])
        return future.exception(0) or future.result(0)

    def cut(self, item: ExclusiveOperation) -> str:
        """Rows are taken away: what runs does not count any more."""
        self.state.rewinds.epoch += 1
        return "cut"


@pytest.fixture
def alone(tmp_path: Path) -> Alone:
    return Alone(tmp_path / "a.db")


def test_each_act_gives_what_came_of_it(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    item = ExclusiveOperation(lambda item: None, None)
    for name in ("rewind", "restore", "undo", "redo"):
        monkeypatch.setattr(alone.state.rewinds, name, lambda *given, name=name: (name, given[1:]))
    asked: list[tuple[str, Any]] = [
        ("rewind", {"seq": 3}),
        ("restore", '{"number": 2}'),
        ("undo", {}),
        ("redo", "{}"),
    ]
    assert [alone.operations.act(kind, body)(item) for kind, body in asked] == [
        ("rewind", (3, item)),
        ("restore", (2, item)),
        ("undo", (item,)),
        ("redo", (item,)),
    ]
    alone.state.clock_control.jump = Jump(900)
    with pytest.raises(ClockError, match="a jump is under way"):
        alone.operations.act("undo", {})(item)


def test_what_is_refused_is_told_and_leaves_all_as_it_was(alone: Alone) -> None:
    def refuses(item: ExclusiveOperation) -> None:
        raise JourneyError("there is nothing to undo")

    def breaks(item: ExclusiveOperation) -> None:
        raise ValueError("odd")

    waiting = (20, sent("paid"))
    assert str(alone.run(refuses, waiting)) == "there is nothing to undo"
    assert list(alone.state.queue) == [waiting]
    assert alone.state.in_flight == []
    assert "the engine could not do it: ValueError: odd" in str(alone.run(breaks))
    assert alone.told == []


def test_after_a_cut_nothing_that_ran_counts_and_what_waits_comes_now(alone: Alone) -> None:
    state, moment = alone.state, Advance(Future())
    brings = QueuedEvent(incoming("past", "ada", {}, at=5), None)
    late = sent("late")
    state.queue.extend([(900, moment), (900, brings), (900, late), (7, late)])
    state.running.add((9, 1, ("step", "x", 0), 9))
    state.quarantined[9] = None  # type: ignore[assignment]
    state.watermark = 5_000
    changes = alone.start.desk.changes
    assert alone.run(alone.cut) == "cut"
    assert list(state.queue) == [(900, moment), (900, brings), (50, late), (7, late)]
    assert (9, 1, ("step", "x", 0), 9) not in state.running
    assert state.quarantined == {}
    assert state.watermark == 50
    assert alone.told == ["forgot"]
    assert alone.start.registered == 1
    assert alone.start.desk.changes > changes


def test_where_nothing_was_cut_what_runs_runs_on(alone: Alone) -> None:
    runs = (9, 1, ("step", "x", 0), 9)
    alone.state.running.add(runs)
    assert alone.run(lambda item: "undone") == "undone"
    assert runs in alone.state.running
    assert alone.told == []
