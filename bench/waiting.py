"""A million waiting journeys: memory, idle CPU, disk, and how soon the first wakes after `kill -9`."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from bench.checks import BenchError, count_completed, count_journeys, expect, store_bytes
from bench.journeys import user_id
from bench.numbers import Numbers
from studio.language.kinds import Status

WORK_SECONDS = 0.5
"""How long the engine is at work when it is killed."""


def journeys(folder: Path, count: int, idle_seconds: float, restarts: int) -> Numbers:
    """Let so many journeys wait in an engine of its own process, kill it, and start it again."""
    store = folder / "waiting.db"
    engine = _Process(store, "wait", str(count), str(idle_seconds))
    try:
        numbers = engine.answer()
        size = store_bytes(store)
        numbers["store_mb"] = size / 1e6
        numbers["store_bytes_per_journey"] = size / count
        expect("journeys waiting", count_journeys(store, Status.WAITING), count)
        engine.go_on()
        time.sleep(WORK_SECONDS)
    finally:
        engine.kill()
    # Users whom the work before the kill has not reached: it began with the first.
    wakes = []
    for turn in range(restarts):
        user = user_id(count - 1 - turn)
        start = time.perf_counter()
        engine = _Process(store, "wake", user)
        try:
            woken = engine.answer()
            wakes.append(time.perf_counter() - start)
            expect("journeys completed of the user that was woken", count_completed(store, user), 1)
            numbers["rss_restarted_mb"] = woken["rss_mb"]
            engine.go_on()
            time.sleep(WORK_SECONDS)
        finally:
            engine.kill()
    return {**numbers, "first_wake_s": max(wakes)}


class _Process:
    """An engine in a process that can be killed."""

    def __init__(self, store: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "bench.waiting_engine", str(store), *arguments]
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def answer(self) -> Numbers:
        """Wait for the line that it writes."""
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            raise BenchError("the engine's process ended before it answered")
        numbers: Numbers = json.loads(line)
        return numbers

    def go_on(self) -> None:
        """Let it work until it is killed."""
        assert self._child.stdin is not None
        self._child.stdin.write("go on\n")
        self._child.stdin.flush()

    def kill(self) -> None:
        """Kill it with no chance to tidy up."""
        self._child.kill()
        self._child.communicate()
