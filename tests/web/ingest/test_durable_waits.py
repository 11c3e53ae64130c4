"""Whoever waits for the store is given up when the engine takes nothing, and nobody else is."""

from __future__ import annotations

import asyncio

import pytest

from studio.web.ingest import durable_waits
from studio.web.ingest.durable_waits import DurableWaits
from studio.web.ingest.refused_request import RefusedRequest

PAUSED = RefusedRequest(503, "The engine is paused: the disk is full")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable_waits, "LOOK_SECONDS", 0.01)


async def test_what_is_stored_is_given() -> None:
    waits = DurableWaits(lambda: None)

    async def stored() -> int:
        await asyncio.sleep(0.05)
        return 7

    first, second = await asyncio.gather(waits.until(stored()), waits.until(stored()))
    assert (first, second) == (7, 7)


async def test_an_error_of_the_store_is_raised() -> None:
    async def fails() -> None:
        raise ValueError("no room")

    with pytest.raises(ValueError, match="no room"):
        await DurableWaits(lambda: None).until(fails())


async def test_all_who_wait_are_refused_when_the_engine_pauses() -> None:
    paused: list[RefusedRequest] = []

    def running() -> None:
        if paused:
            raise paused[0]

    waits = DurableWaits(running)
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    requests = [asyncio.create_task(waits.until(asyncio.shield(never))) for _ in range(3)]
    await asyncio.sleep(0.05)
    assert not any(request.done() for request in requests)
    paused.append(PAUSED)
    came = await asyncio.gather(*requests, return_exceptions=True)
    assert came == [PAUSED] * 3
    assert [request.cancelling() for request in requests] == [0] * 3
    # It goes on, and the next are served.
    paused.clear()
    assert await waits.until(asyncio.sleep(0.03, "stored")) == "stored"


async def test_a_request_whose_server_ends_is_cancelled() -> None:
    waits = DurableWaits(lambda: None)
    request = asyncio.create_task(waits.until(asyncio.sleep(60)))
    await asyncio.sleep(0)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request


async def test_nothing_is_looked_at_when_nobody_waits() -> None:
    looks: list[None] = []

    waits = DurableWaits(lambda: looks.append(None))
    await waits.until(asyncio.sleep(0.03))
    await asyncio.sleep(0.05)
    seen = len(looks)
    await asyncio.sleep(0.1)
    assert len(looks) == seen
