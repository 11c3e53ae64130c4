"""How long an idle engine takes: from `ingest` until the entries of the woken journey are durable."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

from bench.checks import count_journeys, expect
from bench.journeys import reference, signups, user_id
from bench.numbers import Numbers, percentile
from studio import Engine
from studio.language.kinds import Status

PAUSE_SECONDS = 0.01
"""The longest pause between two events."""


def ingest(folder: Path, count: int) -> Numbers:
    """Single events, each ending a wait; the engine rests before each."""
    store = folder / "latency.db"
    times = asyncio.run(_ingest(store, count))
    expect("journeys completed", count_journeys(store, Status.COMPLETED), count)
    return {"p50_ms": percentile(times, 0.5) * 1e3, "p99_ms": percentile(times, 0.99) * 1e3}


async def _ingest(store: Path, count: int) -> list[float]:
    chance = random.Random(7)
    times = []
    async with Engine(reference, store=store) as engine:
        await engine.ingest_many(list(signups(count)))
        for number in range(count):
            await asyncio.sleep(chance.uniform(0.001, PAUSE_SECONDS))
            start = time.perf_counter()
            await engine.ingest("activated", user_id(number))
            times.append(time.perf_counter() - start)
    return times
