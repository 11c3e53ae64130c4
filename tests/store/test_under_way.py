"""What an engine is at that takes long: told to who looks on from elsewhere, and stopped by them."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, StudioClock, workflow
from studio.engine.client import EngineClient
from studio.engine.local import LocalEngine
from studio.engine.reload import migration
from studio.engine.remote import RemoteEngine
from studio.errors import JourneyError, StudioError
from studio.store import under_way
from studio.store.rebuild import compare
from studio.store.under_way import UnderWay, WatchedChange, ask_to_stop, change_under_way
from studio.store.views import Views
from tests.engine.reloading import write
from tests.engine.support import entries, until

WAITS = """
paid = await journey.wait_for("paid", timeout="7d")
return {"paid": bool(paid)}
"""
PEOPLE = 30


@workflow(trigger="hello")
async def greet(journey: Journey) -> None:
    await journey.wait_for("bye", timeout="1h")


def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look and tell at each step, however short the change is."""
    for name, value in (("LOOK_OPERATIONS", 500), ("LOOK_SECONDS", 0.0), ("FIRST_SECONDS", 0.0)):
        monkeypatch.setattr(under_way, name, value)


def client_of(kind: str, engine: Engine) -> EngineClient:
    return LocalEngine(engine) if kind == "local" else RemoteEngine(engine.path, None)


def listed(path: Path) -> list[UnderWay]:
    with Views(path) as views:
        return views.under_way()


# -- what changes the store as a whole -------------------------------------------------------------


@pytest.mark.parametrize("kind", ["local", "remote"])
async def test_a_rewind_is_told_and_stopped_and_nothing_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    at_once(monkeypatch)
    told: list[UnderWay] = []
    real = WatchedChange._tell

    def tell(change: WatchedChange) -> None:
        real(change)
        told.extend(listed(change._store))
        if len(told) == 3:
            # As the key of the list does it, in this process or in another.
            ask_to_stop(change._store)

    async with Engine(greet, store=tmp_path / "s.db", clock=StudioClock()) as engine:
        for number in range(PEOPLE):
            await engine.ingest("hello", f"user{number}")
        await engine.run_until_idle()
        before = [(entry.seq, entry.kind) for entry in entries(engine.path)]
        client = client_of(kind, engine)
        monkeypatch.setattr(WatchedChange, "_tell", tell)
        with pytest.raises((StudioError, JourneyError), match="the rewind was stopped: nothing has changed"):
            await client.rewind(before[4][0])
        assert {(each.kind, each.name) for each in told} == {("change", "rewind")}
        assert [(entry.seq, entry.kind) for entry in entries(engine.path)] == before
        assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("s.db")) == sorted(
            {path.name for path in tmp_path.iterdir()} & {"s.db", "s.db-wal", "s.db-shm", "s.db.lock"}
        )
        assert not list(tmp_path.glob("s.1.db*")), "nothing is left of the copy"
        # It goes on, and a rewind that nobody stops is done.
        monkeypatch.setattr(WatchedChange, "_tell", real)
        await engine.ingest("hello", "late")
        await client.rewind(before[4][0])
        assert len(entries(engine.path)) < len(before)
    assert compare(tmp_path / "s.db") == []


def test_a_sign_that_nobody_renews_says_nothing(tmp_path: Path) -> None:
    store, sign = tmp_path / "s.db", tmp_path / "s.db.change"
    assert change_under_way(store) is None
    ask_to_stop(store)
    assert not (tmp_path / "s.db.stop").exists(), "there is nothing to stop"
    sign.write_text(json.dumps({"name": "rewind", "done": 4096, "total": 8192}))
    assert change_under_way(store) == UnderWay("change", "rewind", 4096, 8192)
    ask_to_stop(store)
    assert (tmp_path / "s.db.stop").exists()
    long_ago = time.time() - under_way.OLD_SECONDS - 1
    os.utime(sign, (long_ago, long_ago))
    assert change_under_way(store) is None
    sign.write_text('{"name": "rew')
    assert change_under_way(store) is None


async def test_a_change_goes_on_untold_where_no_sign_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(monkeypatch)
    asked: list[object] = []

    def full(path: Path) -> None:
        asked.append(path)
        raise OSError(28, "No space left on device")

    async with Engine(greet, store=tmp_path / "s.db", clock=StudioClock()) as engine:
        first = await engine.ingest("hello", "ada")
        await engine.ingest("hello", "bob")
        monkeypatch.setattr(under_way, "make_file", full)
        await engine.rewind(first.seq)
    assert asked


# -- going over to other code ------------------------------------------------------------------------


class OneByOne:
    """Those who wait go over one by one, and after so many they wait for a word."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
        self.most, self.gone = most, 0
        monkeypatch.setattr(migration, "_Pace", lambda turns: self)
        real = migration.Migrations._slice

        def slice_of(migrations: migration.Migrations, *turn: Any) -> None:
            if self.most:
                real(migrations, *turn)
                self.most -= 1
            else:
                time.sleep(0.005)

        monkeypatch.setattr(migration.Migrations, "_slice", slice_of)

    @property
    def is_over(self) -> bool:
        return True


@pytest.mark.parametrize("kind", ["local", "remote"])
async def test_a_reload_is_told_and_stopped_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    folder = tmp_path / "workflows"
    write(folder, WAITS)
    async with Engine(folder, store=tmp_path / "s.db", clock=StudioClock()) as engine:
        for number in range(PEOPLE):
            await engine.ingest("signup", f"user{number}")
        await engine.run_until_idle()
        assert listed(engine.path) == []
        client = client_of(kind, engine)
        assert not await client.stop_reload(), "there is none"
        some = OneByOne(monkeypatch, 10)
        write(folder, WAITS.replace("7d", "2d"))
        await engine.reload()
        await until(lambda: not some.most)
        (found,) = listed(engine.path)
        assert found == UnderWay("reload", "reload of welcome", 10, PEOPLE)
        assert await client.stop_reload()
        await until(lambda: not engine.reloading)
        assert listed(engine.path) == []
        some.most = 1_000
        await asyncio.wait_for(engine.run_until_idle(), 10)
        assert moved(engine) == 10, "nobody goes over any more"
        # Whom something comes for goes over first.
        await engine.ingest("hello", f"user{PEOPLE - 1}")
        await engine.run_until_idle()
        assert moved(engine) == 11
        await client.reload()
        await until(lambda: moved(engine) == PEOPLE)
        await until(lambda: not engine.reloading)
    assert compare(tmp_path / "s.db") == []


async def test_what_was_stopped_goes_on_with_the_next_start_and_before_time_is_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "workflows"
    write(folder, WAITS)
    async with Engine(folder, store=tmp_path / "s.db", clock=StudioClock()) as engine:
        for number in range(PEOPLE):
            await engine.ingest("signup", f"user{number}")
        await engine.run_until_idle()
        some = OneByOne(monkeypatch, 5)
        write(folder, WAITS.replace("7d", "2d"))
        await engine.reload()
        await until(lambda: not some.most)
        assert await engine.stop_reload()
        await until(lambda: not engine.reloading)
    some.most = 10
    async with Engine(folder, store=tmp_path / "s.db", clock=StudioClock()) as engine:
        await until(lambda: not some.most)
        assert [each.done for each in listed(engine.path)] == [15]
        assert await engine.stop_reload()
        await until(lambda: not engine.reloading)
        some.most = 1_000
        await engine.jump(engine.clock.now() + 60_000)
        assert moved(engine) == PEOPLE
        assert listed(engine.path) == []


def moved(engine: Engine) -> int:
    return sum(entry.kind == "journey.moved" for entry in entries(engine.path))
