"""A jump of 30 days in a real terminal: progress, stopped half-way, killed, and gone on with."""

from __future__ import annotations

import asyncio
import re
import signal
from pathlib import Path

import pytest

from studio import Engine, StudioClock, VirtualClock, incoming
from tests.engine.support import entries, history, settled, sound
from tests.tui.test_terminal import Terminal

DAY = 86_400_000
USERS = 3000
SLEEPS = 4
WORKFLOW = f"""
from studio import Journey, workflow

@workflow(trigger="signup")
async def drip(journey: Journey):
    for n in range({SLEEPS}):
        await journey.sleep(f"{{3 * 24 * 60 + journey.trigger['n']}}m")
    return {{"ok": True}}
"""


async def everyone(engine: Engine) -> int:
    """All sign up at one moment."""
    for first in range(0, USERS, 1000):
        await engine.ingest_many([incoming("signup", f"u{first + n}", {"n": n}) for n in range(1000)])
    await settled(engine)
    return engine.clock.now()


@pytest.mark.long
@pytest.mark.xdist_group("terminal")
def test_a_jump_of_30_days_is_stopped_half_way_outlives_a_kill_and_gives_the_history_of_30_days(
    tmp_path: Path,
) -> None:
    folder, store, other = tmp_path / "workflows", tmp_path / "a.db", tmp_path / "b.db"
    folder.mkdir()
    (folder / "drip.py").write_text(WORKFLOW)
    options = ("--workflows", str(folder))

    async def begin() -> int:
        async with Engine(str(folder), store=store, clock=StudioClock()) as engine:
            await engine.pause()
            return await everyone(engine)

    start = asyncio.run(begin())
    first = Terminal(store, options=options)
    try:
        first.until("PAUSED")
        first.process.send(">")
        first.until("forward by")
        first.process.send("30d")
        first.until("30d")
        first.process.send("\r")
        shown = first.until("JUMPING")
        while not re.search(r"JUMPING (1\d|[2-5]\d)%", shown):
            assert "JUMPING" in shown, shown
            shown = first.look()
        found = re.search(r"([\d,]+) of ([\d,]+)", shown)
        assert found is not None, shown
        served, total = (int(number.replace(",", "")) for number in found.groups())
        assert 0 < served < total
        first.process.send("\x1b")
        first.until("stopped")
        shown = first.until("PAUSED")
        assert "JUMPING" not in shown
        first.process.kill(signal.SIGKILL)
        first.process.wait()
    finally:
        first.end()
    sound(store)
    (moved,) = (
        e.data for e in entries(store, "clock.moved") if isinstance(e.data, dict) and "deadlines" in e.data
    )
    stands = moved["to"]
    assert moved["stopped"]
    assert served <= moved["deadlines"] < USERS * SLEEPS
    assert start < stands < start + 30 * DAY
    # All that was due is there, at its own time, and nothing behind it.
    assert len(entries(store, "sleep.done")) == moved["deadlines"]
    assert entries(store, "sleep.done")[-1].at <= stands
    second = Terminal(store, options=options)
    try:
        second.until("PAUSED")
        second.until("ahead")
        second.process.kill(signal.SIGKILL)
        second.process.wait()
    finally:
        second.end()

    async def go_on() -> None:
        async with Engine(str(folder), store=store, clock=StudioClock()) as engine:
            assert engine.clock.now() == stands
            await engine.jump(start + 30 * DAY)
        async with Engine(str(folder), store=other, clock=VirtualClock(start)) as engine:
            await everyone(engine)
            for day in range(1, 31):
                await engine.forward_to(start + day * DAY)

    asyncio.run(go_on())
    assert history(store) == history(other)
    sound(store)
