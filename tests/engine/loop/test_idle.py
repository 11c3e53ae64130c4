"""When an engine in real time has nothing to do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from studio import Engine, Journey, workflow
from studio.clocks.clock import WallClock
from tests.engine.support import entries


@workflow(trigger="go")
async def no_time(journey: Journey) -> bool:
    return bool(await journey.wait_for("now", timeout=0))


class StillClock(WallClock):
    """Wall time that stands until it is moved."""

    at = 1_700_000_000_000

    def now(self) -> int:
        return self.at


async def test_a_deadline_of_this_very_millisecond_is_still_to_come(tmp_path: Path) -> None:
    clock = StillClock()
    async with Engine(no_time, store=tmp_path / "s.db", clock=clock) as engine:
        await engine.ingest("go", user="ann")
        idle = asyncio.ensure_future(engine.run_until_idle())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(idle), 0.2)
        clock.at += 1
        await asyncio.wait_for(idle, 60)
    assert [e.kind for e in entries(tmp_path / "s.db")][-2:] == ["wait.timeout", "journey.completed"]
