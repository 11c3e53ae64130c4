"""What a user's 10,000th event costs beside the first hundred, while a journey of that user waits."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Literal

from bench.checks import count_entries, expect
from bench.journeys import chunks, each_tick, expecting_pro
from bench.machine import pin
from bench.numbers import Numbers
from studio import Engine, incoming
from studio.language.incoming import Incoming
from studio.language.kinds import Kind

SOME = 100
"""Events whose median is compared."""

Case = Literal["no match", "pass"]
"""The event meets an open wait by its name and not by its match; or it begins a pass."""


def events(folder: Path, count: int, case: Case) -> Numbers:
    """One event a batch, so that each finds nothing in memory.

    Synchronous NORMAL, so that it is not the disk whose time is taken.
    """
    pin()
    store = folder / "long.db"
    wanted = expecting_pro if case == "no match" else each_tick
    with Engine(wanted, store=store, durability="normal") as engine:
        # Another user first: what only the first calls cost is no part of it.
        for user in ("warm-up", "someone"):
            engine.submit([incoming("signup", user)]).result()
            first = _some(engine, user, case)
        between = (_event("someone", case) for _ in range(count - 2 * SOME))
        for chunk in chunks(between, 1_000):
            engine.submit(chunk).result()
        last = _some(engine, "someone", case)
    expect("events", count_entries(store, Kind.EVENT), count + SOME + 2)
    return {"first_us": first * 1e6, "last_us": last * 1e6, "ratio": last / first}


def _some(engine: Engine, user: str, case: Case) -> float:
    """The median time of single events, in seconds."""
    times = []
    for _ in range(SOME):
        event = _event(user, case)
        start = time.perf_counter()
        engine.submit([event]).result()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _event(user: str, case: Case) -> Incoming:
    return incoming("activated", user, {"plan": "free"}) if case == "no match" else incoming("tick", user)
