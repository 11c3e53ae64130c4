"""Chances that nothing but their parts decides."""

from __future__ import annotations

from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.reports.simulation.chance import Delay, uniform


def test_the_same_parts_give_the_same_number_and_others_another() -> None:
    assert uniform("1", "ada", "paid", 0) == uniform("1", "ada", "paid", 0)
    others = {
        uniform(*parts)
        for parts in (
            ("2", "ada", "paid", 0),
            ("1", "ada", "paid", 1),
            ("1", "adap", "aid", 0),
            ("1", "ada", "paid0"),
        )
    }
    assert len(others | {uniform("1", "ada", "paid", 0)}) == 5


def test_numbers_are_spread_evenly_and_never_0_or_1() -> None:
    found = [uniform("1", n) for n in range(20_000)]
    assert 0 < min(found) < 0.001
    assert 0.999 < max(found) < 1
    assert mean(found) == pytest.approx(0.5, abs=0.01)


def test_half_are_done_by_p50_and_nine_of_ten_by_p90() -> None:
    delay = Delay(60_000, 600_000)
    assert (delay.at(0.5), delay.at(0.9)) == (60_000, 600_000)
    assert Delay(60_000, 60_000).at(0.99) == 60_000
    assert Delay(0, 0).at(0.7) == 0


@given(st.integers(1, 10**10), st.floats(1, 50), st.floats(0.001, 0.999), st.floats(0.001, 0.999))
def test_who_is_later_in_the_order_takes_longer(p50: int, factor: float, one: float, other: float) -> None:
    delay = Delay(p50, round(p50 * factor))
    assert delay.at(min(one, other)) <= delay.at(max(one, other))
