"""Completed reference journeys a second, on one core, every entry durable."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench.checks import count_journeys, expect, store_bytes
from bench.journeys import Order, chunks, reference, reference_events
from bench.machine import pin
from bench.numbers import Numbers
from studio import Engine
from studio.language.incoming import Incoming
from studio.language.kinds import Status
from studio.store.database import Durability

DATA = {"plan": "pro", "source": "newsletter", "referrer": "https://example.org/spring-offer", "locale": "en"}
"""About 100 bytes, as an event in use may carry."""


def bulk(
    folder: Path,
    users: int,
    order: Order = "phases",
    durability: Durability = "full",
    with_data: bool = False,
) -> Numbers:
    """Through `ingest_many`, chunk by chunk; the time includes making and checking the events."""
    pin()
    store = folder / "rates.db"
    events = reference_events(users, order, DATA if with_data else None)
    seconds = asyncio.run(_bulk(store, durability, events))
    return _numbers(store, users, seconds)


async def _bulk(store: Path, durability: Durability, events: Iterator[Incoming]) -> float:
    async with Engine(reference, store=store, durability=durability) as engine:
        start = time.perf_counter()
        for chunk in chunks(events):
            await engine.ingest_many(chunk)
        return time.perf_counter() - start


def single(folder: Path, users: int, clients: int, durability: Durability = "full") -> Numbers:
    """Through `ingest`, an event a call, by so many clients at a time, each awaiting its own."""
    pin()
    store = folder / "rates.db"
    seconds = asyncio.run(_single(store, durability, reference_events(users, "phases"), clients))
    return _numbers(store, users, seconds)


async def _single(store: Path, durability: Durability, events: Iterator[Incoming], clients: int) -> float:
    async def send(engine: Engine) -> None:
        for event in events:
            await engine.ingest(event.name, event.user)

    async with Engine(reference, store=store, durability=durability) as engine:
        start = time.perf_counter()
        await asyncio.gather(*(send(engine) for _ in range(clients)))
        return time.perf_counter() - start


def _numbers(store: Path, users: int, seconds: float) -> Numbers:
    expect("journeys completed", count_journeys(store, Status.COMPLETED), users)
    return {
        "journeys_per_s": users / seconds,
        "seconds": seconds,
        "store_bytes_per_journey": store_bytes(store) / users,
        "rss_mb": psutil.Process().memory_info().rss / 1e6,
    }
