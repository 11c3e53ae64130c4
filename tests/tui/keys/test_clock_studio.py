"""The keys of the clock on the real engine, in this process and in another."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from pathlib import Path

import pytest
from textual.pilot import Pilot

from studio import Journey, StudioClock, incoming, workflow
from studio.engine import Engine
from studio.engine.local import LocalEngine
from studio.engine.remote import RemoteEngine
from studio.store.changes import Changes
from studio.store.sqlite import Store
from studio.tui.app import StudioApp
from tests.engine.support import entries
from tests.tui.fakes import screen_text
from tests.tui.test_studio import WORKFLOWS, open_studio, until


@workflow(trigger="signup")
async def welcome(journey: Journey) -> dict[str, bool]:
    paid = await journey.wait_for("app/paid", timeout="7d")
    return {"paid": bool(paid)}


DAY = 86_400_000
DAYS = 30
PEOPLE = 150


@workflow(trigger="signup")
async def month(journey: Journey) -> int:
    for _ in range(DAYS):
        seen = await journey.wait_for("app/seen", timeout="1d", past=False)
        journey.log(f"seen {bool(seen)}")
    return DAYS


def copied(path: Path, to: Path) -> Path:
    """The store as another process finds it now, also when this one is killed."""
    source, target = sqlite3.connect(path), sqlite3.connect(to)
    source.backup(target)
    source.close()
    target.close()
    return to


def told(path: Path) -> list[tuple[object, ...]]:
    """The history without what was done to the clock, whose moments do not depend on the reader."""
    return [
        (each.at, each.kind, each.user, each.journey, each.key, each.name, each.message)
        for each in entries(path)
        if each.kind != "clock.moved"
    ]


@pytest.mark.long
async def test_esc_stops_a_real_jump_where_it_has_come_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "studio.db"
    write = Store.write

    def slowly(store: Store, changes: Changes) -> None:
        # Else the month may be over before a key is read.
        time.sleep(0.1)
        write(store, changes)

    async with Engine(month, store=path, clock=StudioClock(), batch=50) as engine:
        await engine.pause()
        await engine.ingest_many([incoming("signup", f"user{n}", {}) for n in range(PEOPLE)])
        plain_path = copied(path, tmp_path / "plain.db")
        start = engine.clock.now()
        app = StudioApp(client=LocalEngine(engine))
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, "‖ PAUSED")
            monkeypatch.setattr(Store, "write", slowly)
            await press(pilot, "greater_than_sign", "3", "0", "d", "enter")
            shown = await until(pilot, "» JUMPING")
            assert "esc stops here" in shown.splitlines()[1]
            await until(pilot, " esc stops here  ")
            while not (jump := app.session.clock_reading().jump) or jump.served < 20 * PEOPLE // 10:
                await pilot.pause(0.01)
            await pilot.press("escape")
            await until(pilot, "‖ PAUSED")
            monkeypatch.undo()
            stood = engine.clock.now()
            crashed = copied(path, tmp_path / "crashed.db")
            await pilot.pause(0.3)
            assert engine.clock.now() == stood, "it stays where it got to"
            assert "stops here" not in screen_text(app)
        (move,) = entries(path, "clock.moved")[-1:]
        assert isinstance(move.data, dict)
        assert (move.data["from"], move.data["to"], move.data["stopped"]) == (start, stood, True)
        assert start < stood < start + DAYS * DAY
        # Later the same month goes on to its end.
        await engine.jump(start + DAYS * DAY)
    # All that lies before it was on the disk, and is what a plain jump to there gives.
    found = told(crashed)
    assert len(entries(crashed, "wait.timeout")) == move.data["deadlines"] > PEOPLE
    async with Engine(month, store=plain_path, clock=StudioClock()) as plain:
        assert plain.clock.now() == start
        end = await plain.jump(stood)
        assert (end.at, end.stopped) == (stood, False)
        # Of the deadlines of the very moment at which it stopped, some are still to come.
        there = told(plain_path)
        assert found == there[: len(found)]
        assert {at for at, *_ in there[len(found) :]} <= {stood}
        await plain.jump(start + DAYS * DAY)
    assert told(plain_path) == told(path)
    assert len(entries(path, "journey.completed")) == PEOPLE


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause(0.05)


async def test_time_is_paused_moved_and_ended_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    async with Engine(welcome, store=path, clock=StudioClock()) as engine:
        await engine.ingest("signup", user="ann")
        await engine.ingest("signup", user="bob")
        app = StudioApp(client=LocalEngine(engine))
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, "◷ bob")
            await press(pilot, "space")
            await until(pilot, "‖ PAUSED")
            await press(pilot, "greater_than_sign", "3", "d", "enter")
            await until(pilot, "ahead")
            await until(pilot, "of 7d")
            await press(pilot, "3", "X")
            await until(pilot, "timed out")
            assert len(entries(path, "wait.timeout")) == 1
            await press(pilot, "f")
            await until(pilot, "timed out app/paid  after 7d")
            await until(pilot, "◷ 0 waiting")
            await until(pilot, "1 deadline")
            await press(pilot, "plus", "space")
            await until(pilot, "► RUNNING")
        clock = engine.clock
        assert isinstance(clock, StudioClock)
        assert (clock.reading().speed, clock.reading().paused) == (10, False)
    assert [entry.data for entry in entries(path, "wait.timeout")] == [{"by_hand": True}, None]


async def test_the_clock_stands_as_it_did_when_the_studio_opens_again(tmp_path: Path) -> None:
    store = tmp_path / "studio.db"
    async with open_studio(store) as (_, pilot):
        await until(pilot, "⏎ sends this example")
        await press(pilot, "escape", "space")
        await until(pilot, "‖ PAUSED")
        await press(pilot, "greater_than_sign", "5", "h", "enter")
        await until(pilot, "4h 59m ahead")
    async with open_studio(store) as (_, pilot):
        await until(pilot, "‖ PAUSED")
        shown = await until(pilot, "ahead")
        assert "4h 5" in shown


@pytest.mark.long
async def test_a_viewer_asks_the_running_engine_to_move_its_clock(tmp_path: Path) -> None:
    store = tmp_path / "studio.db"
    code = (
        "import asyncio, sys\n"
        "from studio import Engine, StudioClock, WallClock\n"
        "async def main():\n"
        "    clock = StudioClock() if sys.argv[3] == 'studio' else WallClock()\n"
        "    async with Engine(sys.argv[1], store=sys.argv[2], clock=clock) as engine:\n"
        "        print('up', flush=True)\n"
        "        await asyncio.to_thread(sys.stdin.read)\n"
        "asyncio.run(main())\n"
    )
    pipe = asyncio.subprocess.PIPE
    for kind in ("studio", "wall"):
        engine = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, WORKFLOWS, str(store), kind, stdin=pipe, stdout=pipe
        )
        try:
            assert engine.stdout is not None
            assert await engine.stdout.readline() == b"up\n"
            async with open_studio(store) as (app, pilot):
                assert isinstance(app.session.client, RemoteEngine) or app.session.client is None
                await until(pilot, f"VIEWER of pid {engine.pid}")
                await press(pilot, "escape", "space")
                if kind == "wall":
                    await until(pilot, "this engine runs in real time, which nobody can pause or")
                else:
                    await until(pilot, "‖ PAUSED")
                    await press(pilot, "greater_than_sign", "9", "h", "enter")
                    await until(pilot, "8h 59m ahead")
                    await press(pilot, "space", "plus")
                    assert "PAUSED" not in await until(pilot, "clock at ×10")
        finally:
            assert engine.stdin is not None
            engine.stdin.close()
            await asyncio.wait_for(engine.wait(), 60)
