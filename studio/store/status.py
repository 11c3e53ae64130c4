"""How a store stands, and how the engine gets on that runs on it, at one look."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.clocks.adjustable_clock import ClockReading, moment, reading
from studio.clocks.clock import wall_ms
from studio.store.capabilities import LOCAL, Capabilities
from studio.store.engine_metrics import ENGINE_METRICS, EngineMetrics, read_metrics
from studio.store.file import wal_path
from studio.store.inbox import engine_of
from studio.store.paused import Paused, read_sign
from studio.store.records import LeftWaiting, Totals
from studio.store.refused import LeftAside
from studio.store.slow import SLOW, SlowCause, read_slow
from studio.store.stuck import STUCK, StuckCall, read_stuck
from studio.store.views import Views
from studio.store.workflow_pauses import WorkflowPause

MOST_HELD = 1_000


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """How a store stands."""

    path: str
    size: int
    """Bytes of the file."""
    wal: int
    """Bytes of the write-ahead log beside it."""
    totals: Totals
    entry: int
    """seq of the newest entry; 0: there is none."""
    now: int
    """The moment that the store's clock shows, ms since 1970, UTC."""
    clock: ClockReading
    next_due: int | None
    left: LeftWaiting
    """Events that no engine has taken in yet."""
    refused: LeftAside
    """Events that could not be taken, and are kept aside."""
    hold: dict[str, Any] | None
    """Why steps wait for a yes."""
    held: int
    """Steps that do, counted up to `MOST_HELD`."""
    engine: tuple[int, int] | None
    """The engine, or who else writes the history, that holds the lock: pid (0: not known), and since when."""
    metrics: EngineMetrics | None
    """None when no engine runs, or it has had nothing to do yet."""
    paused: Paused | None
    """Why that engine is paused; None when none runs, or it goes on."""
    stuck: tuple[StuckCall, ...] = ()
    """Steps and hooks of the engine that have not come back for a while."""
    capabilities: Capabilities = LOCAL
    """What the driver of its journeys can do."""
    turns_refused: int = 0
    """Turns of other drivers that could not be taken."""
    pauses: tuple[WorkflowPause, ...] = ()
    """Workflows of which no journey moves."""
    slow: SlowCause | None = None
    """The newest cause that held up all others."""


def status(path: str | Path) -> StoreStatus:
    """Look at a store. Costs the same for an empty and for a big one.

    Raises:
        StoreError: there is none, or it cannot be read.
    """
    path = Path(path)
    with Views(path) as views:
        engine = engine_of(path)
        clock = views.clock()
        due = views.waits(limit=1)
        return StoreStatus(
            path=str(path),
            size=path.stat().st_size,
            wal=size_of(wal_path(path)),
            totals=views.totals(),
            entry=views.last_seq(),
            now=moment(clock, wall_ms()),
            clock=reading(clock),
            next_due=due[0].due_at if due and not due[0].stands_by else None,
            left=views.left_waiting(),
            refused=views.left_aside(),
            hold=views.hold(),
            held=len(views.held_steps(limit=MOST_HELD)),
            engine=engine,
            metrics=read_metrics(views.meta(ENGINE_METRICS)) if engine is not None else None,
            paused=read_sign(path) if engine is not None else None,
            capabilities=views.capabilities(),
            turns_refused=views.turns_refused(),
            pauses=tuple(each for each in views.pauses().values() if each.stands),
            stuck=read_stuck(views.meta(STUCK)) if engine is not None else (),
            slow=read_slow(views.meta(SLOW)) if engine is not None else None,
        )


def size_of(path: Path) -> int:
    """Bytes of a file; 0 when it is not there."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
