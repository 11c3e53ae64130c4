"""Hot reload: from a save to the new code running, and very many who wait going over to it."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from pathlib import Path

from bench.checks import BenchError, count_entries, expect
from bench.journeys import chunks, signups
from bench.numbers import Numbers
from studio import Engine
from studio.engine.reload.hot_reload import Reloaded
from studio.language.kinds import Kind

SOURCE = """from studio import Journey, workflow


@workflow(trigger="signup")
async def reference(journey: Journey):
    activated = await journey.wait_for("activated", timeout="{days}d")
    journey.log("activated" if activated else "not activated")
    return {{"activated": bool(activated)}}
"""
SETTLE_SECONDS = 0.3
REST_SECONDS = 3.0
"""Until an engine has tidied up after work."""
PATIENCE_SECONDS = 10.0
INGEST_EACH_SECONDS = 0.02


def _write(folder: Path, days: int) -> Path:
    workflows = folder / "workflows"
    workflows.mkdir(exist_ok=True)
    (workflows / "reference.py").write_text(SOURCE.format(days=days))
    return workflows


def saves(folder: Path, count: int) -> Numbers:
    """From the save of a file until its code runs, with three who wait."""
    workflows = _write(folder, 1)
    took = []
    with Engine(workflows, store=folder / "reload.db") as engine:
        engine.submit(list(signups(3))).result()
        heard = threading.Event()
        engine.on_reload(lambda told: heard.set())
        engine.watch()
        for number in range(count):
            # At another moment of the watch's round each time.
            time.sleep(SETTLE_SECONDS + number * 0.007)
            heard.clear()
            start = time.perf_counter()
            _write(folder, number + 2)
            if not heard.wait(PATIENCE_SECONDS):
                raise BenchError("a save was not noticed")
            took.append((time.perf_counter() - start) * 1000)
    return {"p50_ms": statistics.median(took), "max_ms": max(took)}


def waiting(folder: Path, count: int, differ: bool) -> Numbers:
    """All who wait go over to a saved file while events come in.

    Args:
        differ: the new code gives each of them another deadline; else it says the same.
    """
    return asyncio.run(_waiting(folder, count, differ))


async def _waiting(folder: Path, count: int, differ: bool) -> Numbers:
    workflows = _write(folder, 7)
    store = folder / "reload.db"
    async with Engine(workflows, store=store) as engine:
        for chunk in chunks(signups(count)):
            await engine.ingest_many(chunk)
        told: asyncio.Future[Reloaded] = asyncio.get_running_loop().create_future()
        loop = asyncio.get_running_loop()

        def hear(each: Reloaded) -> None:
            loop.call_soon_threadsafe(told.set_result, each)

        engine.on_reload(hear)
        engine.watch()
        await asyncio.sleep(REST_SECONDS)
        start = time.perf_counter()
        if differ:
            _write(folder, 8)
        else:
            (workflows / "reference.py").write_text(SOURCE.format(days=7) + "# the same\n")
        slowest = 0.0
        live: float | None = None
        while not told.done() or engine.reloading:
            sent = time.perf_counter()
            await engine.ingest("nothing", "somebody")
            slowest = max(slowest, time.perf_counter() - sent)
            if live is None and told.done():
                live = time.perf_counter() - start
            await asyncio.sleep(INGEST_EACH_SECONDS)
        seconds = time.perf_counter() - start
    expect("journeys that went over", count_entries(store, Kind.MOVED), count if differ else 0)
    return {"seconds": seconds, "live_ms": (live or seconds) * 1000, "ingest_ms": slowest * 1000}
