"""What reads events is given up when it does not come back; in the engine: `test_hanging_types.py`."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from studio.engine.work.guarded_reading import read_guarded
from studio.errors import EventError
from tests.engine.support import until


def reading() -> bool:
    return any(each.name == "event-reading" for each in threading.enumerate())


async def test_what_fits_is_read_and_what_does_not_is_refused_with_its_own_words() -> None:
    read: list[str] = []
    await read_guarded(lambda: read.append(threading.current_thread().name), 10.0)
    assert read == ["event-reading"], "not in the thread of who waits"

    def wrong() -> None:
        raise EventError("amount: expected int, got str")

    with pytest.raises(EventError, match="amount: expected int"):
        await read_guarded(wrong, 10.0)


async def test_a_loop_is_named_and_ended_while_others_go_on() -> None:
    def loops() -> None:
        while True:
            pass

    others = asyncio.ensure_future(asyncio.sleep(0.05, "went on"))
    with pytest.raises(EventError, match=r"hangs at test_guarded_reading.py:\d+: it did not come back"):
        await read_guarded(loops, 0.2)
    assert others.done()
    await until(lambda: not reading())


async def test_what_blocks_is_left_behind_and_says_nothing_more() -> None:
    gate = threading.Event()

    def blocks() -> None:
        gate.wait(60)

    try:
        with pytest.raises(EventError, match="or a call that blocks"):
            await read_guarded(blocks, 0.2)
        assert reading()
    finally:
        gate.set()
    await until(lambda: not reading())


async def test_whoever_is_cancelled_meanwhile_does_not_wait_for_it() -> None:
    gate = threading.Event()

    def blocks() -> None:
        gate.wait(60)

    asked = asyncio.ensure_future(read_guarded(blocks, 60.0))
    await until(reading)
    began = time.monotonic()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    gate.set()
    await until(lambda: not reading())
    assert time.monotonic() - began < 30
