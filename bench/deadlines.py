"""Deadlines: how late many at one instant are served in real time, and how fast virtual time serves them."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from bisect import bisect_left
from pathlib import Path

from bench.checks import count_journeys, expect
from bench.journeys import chunks, longer, reference, short, signups, user_id
from bench.machine import pin
from bench.numbers import Numbers, percentile
from studio import Engine, VirtualClock, incoming
from studio.language.kinds import Kind, Status
from studio.store.connect import connect_reader

MANY = 2_000
"""From here on signing up takes longer than the short journey waits."""
DAY_MS = 24 * 3600 * 1000


def same_instant(folder: Path, count: int) -> Numbers:
    """So many deadlines at one instant, on the wall clock; each counts when its entries are durable."""
    pin()
    store = folder / "instant.db"
    commits: list[tuple[int, int]] = []
    wanted = short if count <= MANY else longer
    with Engine(wanted, store=store) as engine:
        # Handed in together, they have one moment, and so one deadline.
        engine.submit(list(signups(count))).result()
        reader: list[sqlite3.Connection] = []

        def committed() -> None:
            # Called in the engine's thread: a look at the newest entry costs it microseconds.
            if not reader:
                reader.append(connect_reader(store))
            newest = reader[0].execute("SELECT max(seq) FROM history").fetchone()[0]
            commits.append((newest, engine.clock.now()))

        engine.on_change(committed)
        end = time.monotonic() + 60
        while count_journeys(store, Status.COMPLETED) < count and time.monotonic() < end:
            time.sleep(0.5)
    expect("journeys whose deadline was served", count_journeys(store, Status.COMPLETED), count)
    return _lateness(store, commits)


def _lateness(store: Path, commits: list[tuple[int, int]]) -> Numbers:
    con = connect_reader(store)
    try:
        served = con.execute(
            "SELECT seq, at, late FROM history WHERE kind = ? ORDER BY seq", (int(Kind.WAIT_TIMEOUT),)
        ).fetchall()
    finally:
        con.close()
    expect("instants at which deadlines stood", len({at for _, at, _ in served}), 1)
    last = [newest for newest, _ in commits]
    durable = [commits[bisect_left(last, seq)][1] - at for seq, at, _ in served]
    return {
        "p99_late_ms": percentile(durable, 0.99),
        "all_served_ms": max(durable),
        "p99_taken_up_ms": percentile([late or 0 for _, _, late in served], 0.99),
    }


def virtual(folder: Path, count: int) -> Numbers:
    """A jump over so many deadlines, each at a time of its own, a second after the other."""
    pin()
    store = folder / "virtual.db"
    seconds = asyncio.run(_virtual(store, count))
    expect("journeys whose deadline was served", count_journeys(store, Status.COMPLETED), count)
    return {"deadlines_per_s": count / seconds}


async def _virtual(store: Path, count: int) -> float:
    clock = VirtualClock()
    begin = clock.now()
    async with Engine(reference, store=store, clock=clock) as engine:
        events = (incoming("signup", user_id(n), at=begin + n * 1000) for n in range(count))
        for chunk in chunks(events):
            await engine.ingest_many(chunk)
        expect("journeys waiting", count_journeys(store, Status.WAITING), count)
        start = time.perf_counter()
        await engine.forward_to(begin + count * 1000 + 8 * DAY_MS)
        return time.perf_counter() - start
