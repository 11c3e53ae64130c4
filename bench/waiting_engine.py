"""The engine that is killed: takes journeys in, says how it is at rest, then works until its end.

    python -m bench.waiting_engine STORE wait COUNT IDLE_SECONDS
    python -m bench.waiting_engine STORE wake USER

Each writes one line of JSON when it has come so far, and goes on at a line from stdin.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import psutil

from bench.journeys import chunks, reference, signups, user_id
from studio import Engine, incoming

SETTLE_SECONDS = 3.0
"""Until the engine has tidied up after work and rests."""


def wait(store: Path, count: int, idle_seconds: float) -> None:
    """Let journeys wait, look at the process at rest, then wake some of them."""
    # How soon journeys come in is measured elsewhere: NORMAL spares the disk here.
    with Engine(reference, store=store, durability="normal") as engine:
        start = time.perf_counter()
        for chunk in chunks(signups(count)):
            engine.submit(chunk).result()
        seconds = time.perf_counter() - start
        time.sleep(SETTLE_SECONDS)
        used, start = time.process_time(), time.perf_counter()
        time.sleep(idle_seconds)
        share = (time.process_time() - used) / (time.perf_counter() - start)
        _tell(idle_cpu_percent=share * 100, rss_mb=_rss_mb(), signups_per_s=count / seconds)
        _work(engine)


def wake(store: Path, user: str) -> None:
    """Start on a store that was left by a kill, and wake one journey."""
    with Engine(reference, store=store) as engine:
        engine.submit([incoming("activated", user)]).result()
        _tell(rss_mb=_rss_mb())
        _work(engine)


def _work(engine: Engine) -> None:
    sys.stdin.readline()
    number = 0
    while True:
        batch = [incoming("activated", user_id(number + offset)) for offset in range(1_000)]
        engine.submit(batch).result()
        number += len(batch)


def _rss_mb() -> float:
    return psutil.Process().memory_info().rss / 1e6


def _tell(**numbers: float) -> None:
    print(json.dumps(numbers), flush=True)


if __name__ == "__main__":
    path, act, *rest = sys.argv[1:]
    if act == "wait":
        wait(Path(path), int(rest[0]), float(rest[1]))
    else:
        wake(Path(path), rest[0])
