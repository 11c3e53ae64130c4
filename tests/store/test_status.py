"""How a store stands, at one look."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.clocks import adjustable_clock
from studio.errors import StoreError
from studio.store.engine_metrics import ENGINE_METRICS, EngineMetrics, metrics_text
from studio.store.lock import alone_on
from studio.store.meta import SET_META
from studio.store.paused import put_sign
from studio.store.slow import SLOW, SlowCause, slow_text
from studio.store.sqlite import Store
from studio.store.status import size_of, status
from studio.store.stuck import STUCK, StuckCall, stuck_text
from tests.store.build import START, small


def test_a_store_without_an_engine(tmp_path: Path) -> None:
    found = status(path := small(tmp_path / "a.db"))
    assert (found.path, found.size) == (str(path), path.stat().st_size)
    assert (found.totals.users, found.totals.waits, found.totals.failed) == (2, 2, 1)
    assert (found.entry, found.held, found.hold, bool(found.left)) == (15, 0, None, False)
    assert found.next_due == START + 2_000 + 60_000
    assert (found.engine, found.metrics, found.paused, found.stuck, found.slow) == (
        None,
        None,
        None,
        (),
        None,
    )
    assert found.clock.movable is adjustable_clock.reading({}).movable


def test_what_an_engine_has_told_counts_while_it_runs(tmp_path: Path) -> None:
    path = small(tmp_path / "a.db")
    metrics = EngineMetrics(1, 2.0, 3, 4, 5, 6)
    stuck = StuckCall("step", "mail", "welcome/ada", START, "mail.py:20")
    slow = SlowCause(START, 5_000, "event paid of ada", "welcome/ada", 4_000)
    store = Store(path)
    with store.transaction() as con:
        con.execute(SET_META, (ENGINE_METRICS, metrics_text(metrics)))
        con.execute(SET_META, (STUCK, stuck_text([stuck])))
        con.execute(SET_META, (SLOW, slow_text(slow)))
    store.close()
    put_sign(path, "the disk is full")
    found = status(path)
    assert (found.metrics, found.paused, found.stuck, found.slow) == (None, None, (), None)
    with alone_on(path):
        found = status(path)
    assert found.engine is not None
    assert (found.metrics, found.stuck, found.slow) == (metrics, (stuck,), slow)
    assert found.paused is not None
    assert found.paused.why == "the disk is full"


def test_there_must_be_one(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store here"):
        status(tmp_path / "none.db")
    assert size_of(tmp_path / "none.db") == 0
