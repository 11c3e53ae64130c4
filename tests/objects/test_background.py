"""Calls that block: many at once, given up and not cut off, and no process that ends is aborted."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from studio.objects.background import MOST_THREADS, in_background

ROOT = Path(__file__).parents[2]


async def test_what_a_call_gives_or_raises_comes_back() -> None:
    assert await in_background(lambda: 7) == 7

    def fails() -> None:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        await in_background(fails)


async def test_many_run_at_the_same_time_and_more_wait_for_their_turn() -> None:
    running, most = 0, 0
    lock, go = threading.Lock(), threading.Event()

    def call() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        if running >= 32:
            go.set()
        assert go.wait(60)
        with lock:
            running -= 1

    await asyncio.gather(*(in_background(call) for _ in range(3 * MOST_THREADS)))
    assert 32 <= most <= MOST_THREADS


def test_one_that_hangs_holds_up_neither_its_loop_nor_others() -> None:
    over = threading.Event()

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await in_background(lambda: over.wait(60))
        assert await in_background(lambda: 1) == 1

    async def again() -> int:
        return await in_background(lambda: 2)

    start = time.monotonic()
    asyncio.run(give_up())
    assert time.monotonic() - start < 30
    # It comes back when its loop has ended.
    over.set()
    assert asyncio.run(again()) == 2


CHILD = """
import asyncio, sys
from obstore.store import LocalStore
from studio.objects.backup import export_to

export_to(LocalStore(sys.argv[1], mkdir=True), [b"{}"] * 3, sys.argv[2])
"""


def test_a_process_that_ends_at_once_ends_in_order(tmp_path: Path) -> None:
    for number in range(5):
        command = [sys.executable, "-c", CHILD, str(tmp_path), str(number)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stderr) == (0, "")
