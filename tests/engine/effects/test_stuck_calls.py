"""Which calls have not come back, and when the store is told so; with real ones: `test_steps.py`."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from studio.engine.effects.stuck_calls import StuckCalls, stand
from studio.store.stuck import MOST, STUCK, StuckCall, read_stuck
from tests.engine.bench import Bench


@dataclass
class Call:
    name: str
    began: float | None
    kind: str = "step"
    journey: str = "welcome/ada"
    thread: int = 0
    coroutine: Any = None


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock, to be set; the time of day is as many seconds."""
    now = [1_000.0]
    monkeypatch.setattr("studio.engine.effects.stuck_calls.time.monotonic", lambda: now[0])
    monkeypatch.setattr("studio.engine.effects.stuck_calls.wall_ms", lambda: round(now[0] * 1_000))
    return now


def test_calls_that_last_longer_than_ten_seconds_are_found_the_oldest_first(now: list[float]) -> None:
    steps = [Call("young", 1_001.0), Call("old", 985.0), Call("not called", None)]
    hooks = [Call("ada", 980.0, kind="check_event", journey="")]
    stuck = StuckCalls(lambda: steps, lambda: hooks)
    # It looks once a second.
    assert stuck.find() == []
    now[0] += 1.0
    assert stuck.find() == []
    now[0] += 0.1
    assert stuck.find() == [
        StuckCall("check_event", "ada", "", 980_000, ""),
        StuckCall("step", "old", "welcome/ada", 985_000, ""),
    ]
    now[0] = 1_011.0
    assert [each.name for each in stuck.find()] == ["ada", "old"]
    now[0] = 1_012.1
    assert [each.name for each in stuck.find()] == ["ada", "old", "young"]


def test_the_store_is_told_once_and_again_when_one_has_come_back(now: list[float], tmp_path: Path) -> None:
    bench = Bench(tmp_path / "a.db")
    calls = [Call("old", 900.0)]
    stuck = StuckCalls(lambda: calls)
    assert not stuck.has_changed()
    now[0] += 2
    assert stuck.has_changed()
    for _ in range(2):
        # Until it is durable, each batch is to write it.
        stuck.before_commit(bench.batch)
        ((key, text),) = bench.batch.unit.changes.meta
        assert key == STUCK
        assert [each.name for each in read_stuck(text)] == ["old"]
        bench.write()
    stuck.after_commit(bench.batch)
    assert not stuck.has_changed()
    stuck.before_commit(bench.batch)
    assert bench.batch.unit.changes.meta == []
    now[0] += 2
    assert not stuck.has_changed()
    calls.clear()
    now[0] += 2
    stuck.before_commit(bench.batch)
    ((key, text),) = bench.batch.unit.changes.meta
    assert (key, read_stuck(text)) == (STUCK, ())
    stuck.after_commit(bench.batch)
    # More than are named are no news.
    calls += [Call(f"call {n}", 900.0 + n) for n in range(MOST)]
    now[0] += 2
    assert stuck.has_changed()
    stuck.after_commit(bench.batch)
    calls.append(Call("one more", 999.0))
    now[0] += 2
    assert not stuck.has_changed()
    assert len(stuck.find()) == MOST + 1


def test_a_call_stands_in_the_authors_own_code() -> None:
    assert stand(Call("here", 0.0, thread=threading.get_ident())).startswith("test_stuck_calls.py:")
    assert stand(Call("nowhere", 0.0)) == ""
