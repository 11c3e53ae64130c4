"""Acts on the time of a store on which no engine runs, with its lock held meanwhile.

No workflow is needed and no journey moves: an engine that was started for it would first
serve what is due.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from studio.clocks.adjustable_clock import StudioClock
from studio.clocks.clock import Clock, VirtualClock, wall_ms
from studio.engine.rewind.rewind import Rewinds
from studio.engine.time.clock_control import ClockControl
from studio.engine.work.work_items import ExclusiveOperation
from studio.store.capabilities import Feature, require
from studio.store.connect import connect_reader
from studio.store.damage import read_fields
from studio.store.lock import alone_on
from studio.store.meta import set_meta
from studio.store.snapshots import say_clock_moved
from studio.store.sqlite import Store


def turn_alone(path: Path, facts: dict[str, Any]) -> None:
    """Pause the clock of a store, let it run or set its speed, for the next engine that has a clock to turn.

    Args:
        facts: {"paused": True}, {"paused": False} or {"speed": 60}.

    Raises:
        StoreLocked: an engine runs on it.
        NotOffered: its journeys are carried on elsewhere.
        ClockError: the clock is not for turning, or has no such speed.
    """
    with held_alone(path, "clock") as (store, clock):
        turned = ClockControl(clock).turn(facts)
        at = clock.now()
        if isinstance(clock, StudioClock):
            clock.stop()
        if turned is not None:
            with store.transaction() as con:
                set_meta(con, {"clock": json.dumps(clock.state()), "last_at": str(at)})
                say_clock_moved(con, at, {"from": at, "to": at, **facts})


def rewind_alone(path: Path, seq: int) -> dict[str, Any]:
    """Cut a store after an entry's cause, as a running engine does; what was is kept as a snapshot.

    Raises:
        StoreLocked: an engine runs on it.
        NotOffered: its journeys are carried on elsewhere.
        StoreError: there is no such entry, or a file could not be written.
    """
    with held_alone(path, "rewind") as (store, clock):
        rewinds = Rewinds(path, clock)
        rewinds.load(store)
        return rewinds.rewind(store, seq, ExclusiveOperation(lambda item: None))


@contextmanager
def held_alone(path: Path, feature: Feature) -> Iterator[tuple[Store, Clock]]:
    """A store that is there already, with its lock and its clock as it stands."""
    connect_reader(path).close()
    require(path, feature)
    with alone_on(path):
        store = Store(path)
        try:
            yield store, _clock(store)
        finally:
            store.close()


def _clock(store: Store) -> Clock:
    state = read_fields(store.meta("clock"), "its clock")
    real = wall_ms()
    clock: Clock = VirtualClock(min(store.last_at, real)) if state.get("virtual") else StudioClock()
    clock.adopt(state, store.last_at)
    return clock
