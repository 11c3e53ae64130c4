"""Which cause comes first, and how many are read for a batch; in the engine: `test_jumps.py`."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from studio import Engine, Journey, VirtualClock, incoming, workflow
from studio.engine.loop.batches import Batches
from studio.engine.loop.scheduler import LEAST_LOOK_AHEAD, LEAST_PACE, Scheduler, _before, _next_timer
from studio.engine.loop.state import LoopState
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.heartbeat import Heartbeat
from studio.engine.work.jump import Jump
from studio.engine.work.slow_causes import SlowCauses
from studio.engine.work.work_items import (
    Advance,
    Entry,
    ExclusiveOperation,
    Item,
    OperatorCommand,
    QueuedEvent,
)
from studio.kernel.records import StepResult
from studio.kernel.state import WaitState
from studio.language.kinds import Kind
from studio.store.sqlite import Store
from tests.engine.bench import Bench


@workflow(trigger="go")
async def sleeps(journey: Journey) -> None:
    await journey.sleep(journey.trigger["ms"] / 1000)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "studio.db", sleeps)


def run(*_: Any) -> None:
    """An act that does nothing."""


# -- which comes first ---------------------------------------------------------------------


EVENT = QueuedEvent(incoming("paid", "ada", {}), None)
RESULT = StepResult(None, "1")  # type: ignore[arg-type]


@pytest.mark.parametrize("virtual", [False, True])
@pytest.mark.parametrize("item", [EVENT, OperatorCommand(run), ExclusiveOperation(run)])
def test_what_comes_in_a_moment_comes_before_the_deadlines_of_it(
    bench: Bench, item: Item, virtual: bool
) -> None:
    bench.event("go", 10, ms=90)
    (wait,) = bench.waits()
    assert [_before(wait, item, at, virtual) for at in (99, 100, 101)] == [False, False, True]


def test_where_time_is_led_to_a_moment_the_deadlines_of_it_come(bench: Bench) -> None:
    bench.event("go", 10, ms=90)
    (wait,) = bench.waits()
    for item in (Advance(Future()), Jump(100)):
        assert [_before(wait, item, at, True) for at in (99, 100, 101)] == [False, True, True]
    # It was stopped there: what is due there is served when it goes on.
    assert [_before(wait, Jump(500), at, True) for at in (99, 100, 101)] == [False, False, True]


def test_where_time_is_moved_a_step_takes_none(bench: Bench) -> None:
    bench.event("go", 10, ms=90)
    (wait,) = bench.waits()
    assert [_before(wait, RESULT, at, True) for at in (100, 101)] == [False, False]
    assert [_before(wait, RESULT, at, False) for at in (100, 101)] == [False, True]


def due_in(bench: Bench) -> deque[tuple[int, WaitState]]:
    """Deadlines as a batch reads them."""
    return deque((wait.due or 0, wait) for wait in bench.batch.unit.due_waits(1_000, 10))


def test_the_nearest_deadline_is_one_of_those_read_or_of_this_batch(bench: Bench) -> None:
    for user, ms in (("ada", 50), ("bob", 30), ("cyd", 70)):
        bench.event("go", 0, user, ms=ms)
    bench.write()
    due = due_in(bench)
    assert [at for at, _ in due] == [30, 50, 70]
    # None in this batch yet.
    assert _next_timer(bench.batch, due) is due[0][1]
    for user, ms in (("dan", 50), ("eve", 20), ("fay", 30)):
        bench.event("go", 0, user, ms=ms)
    found: list[tuple[int | None, str]] = []
    while (wait := _next_timer(bench.batch, due)) is not None:
        found.append((wait.due, wait.journey.user.name))
        bench.batch.timer(wait, 0)
    # In one moment the one that was opened first.
    assert found == [(20, "eve"), (30, "bob"), (30, "fay"), (50, "ada"), (50, "dan"), (70, "cyd")]
    assert _next_timer(bench.batch, due) is None
    assert not due
    assert not bench.batch.waits.timers


def test_a_deadline_that_is_gone_is_none(bench: Bench) -> None:
    bench.event("go", 0, ms=50)
    bench.write()
    due = due_in(bench)
    (_, wait) = due[0]
    bench.batch.unit.load_passes([wait.journey])
    # By other code it waits for ever.
    bench.batch.unit.set_due(wait, None)
    assert wait.open
    assert _next_timer(bench.batch, due) is None


def test_a_deadline_that_was_moved_stands_where_it_is_now_and_hides_no_other(bench: Bench) -> None:
    for user, ms in (("ada", 50), ("bob", 60), ("cyd", 70)):
        bench.event("go", 0, user, ms=ms)
    bench.write()
    due, unit = due_in(bench), bench.batch.unit
    ada, _, cyd = (wait for _, wait in due)
    unit.load_passes([wait.journey for _, wait in due])
    for wait, at in ((ada, 65), (cyd, 55), (cyd, 80)):
        unit.set_due(wait, at)
        bench.batch.waits.add_timer(wait)
    found = []
    while (next_wait := _next_timer(bench.batch, due)) is not None:
        found.append((next_wait.due, next_wait.journey.user.name))
        bench.batch.timer(next_wait, 0)
    assert found == [(60, "bob"), (65, "ada"), (80, "cyd")]


# -- how many are read ---------------------------------------------------------------------


def pace(before: int, size: int, served: int, took: float, is_over: bool, most: int = 10_000) -> int:
    scheduler = Scheduler(cast("Any", SimpleNamespace(batch_size=most)), Heartbeat(), SlowCauses())
    assert scheduler.pace == most
    scheduler.pace = before
    scheduler._set_pace(size, served, took, is_over)
    return scheduler.pace


@pytest.mark.parametrize(
    ("before", "size", "served", "took", "is_over", "after"),
    [
        # Its time was over: as many as it had time for, and never so few that reading is what takes time.
        (5_000, 5_000, 700, 0.11, True, 700),
        (5_000, 5_000, 700, 0.01, True, 700),
        (5_000, 5_000, 3, 0.3, True, LEAST_PACE),
        # All that was read was served: twice as many if that was quick, else a quarter more.
        (400, 400, 400, 0.02, False, 800),
        (400, 400, 400, 0.08, False, 501),
        (6_000, 6_000, 6_000, 0.02, False, 10_000),
        # Fewer were asked for than it reads at most: a jump, or a careful engine.
        (5_000, 100, 100, 0.02, False, 5_000),
        # There was no more: it says nothing of how many there is time for.
        (400, 400, 399, 0.02, False, 400),
    ],
)
def test_a_batch_reads_as_many_as_the_last_had_time_for(
    before: int, size: int, served: int, took: float, is_over: bool, after: int
) -> None:
    assert pace(before, size, served, took, is_over) == after


async def test_where_time_is_moved_as_many_deadlines_are_read_as_the_last_batch_had_time_for(
    tmp_path: Path,
) -> None:
    async with Engine(sleeps, store=tmp_path / "a.db", clock=VirtualClock(0)) as engine:
        await engine.ingest_many([incoming("go", f"user{n}", {"ms": 500}) for n in range(60)])
        scheduler, reaches = engine._running.scheduler, []
        serve = scheduler.serve

        def watched(*given: Any) -> Any:
            found = serve(*given)
            reaches.append(scheduler.look_ahead)
            return found

        scheduler.serve = watched  # type: ignore[assignment,method-assign]
        await engine.forward("1s")
    assert max(reaches) > 4 * LEAST_LOOK_AHEAD
    assert len(reaches) < 12


# -- a batch by itself ---------------------------------------------------------------------


class Turns:
    """A scheduler on a store, without an engine around it."""

    def __init__(self, path: Path) -> None:
        self.store = Store(path)
        self.state = LoopState(path, {"sleeps": sleeps}, VirtualClock(0), 100, None, None)
        self.batches = Batches(self.state, (), False)
        self.slow: list[float] = []
        slow_causes: Any = SimpleNamespace(note=lambda batch, cause, took: self.slow.append(took))
        self.scheduler = Scheduler(self.state, Heartbeat(), slow_causes)
        self.watch = ThreadMonitor()

    def serve(self, *entries: Entry) -> list[Item]:
        """One batch, written; gives what was done."""
        batch = self.batches.new(self.store, self.watch)
        finished = self.scheduler.serve(batch, deque(entries), 2**60)
        batch.unit.commit()
        return [item for item, _ in finished]

    def awake(self) -> int:
        return len(self.store.rows("SELECT 1 FROM history WHERE kind = ?", Kind.SLEEP_DONE))

    def queue(self) -> list[Item]:
        return [item for _, item in self.state.queue]


@pytest.fixture
def turns(tmp_path: Path) -> Turns:
    return Turns(tmp_path / "studio.db")


def event(name: str, user: str = "ada", **more: Any) -> QueuedEvent:
    return QueuedEvent(incoming(name, user, {"ms": 500}), None, **more)


def test_a_moment_is_not_come_to_before_all_deadlines_up_to_it_were_read(turns: Turns) -> None:
    turns.serve(*((0, event("go", f"user{n}")) for n in range(LEAST_LOOK_AHEAD + 2)))
    turns.scheduler.look_ahead = LEAST_LOOK_AHEAD
    end = Advance(Future())
    assert turns.serve((1_000, end)) == []
    assert turns.awake() == LEAST_LOOK_AHEAD
    assert turns.state.clock.now() == turns.state.watermark == 500
    assert turns.queue() == [end]
    turns.state.queue.clear()
    # Now all are read, and it is come to.
    assert turns.serve((1_000, end)) == [end]
    assert turns.awake() == LEAST_LOOK_AHEAD + 2
    assert turns.state.watermark == 1_000
    assert turns.queue() == []


def test_what_is_not_reached_keeps_its_place_or_stays_in_the_inbox(turns: Turns) -> None:
    first, alone, second, row = event("a"), ExclusiveOperation(run, None), event("b"), event("c", inbox=7)
    assert turns.serve((5, first), (6, alone), (6, second)) == [first]
    assert turns.queue() == [alone, second]
    assert not turns.state.backlog
    turns.state.queue.clear()
    assert turns.serve((7, first), (8, alone), (8, row)) == [first]
    assert turns.queue() == [alone]
    # Nobody else will say that a row is there.
    assert turns.state.backlog


def test_what_is_sent_by_hand_can_be_taken_back(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[int] = []
    monkeypatch.setattr(turns.state.rewinds, "note_act", lambda batch, before: noted.append(before))
    first = turns.store.next_seq
    turns.serve((5, event("a")), (6, event("b", by_hand=True)), (7, event("c")))
    assert noted == [first + 1]


def test_what_is_quick_is_not_named(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    turns.serve((5, event("a")))
    assert turns.slow == []
    monkeypatch.setattr("studio.engine.loop.scheduler.LONG_SECONDS", -1.0)
    turns.serve((6, event("b")))
    assert len(turns.slow) == 1
