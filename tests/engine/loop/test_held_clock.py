"""Steps and hooks that hold moved time: they may use their own engine, and hang, as in real time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Event, Journey, StudioClock, StudioError, VirtualClock, incoming, workflow
from studio.store.inbox import send
from studio.store.status import status
from studio.store.stuck import STUCK
from studio.store.views import Views
from tests.cli.shell import shell
from tests.engine.support import blocks_on, entries, history, in_time, journey, settled, until

__all__ = ["in_time"]

HOUR = 3_600_000
engine: Engine
loop: asyncio.AbstractEventLoop
ways: dict[str, Callable[[], Any]] = {}
"""How a step may use its own engine, by name."""
freed = threading.Event()
"""Set at the end of a test: whatever hangs in it comes back."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.db"


@pytest.fixture(autouse=True)
async def free(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setattr("studio.engine.loop.loop.STEPS_END", 0.3)
    monkeypatch.setattr("studio.engine.loop.engine_thread.STOP_HANG", 0.3)
    freed.clear()
    yield
    freed.set()


def way(function: Callable[[], Any]) -> Callable[[], Any]:
    ways[function.__name__] = function
    return function


@way
def plain() -> None:
    engine.submit([incoming("order", "ada", {})]).result(timeout=60)


@way
async def as_async() -> None:
    await engine.ingest("order", user="ada")


@way
def in_a_thread() -> None:
    thread = threading.Thread(target=plain)
    thread.start()
    thread.join()


@way
def in_a_pool() -> None:
    with ThreadPoolExecutor(2) as pool:
        pool.submit(plain).result()


@way
def on_the_loop_of_the_application() -> None:
    asyncio.run_coroutine_threadsafe(as_async(), loop).result(timeout=60)


@way
def in_a_thread_that_was_there_before() -> None:
    """As a web service does that the step calls."""
    loop.call_soon_threadsafe(before.set)
    assert done.wait(60)


@way
def by_another_process() -> None:
    send(engine.path, [incoming("order", "ada", {})])
    end = time.monotonic() + 10
    while not entries(engine.path, "event")[1:]:
        assert time.monotonic() < end
        time.sleep(0.02)


before = asyncio.Event()
done = threading.Event()


@workflow(trigger="go")
async def orders(journey: Journey) -> dict[str, bool]:
    await journey.step("order", ways[journey.trigger["way"]])
    ordered = await journey.wait_for("order", timeout="1d")
    return {"ordered": bool(ordered)}


HISTORY = [
    "event",
    "journey.started",
    "step.started",
    "event",
    "step.done",
    "wait.matched",
    "journey.completed",
]


@pytest.mark.parametrize("virtual", [True, False])
@pytest.mark.parametrize("how", list(ways))
async def test_a_step_may_send_events_to_its_own_engine(path: Path, how: str, virtual: bool) -> None:
    global engine, loop, before
    loop, before = asyncio.get_running_loop(), asyncio.Event()
    done.clear()

    async def serve() -> None:
        await before.wait()
        await engine.ingest("order", user="ada")
        done.set()

    scheduler = asyncio.create_task(serve())
    async with Engine(orders, store=path, clock=VirtualClock() if virtual else None) as engine:
        await engine.ingest("go", user="ada", data={"way": how})
        await settled(engine)
    scheduler.cancel()
    assert [entry.kind for entry in entries(path) if "workflow" not in entry.kind] == HISTORY
    assert journey(path, "orders/ada").status == "completed"


async def test_what_a_step_sends_comes_at_the_moment_that_it_holds(path: Path) -> None:
    """Also when it brings a moment of its own, and other moments wait to be taken."""
    global engine
    clock = VirtualClock(0)

    def order() -> None:
        engine.submit([incoming("order", "ada", {}, at=5 * HOUR)]).result(timeout=60)

    ways["order"] = order
    async with Engine(orders, store=path, clock=clock) as engine:
        await engine.play(
            [incoming("go", "ada", {"way": "order"}, at=HOUR), incoming("other", "ada", {}, at=9 * HOUR)]
        )
    del ways["order"]
    events = [(entry.name, entry.at) for entry in entries(path, "event")]
    assert events == [("go", HOUR), ("order", HOUR), ("other", 9 * HOUR)]


async def test_what_others_hand_in_comes_after_the_result_of_a_quick_step(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is faster, the step or the sender, is not to be read from the history."""
    global engine
    monkeypatch.setattr("studio.engine.loop.held_clock.PATIENCE", 30.0)
    began = threading.Event()

    def quick() -> None:
        began.set()
        time.sleep(0.02)

    ways["quick"] = quick
    async with Engine(orders, store=path, clock=VirtualClock()) as engine:
        await engine.ingest("go", user="ada", data={"way": "quick"})
        assert await asyncio.to_thread(began.wait, 10)
        await engine.ingest("order", user="ada")
        await settled(engine)
    del ways["quick"]
    kinds = [entry.kind for entry in entries(path) if "workflow" not in entry.kind]
    assert kinds.index("step.done") < kinds.index("event", 1)


@pytest.mark.parametrize("virtual", [True, False])
async def test_a_step_cannot_wait_for_what_waits_for_it(path: Path, virtual: bool) -> None:
    said: list[str] = []

    async def waits() -> None:
        for wait in (engine.run_until_idle(), engine.forward("1h")):
            with pytest.raises(StudioError) as refused:
                await wait
            said.append(str(refused.value))

    global engine
    ways["waits"] = waits
    async with Engine(orders, store=path, clock=VirtualClock() if virtual else None) as engine:
        await engine.ingest("go", user="ada", data={"way": "waits"})
        await until(lambda: len(said) == 2)
    del ways["waits"]
    assert "a step cannot wait until the engine is idle: the engine waits for it" in said[0]
    assert ("a step cannot let time pass" in said[1]) == virtual


def hang() -> None:
    freed.wait(60)


async def hang_async() -> None:
    while not freed.is_set():
        await asyncio.sleep(0.02)


async def block_the_loop() -> None:
    freed.wait(60)


HANGS: list[Callable[[], Any]] = [hang, hang_async, block_the_loop]


@pytest.mark.parametrize("function", HANGS, ids=lambda function: function.__name__)
async def test_an_engine_whose_step_hangs_serves_others_and_ends(
    path: Path, function: Callable[[], Any]
) -> None:
    global engine
    ways["hang"] = function
    engine = Engine(orders, store=path, clock=VirtualClock())
    await engine.start()
    await engine.ingest("go", user="ada", data={"way": "hang"})
    await until(lambda: engine.status().steps == 1)
    async with asyncio.timeout(60):
        await engine.ingest("visit", user="bob")
        send(path, [incoming("visit", "cyd", {})])
        await until(lambda: len(entries(path, "event")) == 3)
        await engine.cancel("orders/ada")
    began = time.monotonic()
    await engine.stop()
    assert time.monotonic() - began < 25
    del ways["hang"]
    assert journey(path, "orders/ada").status == "cancelled"


@workflow(trigger="loop")
async def loops(journey: Journey) -> None:
    while not freed.is_set():
        pass


@workflow(trigger="block")
async def blocks(journey: Journey) -> None:
    freed.wait(60)


@pytest.mark.parametrize("virtual", [True, False])
@pytest.mark.parametrize("event", ["loop", pytest.param("block", marks=blocks_on)])
async def test_an_engine_whose_workflow_hangs_ends_and_drives_it_again_later(
    path: Path, event: str, virtual: bool
) -> None:
    clock = VirtualClock(0) if virtual else None
    engine = Engine([loops, blocks], store=path, clock=clock)
    await engine.start()
    sent = engine.submit([incoming(event, "ada", {})])
    await asyncio.sleep(0.1)
    began = time.monotonic()
    await engine.stop()
    assert time.monotonic() - began < 25
    with pytest.raises(StudioError, match="has stopped"):
        sent.result(timeout=60)
    # Nothing of it was written, and no journey is to blame.
    assert entries(path, "event") == []
    freed.set()
    async with Engine([loops, blocks], store=path, clock=VirtualClock(0) if virtual else None) as engine:
        await engine.ingest(event, user="ada")
    assert journey(path, f"{event}s/ada").status == "idle"


Found = list[Mapping[str, Any]]


async def test_check_event_may_send_events_and_holds_no_end_up(path: Path) -> None:
    global engine

    def check(user: str, events: object, match: object) -> Found:
        engine.submit([incoming("asked", user, {})]).result(timeout=60)
        if user == "bob":
            hang()
        return [{"name": "order", "data": {}, "id": f"{user}'s"}]

    ways["nothing"] = lambda: None
    async with Engine(orders, store=path, clock=VirtualClock(), check_event=check) as engine:
        await engine.ingest("go", user="ada", data={"way": "nothing"})
        await settled(engine)
        assert journey(path, "orders/ada").status == "completed"
        await engine.ingest("go", user="bob", data={"way": "nothing"})
        await until(lambda: entries(path, "event", user="bob")[1:])
        began = time.monotonic()
    assert time.monotonic() - began < 25
    del ways["nothing"]
    assert [entry.name for entry in entries(path, "event")] == ["go", "asked", "order", "go", "asked"]


@pytest.mark.parametrize("virtual", [True, False])
async def test_what_does_not_come_back_is_named_here_and_in_the_store(
    path: Path, virtual: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    global engine
    for name in ("AFTER", "EVERY"):
        monkeypatch.setattr(f"studio.engine.effects.stuck_calls.{name}", 0.05)
    answered = threading.Event()

    def hang_here(event: Event | None = None) -> None:
        if event is None or event.name == "visit":
            answered.wait(60)

    def check(user: str, events: object, match: object) -> Found:
        hang_here()
        return []

    def at(function: Callable[..., Any], line: int) -> str:
        return f"test_held_clock.py:{function.__code__.co_firstlineno + line}"

    ways["hang"] = hang
    async with Engine(
        orders, store=path, clock=VirtualClock() if virtual else None, check_event=check, set_event=hang_here
    ) as engine:
        await engine.ingest("go", user="ada", data={"way": "hang"})
        await until(lambda: status(path).stuck)
        (call,) = status(path).stuck
        assert (call.kind, call.name, call.journey) == ("step", "order", "orders/ada")
        assert call.line == at(hang, 1)
        (same,) = engine.status().stuck
        assert (same.name, same.line) == (call.name, call.line)
        freed.set()
        # The wait that comes behind the step asks, and the next event is told.
        await until(lambda: [call.kind for call in status(path).stuck] == ["check_event"])
        await engine.ingest("visit", user="bob")
        await until(lambda: len(status(path).stuck) == 2)
        assert {(call.kind, call.name, call.line) for call in status(path).stuck} == {
            ("check_event", "ada", at(hang_here, 2)),
            ("set_event", "visit of bob", at(hang_here, 2)),
        }
        said = shell(path.parent, "status", "--store", str(path)).stdout
        assert "stuck     check_event for ada has not come back for " in said
        answered.set()
        await until(lambda: not status(path).stuck)
    del ways["hang"]
    with Views(path) as views:
        assert views.meta(STUCK) is None


@pytest.mark.parametrize("virtual", [True, False])
async def test_a_step_may_act_on_other_journeys(path: Path, virtual: bool) -> None:
    global engine

    async def act() -> None:
        await engine.cancel("orders/bob")
        await engine.restart("orders/bob")
        await engine.cancel("orders/bob~2")

    ways["act"], ways["nothing"] = act, lambda: None
    async with Engine(orders, store=path, clock=VirtualClock() if virtual else None) as engine:
        await engine.ingest("go", user="bob", data={"way": "nothing"})
        await settled(engine)
        await engine.ingest("go", user="ada", data={"way": "act"})
        await settled(engine)
    del ways["act"], ways["nothing"]
    assert journey(path, "orders/bob").status == "cancelled"
    assert journey(path, "orders/bob~2").status == "cancelled"
    assert journey(path, "orders/ada").status == "waiting"


async def test_set_event_may_send_events_in_virtual_time(path: Path) -> None:
    global engine

    def answer(event: Event) -> None:
        if event.name == "go":
            engine.submit([incoming("order", event.user, {})]).result(timeout=60)

    ways["nothing"] = lambda: None
    async with Engine(orders, store=path, clock=VirtualClock(), set_event=answer) as engine:
        await engine.ingest("go", user="ada", data={"way": "nothing"})
        await until(lambda: journey(path, "orders/ada").status == "completed")
    del ways["nothing"]


async def test_a_jump_is_stopped_while_a_step_hangs_and_the_step_ends_as_any_other(path: Path) -> None:
    global engine

    @workflow(trigger="go")
    async def later(journey: Journey) -> dict[str, bool]:
        await journey.sleep("1h")
        await journey.step("hang", hang)
        return {"done": True}

    async with Engine(later, store=path, clock=StudioClock()) as engine:
        await engine.pause()
        await engine.ingest("go", user="ada")
        jump = asyncio.create_task(engine.jump(engine.clock.now() + 2 * HOUR))
        await until(lambda: engine.status().steps == 1)
        await engine.stop_jump()
        async with asyncio.timeout(60):
            end = await jump
        assert end.stopped
        assert journey(path, "later/ada").status == "waiting"
        freed.set()
        await until(lambda: journey(path, "later/ada").status == "completed")


async def test_a_store_is_rewound_while_a_step_hangs(path: Path) -> None:
    global engine
    ways["hang"] = hang
    async with Engine(orders, store=path, clock=VirtualClock(0)) as engine:
        first = await engine.ingest("visit", user="bob")
        await engine.ingest("go", user="ada", data={"way": "hang"})
        await until(lambda: engine.status().steps == 1)
        async with asyncio.timeout(60):
            await engine.rewind(first.seq)
            freed.set()
            await settled(engine)
        assert len([row for row in history(path) if row[1] == "EVENT"]) == 1
    del ways["hang"]
