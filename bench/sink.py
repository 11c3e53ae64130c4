"""Turns a second that the sink takes: those of users that are carried on elsewhere, into one store."""

from __future__ import annotations

import time
from pathlib import Path

from bench.checks import count_journeys, expect
from bench.journeys import reference
from bench.machine import pin
from bench.numbers import Numbers
from studio.clocks.clock import wall_ms
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.kernel.partition import Partition
from studio.kernel.partition_turn import EventCame, run_turn
from studio.kernel.triggers import Routes
from studio.language.incoming import incoming
from studio.language.kinds import Status
from studio.sink.sink import Sink

WORKFLOWS = {reference.name: reference}


def turns(folder: Path, users: int, batch: int) -> Numbers:
    """Two turns of each user, as bytes, those of many users mixed; the time includes unpacking them."""
    pin()
    told = [packed for packed, _ in _made(users)] + [packed for _, packed in _made(users)]
    store = folder / "sink.db"
    at = wall_ms()
    with Sink(store) as sink:
        start = time.perf_counter()
        for first in range(0, len(told), batch):
            came = sink.take_packed(told[first : first + batch], at)
            expect("turns taken", sum(each.came == "taken" for each in came), len(came))
        seconds = time.perf_counter() - start
    expect("completed journeys", count_journeys(store, Status.COMPLETED), users)
    return {"turns_per_s": len(told) / seconds}


def _made(users: int) -> list[tuple[bytes, bytes]]:
    routes, watch = Routes(WORKFLOWS), ThreadMonitor()
    made = []
    for number in range(users):
        user = f"user{number}"
        partition = Partition(user, WORKFLOWS, "seed", "salt")
        both = [
            run_turn(
                partition,
                routes,
                [EventCame(incoming(name, user, {}), at)],
                monitor=watch,
                live=watch.live,
            ).turn.packed()
            for at, name in enumerate(("signup", "activated"))
        ]
        made.append((both[0], both[1]))
    return made
