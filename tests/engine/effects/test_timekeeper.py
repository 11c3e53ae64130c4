"""Alarms for what has a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue

import pytest

from studio.engine.effects.timekeeper import Timekeeper


@pytest.fixture
def keeper() -> Iterator[Timekeeper]:
    keeper = Timekeeper("test-time")
    yield keeper
    keeper.stop()


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_alarms_come_in_order_of_their_time(keeper: Timekeeper) -> None:
    came: SimpleQueue[str] = SimpleQueue()
    keeper.after(0.1, lambda: came.put("second"))
    keeper.after(0.02, lambda: came.put("first"))
    off = keeper.after(0.05, lambda: came.put("never"))
    keeper.turn_off(off)
    keeper.turn_off(off)
    assert [came.get(timeout=60), came.get(timeout=60)] == ["first", "second"]


def test_alarms_that_were_turned_off_are_let_go_of(keeper: Timekeeper) -> None:
    for _ in range(5_000):
        keeper.turn_off(keeper.after(3_600, lambda: None))
    assert len(keeper._alarms) < 300


def test_an_alarm_that_fails_stops_no_other(keeper: Timekeeper, caplog: pytest.LogCaptureFixture) -> None:
    came = threading.Event()

    def fail() -> None:
        raise ValueError("no")

    keeper.after(0, fail)
    keeper.after(0.01, came.set)
    assert came.wait(60)
    assert "what an alarm calls failed" in caplog.text


def test_a_timekeeper_without_alarms_has_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.engine.effects.timekeeper.IDLE", 0.02)
    keeper, came = Timekeeper("test-idle"), threading.Event()
    for _ in range(3):
        came.clear()
        keeper.after(0, came.set)
        assert came.wait(60)
        until(lambda: all(thread.name != "test-idle" for thread in threading.enumerate()))


def test_after_the_stop_nothing_comes(keeper: Timekeeper) -> None:
    came: SimpleQueue[str] = SimpleQueue()
    keeper.after(0.02, lambda: came.put("never"))
    keeper.stop()
    keeper.after(0, lambda: came.put("never"))
    until(lambda: all(thread.name != "test-time" for thread in threading.enumerate()))
    assert came.empty()


def test_one_that_comes_sooner_is_not_kept_waiting_and_a_later_one_does_not_come_with_it(
    keeper: Timekeeper,
) -> None:
    came: SimpleQueue[str] = SimpleQueue()
    keeper.after(3_600, lambda: came.put("in an hour"))
    # Its thread waits for that.
    until(lambda: any(thread.name == "test-time" for thread in threading.enumerate()))
    keeper.after(0.01, lambda: came.put("soon"))
    assert came.get(timeout=60) == "soon"
    keeper.after(0.01, lambda: came.put("soon again"))
    assert came.get(timeout=60) == "soon again"


def test_those_that_are_left_come_in_their_order_when_others_were_let_go_of(
    keeper: Timekeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.engine.effects.timekeeper.LEAST", 0)
    came: SimpleQueue[str] = SimpleQueue()
    off = [keeper.after(3_600 + number, lambda: came.put("off")) for number in (0, 1)]
    keeper.after(3_900, lambda: came.put("second"))
    off.append(keeper.after(3_602, lambda: came.put("off")))
    keeper.after(3_800, lambda: came.put("first"))
    for alarm in off:
        keeper.turn_off(alarm)
    with keeper._changed:
        for alarm in keeper._alarms:
            # All are due now, and come by their time: the thread may rest till the old one.
            alarm.at -= 4_000
        keeper._changed.notify()
    keeper.after(0, lambda: came.put("last"))
    assert [came.get(timeout=60) for _ in range(3)] == ["first", "second", "last"]
