"""The keys of the clock on the real engine, in this process and in another."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from textual.pilot import Pilot

from studio import Journey, StudioClock, workflow
from studio.engine import Engine
from studio.tui.app import StudioApp
from studio.tui.desk import EngineDesk, ViewerDesk
from tests.engine.support import entries
from tests.tui.test_studio import WORKFLOWS, open_studio, until


@workflow(trigger="signup")
async def welcome(journey: Journey) -> dict[str, bool]:
    paid = await journey.wait_for("app/paid", timeout="7d")
    return {"paid": bool(paid)}


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause(0.05)


async def test_time_is_paused_moved_and_ended_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    async with Engine(welcome, store=path, clock=StudioClock()) as engine:
        await engine.ingest("signup", user="ann")
        await engine.ingest("signup", user="bob")
        app = StudioApp(desk=EngineDesk(engine))
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
            await until(pilot, "┃ bob         app/paid")
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
                assert isinstance(app.desk, ViewerDesk) or app.desk is None
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
            await asyncio.wait_for(engine.wait(), 20)
