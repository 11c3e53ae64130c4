"""Starting and stopping an engine, from several places at once."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from studio import Engine, Journey, workflow
from studio.engine.loop.loop import EngineLoop
from studio.errors import StoreLocked, StudioError
from studio.store.inbox import engine_of
from studio.store.lock import take_lock
from tests.engine.support import in_time, settled, until

__all__ = ["in_time"]


@workflow(trigger="signup")
async def welcome(journey: Journey) -> int:
    await journey.wait_for("paid")
    return 1


async def test_of_two_starts_at_once_one_is_refused_and_the_store_stays_locked(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    engine = Engine(welcome, store=path)
    came = await asyncio.gather(*(engine.start() for _ in range(8)), return_exceptions=True)
    refused = [error for error in came if error is not None]
    assert [str(error) for error in refused] == ["the engine is running already"] * 7
    with pytest.raises(StoreLocked):
        await Engine(welcome, store=path).start()
    assert (await engine.ingest("signup", "ada")).seq
    await engine.stop()
    assert engine_of(path) is None


async def test_a_start_that_finds_the_store_locked_leaves_the_first_its_lock(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    async with Engine(welcome, store=path) as first:
        for _ in range(2):
            with pytest.raises(StoreLocked):
                await Engine(welcome, store=path).start()
        await first.ingest("signup", "ada")


async def test_a_start_in_memory_that_is_refused_leaves_the_running_one_its_store() -> None:
    async with Engine(welcome) as engine:
        with pytest.raises(StudioError, match="running already"):
            await engine.start()
        assert engine.path.exists()
        await engine.ingest("signup", "ada")


async def test_a_start_that_is_cancelled_leaves_no_engine_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "studio.db"
    under_way, go = threading.Event(), threading.Event()
    start = EngineLoop.start

    def slowly(runner: EngineLoop) -> None:
        under_way.set()
        assert go.wait(60)
        start(runner)

    monkeypatch.setattr(EngineLoop, "start", slowly)
    starting = asyncio.create_task(Engine(welcome, store=path).start())
    await asyncio.to_thread(under_way.wait, 20)
    starting.cancel()
    await asyncio.sleep(0)
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert engine_of(path) is None


async def test_a_stop_during_a_start_stops_what_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "studio.db"
    under_way, go = threading.Event(), threading.Event()
    take = take_lock

    def slowly(path: Path) -> object:
        under_way.set()
        assert go.wait(60)
        return take(path)

    monkeypatch.setattr("studio.engine.held_store.take_lock", slowly)
    engine = Engine(welcome, store=path)
    starting = asyncio.create_task(engine.start())
    await asyncio.to_thread(under_way.wait, 20)
    stopping = asyncio.create_task(engine.stop())
    await asyncio.sleep(0.02)
    go.set()
    await starting
    await stopping
    assert engine.status().state == "stopped"
    assert engine_of(path) is None


async def test_two_stops_at_once_both_find_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    engine = Engine(welcome, store=path)
    await engine.start()

    async def stop() -> object:
        await engine.stop()
        return engine_of(path)

    assert list(await asyncio.gather(stop(), stop())) == [None, None]
    # Nothing of the first is in the way of a second.
    async with engine:
        await engine.ingest("signup", "ada")


async def test_an_engine_that_is_not_started_has_not_ended_and_neither_has_one_that_runs(
    tmp_path: Path,
) -> None:
    engine = Engine(welcome, store=tmp_path / "studio.db")
    assert not engine.has_ended
    async with engine:
        assert not engine.has_ended


async def test_who_asked_for_it_is_told_after_each_commit_until_they_have_enough(tmp_path: Path) -> None:
    told = threading.Event()
    async with Engine(welcome, store=tmp_path / "studio.db") as engine:
        enough = engine.on_change(told.set)
        await engine.ingest("signup", "ada")
        await until(told.is_set)
        enough()
        await settled(engine)
        told.clear()
        await engine.ingest("paid", "ada")
        await settled(engine)
        assert not told.is_set()


async def test_an_engine_that_ends_by_itself_lets_its_store_go(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    async with Engine(welcome, store=path) as first:
        await first.ingest("signup", "ada")
        for file in tmp_path.glob("studio.db*"):
            if file.suffix != ".lock":
                file.unlink()
        await until(lambda: first.has_ended)
        async with Engine(welcome, store=path) as second:
            assert (await second.ingest("signup", "bob")).seq


async def test_a_start_that_fails_leaves_no_thread_behind(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    async with Engine(welcome, store=path):
        before = set(threading.enumerate())
        with pytest.raises(StoreLocked):
            await Engine(welcome, store=path, check_event=lambda user, events, match: []).start()
        assert not {
            each.name for each in set(threading.enumerate()) - before if each.name.startswith("journey")
        }
