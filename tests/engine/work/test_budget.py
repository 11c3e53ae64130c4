"""How long a batch drives."""

from __future__ import annotations

import pytest

from studio.engine.work import budget


class Time:
    """A thread's own time, and that of the clock."""

    def __init__(self) -> None:
        self.now = self.own = 0.0
        self.asked = 0

    def thread_time(self) -> float:
        self.asked += 1
        return self.own


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(budget, "monotonic", lambda: time.now)
    monkeypatch.setattr(budget, "thread_time", time.thread_time)
    return time


@pytest.mark.parametrize(
    ("now", "own", "served", "invested", "over"),
    [
        (0.09, 0.09, 3, 0.0, False),
        (0.11, 0.11, 3, 0.0, True),
        (0.11, 0.11, 5_000, 0.0, False),
        # Others had the processor.
        (0.11, 0.05, 3, 0.0, False),
        (0.26, 0.05, 3, 0.0, True),
        (0.26, 0.05, 5_000, 0.0, False),
        # It took long to come to where a function stands: then it goes on for as long.
        (0.26, 0.05, 3, 0.1, False),
        (0.35, 0.25, 3, 0.1, False),
        (0.31, 0.31, 3, 0.1, True),
        (0.31, 0.31, 5_000, 0.0, True),
        (0.31, 0.2, 5_000, 0.0, False),
        (0.76, 0.2, 5_000, 0.0, True),
        # Investments lengthen it by no more than a second.
        (60.0, 60.0, 3, 50.0, True),
    ],
)
def test_a_batch_is_over_after_its_time_and_never_for_having_gone_through_a_long_pass(
    time: Time, now: float, own: float, served: int, invested: float, over: bool
) -> None:
    found = budget.Budget()
    time.now, time.own = now, own
    assert found.is_over(served, invested) is over
    assert found.newest == now


def test_the_newest_cause_is_measured_by_itself(time: Time) -> None:
    found = budget.Budget()
    time.now = 0.25
    found.is_over(1)
    time.now = 0.75
    found.is_over(2)
    assert found.newest == 0.5


def test_the_own_time_is_asked_for_only_when_it_may_be_over(time: Time) -> None:
    found = budget.Budget()
    time.asked = 0
    time.now, time.own = 0.11, 0.05
    assert [found.is_over(served) for served in range(100)] == [False] * 100
    assert time.asked == 1
    # It passes no faster than time: 0.05 s from there on at the soonest.
    time.now, time.own = 0.155, 0.0999
    assert not found.is_over(101)
    assert time.asked == 1
    time.now, time.own = 0.165, 0.105
    assert found.is_over(102)
    assert time.asked == 2
