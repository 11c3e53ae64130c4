"""What an engine leaves as it was: the clock after an act that came to nothing, the process it lives in."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, StudioClock, VirtualClock, workflow
from studio.clocks.adjustable_clock import ClockReading
from studio.engine.loop import committer as writing_module
from studio.engine.loop import loop as runner_module
from studio.engine.work import garbage_collection as collecting
from studio.errors import StoreFull
from studio.language.event import Event
from studio.store.inbox import ask
from studio.store.sqlite import Store
from studio.store.temporary import PREFIX, sweep, temporary_store
from tests.engine.support import child, entries, in_time, until

__all__ = ["in_time"]


@workflow(trigger="signup")
async def welcome(journey: Journey) -> int:
    await journey.sleep("1h")
    await journey.sleep("1h")
    return 1


@contextmanager
def full(monkeypatch: pytest.MonkeyPatch, times: int) -> Iterator[None]:
    """The next batches that hold entries cannot be written."""
    write, left = Store.write, times

    def refuse(store: Store, changes: Any) -> None:
        nonlocal left
        if changes.history and left:
            left -= 1
            raise StoreFull("the disk is full")
        write(store, changes)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "write", refuse)
        patch.setattr(writing_module, "RETRY", 0.01)
        patch.setattr(runner_module, "RETRY", 0.01)
        yield


# -- the clock -----------------------------------------------------------------------------

ACTS: list[tuple[str, Callable[[Engine], Awaitable[object]]]] = [
    ("pause", lambda engine: engine.pause()),
    ("speed", lambda engine: engine.speed(60)),
]


@pytest.mark.parametrize(("name", "act"), ACTS, ids=[name for name, _ in ACTS])
async def test_a_turn_of_the_clock_that_comes_to_nothing_leaves_it_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[Engine], Awaitable[object]]
) -> None:
    path = tmp_path / "studio.db"
    clock = StudioClock()
    async with Engine(welcome, store=path, clock=clock) as engine:
        await engine.ingest("signup", "ada")
        before, ahead = clock.reading(), clock.state()
        with full(monkeypatch, 1), pytest.raises(StoreFull):
            await act(engine)
        assert clock.reading() == before
        if name == "pause":
            # Nor has it lost the time that it stood.
            assert clock.state() == ahead
        await until(lambda: engine.status().state == "running")
        await act(engine)
        assert clock.reading() != before
    assert len(entries(path, "clock.moved")) == 1


async def test_a_run_that_comes_to_nothing_leaves_the_clock_standing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = StudioClock()
    async with Engine(welcome, store=tmp_path / "studio.db", clock=clock) as engine:
        await engine.speed(60)
        await engine.pause()
        with full(monkeypatch, 1), pytest.raises(StoreFull):
            await engine.run()
        assert clock.reading() == ClockReading(True, paused=True, speed=60)


async def test_what_another_process_asks_of_the_clock_is_done_and_told_once_the_store_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "studio.db"
    clock = StudioClock()
    async with Engine(welcome, store=path, clock=clock):
        with full(monkeypatch, 3):
            assert await asyncio.to_thread(ask, path, "clock.pause", {}) == {"ok": True}
        assert clock.reading().paused
    (moved,) = entries(path, "clock.moved")
    assert moved.data["paused"] is True


async def test_virtual_time_stands_where_it_stood_when_a_batch_comes_to_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualClock()
    async with Engine(welcome, store=tmp_path / "studio.db", clock=clock) as engine:
        await engine.ingest("signup", "ada")
        before = clock.now()
        with full(monkeypatch, 1), pytest.raises(StoreFull):
            await engine.forward("3h")
        assert clock.now() == before
        await engine.forward("3h")
        assert clock.now() == before + 3 * 3_600_000


async def test_a_jump_whose_batch_comes_to_nothing_goes_on_and_serves_each_deadline_at_its_own_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "studio.db"
    clock = StudioClock()
    async with Engine(welcome, store=path, clock=clock) as engine:
        await engine.pause()
        await engine.ingest("signup", "ada")
        start = clock.now()
        with full(monkeypatch, 2):
            end = await engine.jump(start + 3 * 3_600_000)
        assert (end.served, end.at) == (2, start + 3 * 3_600_000)
    assert [e.at - start for e in entries(path, "sleep.done")] == [3_600_000, 7_200_000]


def test_a_clock_that_ran_ahead_never_goes_back() -> None:
    clock = StudioClock()
    course = clock.course()
    clock.set_speed(3600)
    time.sleep(0.02)
    ahead = clock.now()
    clock.resume(course)
    assert clock.reading().speed == 1
    assert ahead <= clock.now() < ahead + 5_000


# -- hooks ---------------------------------------------------------------------------------


def outbox() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "journey-set-event"]


async def test_the_thread_of_set_event_ends_with_the_engine_also_in_a_pause_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("studio.engine.effects.hooks.FIRST_PAUSE", 60.0)

    def set_event(event: Event) -> None:
        raise RuntimeError("your database is away")

    async with Engine(welcome, set_event=set_event) as engine:
        await engine.ingest("signup", "ada")
        await until(lambda: engine.status().problem is not None)
        (thread,) = outbox()
        began = time.monotonic()
    thread.join(60)
    assert not thread.is_alive()
    assert time.monotonic() - began < 40


async def test_an_event_that_is_being_told_at_the_stop_is_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    go, busy = threading.Event(), threading.Event()

    def set_event(event: Event) -> None:
        told.append(event.user)
        busy.set()
        go.wait(60)

    engine = Engine(welcome, set_event=set_event)
    await engine.start()
    for user in ("ada", "bob", "cyd"):
        await engine.ingest("signup", user)
    await asyncio.to_thread(busy.wait, 20)
    (thread,) = outbox()
    monkeypatch.setattr(thread, "join", lambda timeout=None: None)
    await engine.stop()
    go.set()
    threading.Thread.join(thread, 20)
    assert not thread.is_alive()
    assert told == ["ada"]


# -- its process ---------------------------------------------------------------------------


@workflow(trigger="look", name="looks")
async def looks(journey: Journey) -> bool:
    return gc.isenabled()


@pytest.mark.parametrize(("owns", "enabled"), [((), True), (("studio",), False)])
async def test_the_collector_is_off_only_where_the_process_is_the_engines(
    monkeypatch: pytest.MonkeyPatch, owns: tuple[str, ...], enabled: bool
) -> None:
    monkeypatch.setattr(collecting, "_owners", [])
    for who in owns:
        collecting.own_process(who)
    async with Engine(looks) as engine:
        await engine.ingest("look", "ada")
        (done,) = entries(engine.path, "journey.completed")
        assert done.data["result"] is enabled
    assert gc.isenabled()


async def test_a_collector_that_the_application_has_turned_off_stays_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(collecting, "_owners", ["studio"])
    gc.disable()
    try:
        async with Engine(looks) as engine:
            await engine.ingest("look", "ada")
            assert not gc.isenabled()
    finally:
        gc.enable()


def left_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir() if each.name.startswith(PREFIX))


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of the one in memory."""
    monkeypatch.setattr("studio.store.temporary._folder", lambda: tmp_path)
    return tmp_path


def test_an_engine_that_never_starts_leaves_no_file(memory: Path) -> None:
    Engine(welcome)
    assert left_in(memory) == []
    with Engine(welcome) as engine:
        assert engine.path.name in left_in(memory)
        assert engine.path.stat().st_mode & 0o777 == 0o600
    assert left_in(memory) == []


KILLED = """
import sys
from pathlib import Path
import studio.store.temporary as temporary
temporary._folder = lambda: Path(sys.argv[1])
from studio import Engine
with Engine() as engine:
    print("runs", flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_engine_has_left_goes_with_the_next_start_and_what_runs_stays(memory: Path) -> None:
    processes = [child(KILLED, str(memory)) for _ in range(2)]
    try:
        for each in processes:
            assert each.stdout is not None
            assert each.stdout.readline() == "runs\n"
        killed, running = processes
        before = left_in(memory)
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait(60)
        with Engine(welcome) as engine:
            mine = {name for name in left_in(memory) if name.startswith(engine.path.name)}
            there = set(left_in(memory)) - mine
        # Half of them, and the other runs on its own.
        assert len(there) * 2 == len(before)
        assert running.poll() is None
        assert set(left_in(memory)) == there
    finally:
        for each in processes:
            each.kill()
            each.communicate()
    sweep()
    assert left_in(memory) == []


def test_a_file_without_a_lock_is_left_for_a_day(memory: Path) -> None:
    path = temporary_store()
    path.touch()
    (memory / f"{PREFIX}notes.txt").write_text(json.dumps("not ours"))
    sweep()
    assert path.exists()
    os.utime(path, (time.time() - 90_000,) * 2)
    sweep()
    assert left_in(memory) == [f"{PREFIX}notes.txt"]


async def test_a_store_that_cannot_be_read_is_no_fault_of_set_event(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(
        "studio.store.event_outbox.UNTOLD", "SELECT no_such_column FROM history WHERE seq > ?"
    )
    async with Engine(welcome, set_event=lambda event: told.append(event.user)) as engine:
        await engine.ingest("signup", "ada")
        await until(lambda: engine.status().problem is not None)
        assert (engine.status().problem or "").startswith(
            "what set_event is to be told cannot be read just now"
        )
        monkeypatch.undo()
        await until(lambda: told == ["ada"])
        await until(lambda: engine.status().problem is None)
