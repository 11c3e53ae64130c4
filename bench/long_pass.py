"""One journey that gets much at once, and how long others wait meanwhile."""

from __future__ import annotations

import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Literal

from bench.checks import count_completed, count_entries, expect
from bench.machine import pin
from bench.numbers import Numbers
from studio import Engine, Journey, incoming, workflow
from studio.language.kinds import Kind

Case = Literal["waits", "sleeps"]
"""Each event answers the next wait; or the journey sleeps for no time again and again."""


@workflow(trigger="begin/waits")
async def many_waits(journey: Journey) -> int:
    """Waits for as many events as its trigger says."""
    count = int(journey.trigger["count"])
    for _ in range(count):
        await journey.wait_for("tick")
    return count


@workflow(trigger="begin/sleeps")
async def many_sleeps(journey: Journey) -> int:
    """Sleeps as often as its trigger says."""
    count = int(journey.trigger["count"])
    for _ in range(count):
        await journey.sleep(0)
    return count


@workflow(trigger="hello")
async def other(journey: Journey) -> str:
    """Somebody else's."""
    return "hello"


def at_once(folder: Path, count: int, case: Case) -> Numbers:
    """From handing in until the journey is completed, and until another user's event behind it is durable."""
    pin()
    store = folder / "long.db"
    begin = incoming(f"begin/{case}", "someone", {"count": count})
    with Engine([many_waits, many_sleeps, other], store=store, durability="normal") as engine:
        engine.submit([incoming("hello", "warm-up")]).result()
        handed: list[Future[Any]] = []
        if case == "waits":
            engine.submit([begin]).result()
        start = time.perf_counter()
        ticks = [incoming("tick", "someone") for _ in range(count)] if case == "waits" else [begin]
        handed.append(engine.submit(ticks))
        handed.append(engine.submit([incoming("hello", "other")]))
        handed[1].result()
        answered = time.perf_counter() - start
        handed[0].result()
        while not count_completed(store, "someone"):
            time.sleep(0.001)
        done = time.perf_counter() - start
    kind = Kind.WAIT_MATCHED if case == "waits" else Kind.SLEEP_DONE
    expect("waits and sleeps that ended", count_entries(store, kind), count)
    return {"done_s": done, "other_s": answered}
