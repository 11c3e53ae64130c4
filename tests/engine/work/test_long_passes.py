"""Journeys that get much at once: linear, the same history as by replay, and nothing left standing."""

from __future__ import annotations

import asyncio
import decimal
import random
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, StepFailed, VirtualClock, incoming, workflow
from studio.clocks.clock import WallClock
from studio.engine.work.unit_of_work import StoreUnit
from studio.errors import StoreFull
from studio.kernel.results import Resolved, Results
from studio.language.definition import Workflow
from studio.language.event import Event
from studio.language.incoming import Incoming
from studio.language.kinds import Kind
from studio.language.names import names
from studio.store import sqlite
from studio.store.changes import Changes
from tests.engine.support import (
    blocks_on,
    entries,
    failure,
    history,
    in_time,
    journey,
    logs,
    settled,
    sound,
    until,
)
from tests.sampling import sampled

__all__ = ["in_time"]

WAITS = 1_000


class Counter:
    """Counts the calls of a workflow's function, and how each was left."""

    def __init__(self) -> None:
        self.begun = 0
        self.left: list[str] = []
        self.threads: set[str] = set()

    def leave(self) -> None:
        self.left.append("left")
        self.threads.add(threading.current_thread().name)


# -- linear --------------------------------------------------------------------------------


async def test_a_thousand_waits_that_are_answered_at_once_drive_the_function_a_few_times(
    tmp_path: Path,
) -> None:
    calls = Counter()

    @workflow(trigger="go", name="ticks")
    async def ticks(journey: Journey) -> int:
        calls.begun += 1
        seen = 0
        for _ in range(WAITS):
            seen += len(await journey.wait_for("tick"))
        return seen

    async with Engine(ticks, store=tmp_path / "a.db", clock=WallClock()) as engine:
        await engine.ingest("go", "ada")
        await engine.ingest_many([incoming("tick", "ada") for _ in range(WAITS)])
        assert journey(engine.path, "ticks/ada").status == "completed"
    # Two for each batch; a batch drives 100 ms, also on a machine that has much else to do.
    assert calls.begun < WAITS / 10
    (done,) = entries(tmp_path / "a.db", "journey.completed")
    assert done.data == {"result": WAITS}
    sound(tmp_path / "a.db")


@pytest.mark.parametrize("real", [False, True])
async def test_a_chain_of_sleeps_drives_the_function_a_few_times(tmp_path: Path, real: bool) -> None:
    calls = Counter()

    @workflow(trigger="go", name="naps")
    async def naps(journey: Journey) -> str:
        calls.begun += 1
        for _ in range(WAITS):
            await journey.sleep(0)
        return "awake"

    clock = WallClock() if real else VirtualClock()
    async with Engine(naps, store=tmp_path / "a.db", clock=clock) as engine:
        await engine.ingest("go", "ada")
        await settled(engine)
        assert journey(engine.path, "naps/ada").status == "completed"
    assert calls.begun < WAITS / 4
    assert len(entries(tmp_path / "a.db", "sleep.done")) == WAITS
    sound(tmp_path / "a.db")


async def test_an_engine_that_always_replays_begins_at_the_top_each_time(tmp_path: Path) -> None:
    calls = Counter()

    @workflow(trigger="go", name="ticks")
    async def ticks(journey: Journey) -> int:
        calls.begun += 1
        for _ in range(20):
            await journey.wait_for("tick")
        return calls.begun

    clock = VirtualClock()
    async with Engine(ticks, store=tmp_path / "a.db", clock=clock, replay_always=True) as engine:
        await engine.ingest("go", "ada")
        await engine.ingest_many([incoming("tick", "ada") for _ in range(20)])
    assert calls.begun == 21


# -- the same histories --------------------------------------------------------------------


async def double(n: int) -> int:
    return 2 * n


async def refuse() -> None:
    raise ValueError("no")


@workflow(trigger="go", key="k", again=True, name="winding")
async def winding(journey: Journey) -> dict[str, Any]:
    """Goes one of many ways, by what comes."""
    seen: list[Any] = []
    for turn in range(12):
        kind = int(journey.random() * 7)
        if kind == 0:
            found = await journey.wait_for("a", timeout="3s")
            seen.append([len(found), [event["n"] for event in found]])
        elif kind == 1:
            one, two = await journey.wait_any(
                journey.wait_for(["a", "b"]), journey.wait_for("c", {"n": turn % 3}), timeout="5s"
            )
            seen.append([[event["n"] for event in each] for each in (one, two)])
        elif kind == 2:
            each = await journey.wait_all(
                journey.wait_for("a", timeout="2s"),
                journey.wait_for("b", timeout="2s"),
                journey.wait_any(journey.wait_for("c"), journey.sleep("1s")),
                timeout="4s",
            )
            seen.append([[event["n"] for event in one or ()] for one in each[:2]] + [bool(each[2])])
        elif kind == 3:
            given = [turn]
            twice, came = await journey.wait_any(
                journey.step("double", double, turn), journey.wait_for("b", past=False)
            )
            given.append(1)
            seen.append([twice, bool(came)])
        elif kind == 4:
            await journey.ingest("b", {"n": turn})
            journey.log(f"sent {turn}")
        elif kind == 5:
            await journey.sleep(0)
            seen.append(str(journey.now()))
        else:
            try:
                await journey.step("refuse", refuse)
            except StepFailed as error:
                journey.note(error.type)
        journey.log(f"{turn} {kind}")
        if kind == 5 and turn == 7 and journey.pass_number < 3:
            await journey.new_pass()
    return {"seen": seen}


@pytest.mark.parametrize("seed", sampled(range(6), 3))
async def test_what_stands_and_what_is_replayed_come_to_the_same_history(tmp_path: Path, seed: int) -> None:
    found = []
    for name, always in (("stands", False), ("replays", True)):
        path = tmp_path / f"{name}.db"
        chance = random.Random(seed)
        clock, drawn = VirtualClock(), str(seed)
        async with Engine(winding, store=path, clock=clock, seed=drawn, replay_always=always) as engine:
            for _ in range(8):
                many: list[Incoming] = []
                for _ in range(chance.randrange(40)):
                    name = chance.choice(["go", "a", "a", "b", "c"])
                    data = {"n": chance.randrange(3)} | ({"k": chance.randrange(2)} if name == "go" else {})
                    many.append(incoming(name, chance.choice(["ada", "bob"]), data))
                await engine.ingest_many(many)
                await engine.forward(f"{chance.randrange(3)}s")
            await engine.forward("1m")
        sound(path)
        found.append(history(path))
    assert found[0] == found[1]
    assert len(found[0]) > 200


async def test_a_step_is_given_what_it_was_asked_with_whatever_the_function_does_meanwhile(
    tmp_path: Path,
) -> None:
    """The function goes on before the step has begun: in its batch."""
    given: list[list[int]] = []

    async def keep(numbers: list[int]) -> None:
        given.append(list(numbers))

    @workflow(trigger="go", name="asks")
    async def asks(journey: Journey) -> str:
        numbers = [1]
        await journey.wait_for("a")
        await journey.wait_any(journey.step("keep", keep, numbers), journey.wait_for("b"))
        numbers.append(2)
        await journey.wait_for("c")
        numbers.append(3)
        return "done"

    async with Engine(asks, store=tmp_path / "a.db") as engine:
        await engine.ingest_many([incoming(name, "ada") for name in ("go", "a", "b", "c")])
        await settled(engine)
    assert given in ([[1]], [])
    assert journey(tmp_path / "a.db", "asks/ada").status == "completed"


# -- what stands is closed -----------------------------------------------------------------


def leaving(calls: Counter) -> Workflow:
    @workflow(trigger="go", exit_on="out", name="leaves")
    async def leaves(journey: Journey) -> str:
        calls.begun += 1
        try:
            for _ in range(9):
                await journey.wait_for("tick")
                journey.log("tick")
        finally:
            print("leaving")
            calls.leave()
        return "end"

    return leaves


async def _wait_for_leaving(calls: Counter) -> None:
    await until(lambda: len(calls.left) == calls.begun)
    # In the thread that drove it: nothing was left to the garbage collector.
    assert calls.threads == {"journey-engine"}


async def test_what_stands_is_closed_before_its_batch_is_written_and_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, open_then = Counter(), []
    write = sqlite.Store.write

    def watched(store: sqlite.Store, changes: Changes) -> None:
        open_then.append(calls.begun - len(calls.left))
        write(store, changes)

    monkeypatch.setattr(sqlite.Store, "write", watched)
    async with Engine(leaving(calls), store=tmp_path / "a.db") as engine:
        await engine.ingest_many([incoming(name, "ada") for name in ("go", "tick", "tick", "tick")])
        assert calls.begun < 4
        await _wait_for_leaving(calls)
    assert set(open_then) == {0}
    assert logs(tmp_path / "a.db") == ["tick"] * 3
    sound(tmp_path / "a.db")


@pytest.mark.parametrize("way", ["exit", "cancel", "restart", "raises"])
async def test_what_stands_is_closed_where_its_journey_ends_otherwise(tmp_path: Path, way: str) -> None:
    calls = Counter()
    path = tmp_path / "a.db"
    async with Engine(leaving(calls), store=path) as engine:
        started = threading.Event()
        goes_on = threading.Event()

        def hold(batch: Any, at: int) -> None:
            started.set()
            goes_on.wait(60)

        # What comes while the engine is busy comes in one batch.
        engine._running.act(hold)
        await asyncio.to_thread(started.wait, 10)
        events = engine.submit([incoming(name, "ada") for name in ("go", "tick", "tick")])
        if way == "exit":
            act: Any = engine.submit([incoming("out", "ada")])
        elif way == "raises":
            act = engine._running.act(_raise)
        else:
            act = asyncio.ensure_future(getattr(engine, way)("leaves/ada"))
        await asyncio.sleep(0)
        await until(lambda: engine.status().queue == 4)
        goes_on.set()
        await asyncio.wrap_future(events)
        if way != "raises":
            await (act if isinstance(act, asyncio.Future) else asyncio.wrap_future(act))
        else:
            with pytest.raises(Exception, match="could not handle"):
                await asyncio.wrap_future(act)
        await _wait_for_leaving(calls)
    status = {"exit": "exited", "cancel": "cancelled", "restart": "cancelled", "raises": "waiting"}[way]
    assert journey(path, "leaves/ada").status == status
    assert logs(path, "ada")[:2] == ["tick", "tick"]
    sound(path)


def _raise(batch: Any, at: int) -> None:
    raise RuntimeError("broken")


@pytest.mark.parametrize("after", range(1, 12))
async def test_what_stands_is_closed_when_the_batch_breaks_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    calls, count = Counter(), 0
    path = tmp_path / "a.db"
    append = StoreUnit.append

    def breaks(unit: StoreUnit, at: int, kind: int, *rest: Any, **more: Any) -> int:
        nonlocal count
        if kind < Kind.WORKFLOW_LOADED:
            count += 1
            if count == after:
                raise MemoryError("just now")
        return append(unit, at, kind, *rest, **more)

    monkeypatch.setattr(StoreUnit, "append", breaks)
    async with Engine(leaving(calls), store=path) as engine:
        with pytest.MonkeyPatch.context():
            futures = engine.submit([incoming(name, "ada") for name in ("go", "tick", "tick", "tick")])
            await asyncio.wait([asyncio.ensure_future(asyncio.wrap_future(futures))])
        await settled(engine)
        await _wait_for_leaving(calls)
    sound(path)


async def test_what_stands_is_closed_when_the_store_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = Counter()
    write, refused = sqlite.Store.write, 0

    def refuse(store: sqlite.Store, changes: Changes) -> None:
        nonlocal refused
        if any(row[2] == Kind.EVENT for row in changes.history) and not refused:
            refused += 1
            raise StoreFull("the disk is full; nothing of this batch was stored", fix="Free some space.")
        write(store, changes)

    monkeypatch.setattr(sqlite.Store, "write", refuse)
    many = [incoming(name, "ada") for name in ("go", "tick", "tick", "tick")]
    async with Engine(leaving(calls), store=tmp_path / "a.db") as engine:
        with pytest.raises(StoreFull):
            await engine.ingest_many(many)
        await engine.ingest_many(many)
        await _wait_for_leaving(calls)
    assert logs(tmp_path / "a.db") == ["tick"] * 3


async def test_a_function_that_does_not_let_itself_be_left_fails_in_the_batch_in_which_it_stood(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.db"

    @workflow(trigger="go", exit_on="out", name="clings")
    async def clings(journey: Journey) -> None:
        await journey.wait_for("a")
        await journey.wait_for("b")
        while True:
            try:
                await journey.wait_for("c")
            except BaseException:
                journey.log("mute")

    async with Engine(clings, store=path) as engine:
        await engine.ingest_many([incoming(name, "ada") for name in ("go", "a", "b")])
        found = failure(path, "ada")
        assert "catches the engine's own Suspended" in found["message"]
        assert found["source"] == 'await journey.wait_for("c")'
        # One that ends by hand has ended, and says it.
        await engine.ingest_many([incoming(name, "bob") for name in ("go", "a", "b", "out")])
        assert journey(path, "clings/bob").status == "exited"
        assert len(said := logs(path, "bob")) == 1
        assert "catches the engine's own Suspended" in said[0]
    assert logs(path, "ada") == []
    sound(path)


async def test_a_block_that_hangs_when_a_function_is_left_fails_its_journey_and_nobody_else(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.db"

    @workflow(trigger="go", name="hangs")
    async def hangs(journey: Journey) -> None:
        await journey.wait_for("a")
        try:
            await journey.wait_for("b")
            await journey.wait_for("c")
        finally:
            while journey.user.id == "ada":
                time.sleep(0.01)

    async with Engine(hangs, store=path, hang_after=0.4) as engine:
        many = [incoming(name, user) for name in ("go", "a", "b") for user in ("ada", "bob")]
        await engine.ingest_many(many)
        assert failure(path, "ada")["type"] == "Hung"
        assert journey(path, "hangs/bob").status == "waiting"
        await engine.ingest("c", "bob")
        assert journey(path, "hangs/bob").status == "idle"
    sound(path)


# -- one that stands is no other's -----------------------------------------------------------


@blocks_on
async def test_a_lock_that_is_held_over_an_await_fails_nobody_in_the_same_batch(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    lock = threading.Lock()

    @workflow(trigger="go", name="locks")
    async def locks(journey: Journey) -> str:
        await journey.wait_for("a")
        with lock:
            await journey.wait_for("b")
            await journey.wait_for("c")
        return "done"

    users = ("ada", "bob", "cyd")
    async with Engine(locks, store=path, hang_after=0.4) as engine:
        many = [incoming(name, user) for name in ("go", "a") for user in users]
        await engine.ingest_many([*many, *(incoming("b", user) for user in users)])
        await engine.ingest_many([incoming("c", user) for user in users])
        assert [journey(path, f"locks/{user}").status for user in users] == ["completed"] * 3
    sound(path)


async def test_a_context_that_a_function_sets_holds_for_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.db"

    @workflow(trigger="go", name="exact")
    async def exact(journey: Journey) -> str:
        await journey.wait_for("a")
        with decimal.localcontext() as context:
            context.prec = 5 if journey.user.id == "ada" else 9
            await journey.wait_for("b")
            await journey.wait_for("c")
            return str(decimal.Decimal(1) / 3)

    async with Engine(exact, store=path) as engine:
        for name in ("go", "a", "b", "c"):
            await engine.ingest_many([incoming(name, user) for user in ("ada", "bob")])
        many = [incoming(name, user) for name in ("go", "a", "b", "c") for user in ("cyd", "ada2", "dan")]
        await engine.ingest_many(many)
        results = {e.user: e.data["result"] for e in entries(path, "journey.completed")}
    nine = "0.333333333"
    assert results == {"ada": "0.33333", "bob": nine, "cyd": nine, "ada2": nine, "dan": nine}


# -- a batch ends ----------------------------------------------------------------------------


async def test_a_batch_ends_after_its_time_and_others_are_answered(tmp_path: Path) -> None:
    path = tmp_path / "a.db"

    @workflow(trigger="work", name="works")
    async def works(journey: Journey) -> None:
        time.sleep(0.02)

    async with Engine(works, store=path) as engine:
        many = [engine.submit([incoming("work", f"u{n}")]) for n in range(50)]
        await asyncio.wrap_future(many[0])
        assert not many[-1].done()
        # An act waits for the batch under way, and not for all that was handed in before.
        assert engine.status().last_batch < 30
        await asyncio.wrap_future(many[-1])
    assert len(entries(path, "journey.started")) == 50
    sound(path)


async def test_rows_of_the_inbox_that_a_batch_has_no_time_for_come_in_the_next(tmp_path: Path) -> None:
    from studio.store import inbox

    path = tmp_path / "a.db"

    @workflow(trigger="work", name="works")
    async def works(journey: Journey) -> int:
        time.sleep(0.02)
        return 1

    async with Engine(works, store=path):
        inbox.send(path, [incoming("work", f"u{n}") for n in range(20)])
        await until(lambda: len(entries(path, "journey.completed")) == 20)
    sound(path)


# -- what is counted and looked for ------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_an_event_is_found_in_the_results_that_hold_it(seed: int) -> None:
    chance = random.Random(seed)
    resolved, seen = [], 0
    for _ in range(60):
        wanted = names(chance.choice(["a", "b", ["a", "b"], "*"]))
        match = chance.choice([None, {"n": 1}])
        # A loop looks on from where it was; after an edit a record may be older.
        after = seen if chance.random() < 0.9 else chance.randrange(200)
        seen = after + chance.randrange(6)
        resolved.append(Resolved(wanted, match, after, seen))
    results = Results(resolved)
    for seq in range(300):
        event = Event(chance.choice("abc"), "ada", 0, chance.choice([None, '{"n":1}', '{"n":2}']), seq=seq)
        assert results.hold(event) == any(each.holds(event) for each in resolved)


async def test_triggers_that_are_in_results_begin_no_pass_and_others_do(tmp_path: Path) -> None:
    path = tmp_path / "a.db"

    @workflow(name="anything")
    async def anything(journey: Journey) -> None:
        if journey.pass_number == 1:
            for _ in range(100):
                await journey.wait_for("tick")
        journey.log(f"{journey.pass_number} by {journey.trigger.name}")

    async with Engine(anything, store=path, clock=VirtualClock()) as engine:
        await engine.ingest("hello", "ada")
        await engine.ingest_many([incoming("tick", "ada") for _ in range(100)])
        assert logs(path) == ["1 by hello"]
        await engine.ingest("hello", "bob")
        await engine.ingest_many([incoming("tock" if n == 50 else "tick", "bob") for n in range(101)])
        assert logs(path, "bob") == ["1 by hello", "2 by tock"]
