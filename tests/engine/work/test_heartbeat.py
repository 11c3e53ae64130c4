"""What the engine tells of itself in its batches: now and then, and of all that was done since."""

from __future__ import annotations

import pytest

from studio.engine.work import heartbeat as module
from studio.engine.work.heartbeat import Heartbeat
from studio.store.engine_metrics import ENGINE_METRICS, EngineMetrics, read_metrics


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The engine's monotonic clock, to be set."""
    now = [100.0]
    monkeypatch.setattr("studio.engine.work.heartbeat.time.monotonic", lambda: now[0])
    monkeypatch.setattr(module, "wall_ms", lambda: 77)
    return now


def told(row: tuple[str, str] | None) -> EngineMetrics:
    assert row is not None
    assert row[0] == ENGINE_METRICS
    found = read_metrics(row[1])
    assert found is not None
    return found


def test_the_first_batch_with_a_cause_tells_and_then_one_a_second(clock: list[float]) -> None:
    heartbeat = Heartbeat()
    assert heartbeat.row(0, 5, 1) is None
    assert told(heartbeat.row(3, 5, 1)) == EngineMetrics(
        at=77, rate=3.0, batch=3, queue=5, steps=1, late_ms=0
    )
    clock[0] += 0.9
    heartbeat.late(30)
    heartbeat.late(20)
    assert heartbeat.row(4, 0, 0) is None
    clock[0] += 0.1
    assert heartbeat.row(0, 0, 0) is None
    # What was done since the last one counts, and the latest deadline of it.
    assert told(heartbeat.row(6, 1, 2)) == EngineMetrics(
        at=77, rate=10.0, batch=6, queue=1, steps=2, late_ms=30
    )
    clock[0] += 3
    # Told to a tenth.
    assert told(heartbeat.row(10, 0, 0)) == EngineMetrics(
        at=77, rate=3.3, batch=10, queue=0, steps=0, late_ms=0
    )
