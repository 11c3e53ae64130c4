"""How long an event of another process takes until the entries of the journey it woke are durable."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bench.checks import BenchError, count_journeys, expect
from bench.commands import journey_studio
from bench.journeys import reference, signups, user_id
from bench.numbers import Numbers, percentile
from studio import Engine
from studio.language.kinds import Status

PAUSE_SECONDS = 0.05
"""The longest pause between two events: longer than the engine's between two looks at its inbox."""
LIMIT_SECONDS = 10.0
"""After this an event has been lost."""

Send = Callable[[str], float]
"""Has the activation of a user sent; gives `time.monotonic()` of the moment before."""


def function(folder: Path, count: int) -> Numbers:
    """By `studio.store.inbox.send` in a process that is there already."""
    store = folder / "sends.db"
    command = [sys.executable, "-m", "bench.sender", str(store)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sender:
        assert sender.stdin is not None
        assert sender.stdout is not None
        to, answers = sender.stdin, sender.stdout
        if answers.readline() != "ready\n":
            raise BenchError("the sending process did not start")

        def send(user: str) -> float:
            to.write(f"{user}\n")
            to.flush()
            return float(answers.readline())

        return _measure(store, count, send)


def command_line(folder: Path, count: int) -> Numbers:
    """By `journey-studio send`, counted from the start of its process."""
    store = folder / "sends.db"

    def send(user: str) -> float:
        start = time.monotonic()
        command = [*journey_studio(), "send", "activated", "--user", user, "--store", str(store)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return start

    return _measure(store, count, send)


def _measure(store: Path, count: int, send: Send) -> Numbers:
    chance = random.Random(7)
    durable = threading.Event()
    moment = 0.0

    def committed() -> None:
        nonlocal moment
        moment = time.monotonic()
        durable.set()

    times = []
    with Engine(reference, store=store) as engine:
        engine.submit(list(signups(count))).result()
        engine.on_change(committed)
        for number in range(count):
            time.sleep(chance.uniform(0, PAUSE_SECONDS))
            durable.clear()
            # One event is under way at a time, so the next commit is that event's.
            start = send(user_id(number))
            if not durable.wait(LIMIT_SECONDS):
                raise BenchError(f"event {number} of another process was not taken in {LIMIT_SECONDS:.0f} s")
            times.append(moment - start)
    expect("journeys completed", count_journeys(store, Status.COMPLETED), count)
    return {"p50_ms": percentile(times, 0.5) * 1e3, "p99_ms": percentile(times, 0.99) * 1e3}
