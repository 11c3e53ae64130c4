"""Kaplan and Meier's estimate, held against worked examples."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.reports import survival
from studio.reports.survival import Observed, curve

# Freireich's 21 children on 6-mercaptopurine, weeks in remission; Kalbfleisch and Prentice, 1980, 1.1, and
# every textbook since. A plus is somebody who was lost from sight.
FREIREICH = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
SURVIVAL = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}


def freireich() -> list[Observed]:
    return [Observed(int(word.rstrip("+")), not word.endswith("+")) for word in FREIREICH.split()]


def test_the_textbook_s_example_comes_out() -> None:
    found = curve(freireich())
    assert {step.at_ms: round(1 - step.reached, 3) for step in found.steps} == SURVIVAL
    assert [step.at_risk for step in found.steps] == [21, 17, 15, 12, 11, 7, 6]


def test_its_interval_is_that_of_r_s_survfit_with_log_log() -> None:
    # survfit(Surv(time, status) ~ 1, conf.type = "log-log"): 0.857 (0.620, 0.952) at 6, and
    # 0.448 (0.188, 0.680) at 23.
    at_6, at_23 = curve(freireich()).reached_by(6), curve(freireich()).reached_by(23)
    assert at_6 is not None
    assert at_23 is not None
    assert None not in (*at_6, *at_23)
    assert [round(1 - each, 3) for each in (at_6.high, at_6.low)] == [0.620, 0.952]  # type: ignore[operator]
    assert [round(1 - each, 3) for each in (at_23.high, at_23.low)] == [0.188, 0.680]  # type: ignore[operator]


def test_half_of_them_are_out_of_remission_at_23_weeks_and_nine_of_ten_were_never_seen_so_far() -> None:
    found = curve(freireich())
    assert found.quantile_ms(0.5) == 23
    assert found.quantile_ms(0.9) is None


def test_nothing_is_said_of_a_time_for_which_nobody_was_seen() -> None:
    found = curve(freireich())
    assert found.reached_by(36) is None
    share = found.reached_by(35)
    assert share is not None
    assert share.value == pytest.approx(0.552, abs=1e-3)


def test_before_the_first_the_share_is_0_and_has_no_interval() -> None:
    assert curve(freireich()).reached_by(5) == (0.0, None, None)


def test_when_all_have_got_there_that_stays_so() -> None:
    found = curve([Observed(10, True), Observed(20, True)])
    assert found.reached_by(20) == (1.0, None, None)
    assert found.reached_by(1_000) == (1.0, None, None)
    assert math.isinf(found.steps[-1].spread)


def test_nobody_is_no_curve() -> None:
    found = curve([])
    assert (found.steps, found.people, found.reached_by(0), found.quantile_ms(0.5)) == ((), 0, None, None)


def test_without_anybody_lost_from_sight_it_is_the_plain_share() -> None:
    found = curve([Observed(ms, True) for ms in range(1, 11)] + [Observed(100, False)] * 10)
    share = found.reached_by(5)
    assert share is not None
    assert share.value == pytest.approx(5 / 20)
    assert found.quantile_ms(0.5) == 10


@given(st.lists(st.builds(Observed, st.integers(0, 50), st.booleans()), max_size=60))
def test_a_curve_rises_from_0_to_at_most_1_and_its_intervals_hold_it(people: list[Observed]) -> None:
    found = curve(people)
    before = 0.0
    for step in found.steps:
        assert before < step.reached <= 1.0
        before = step.reached
        share = found.reached_by(step.at_ms)
        assert share is not None
        if share.low is not None and share.high is not None:
            assert 0.0 <= share.low <= share.value <= share.high <= 1.0


def test_many_times_are_brought_into_order_by_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    people = [Observed((n * 7919) % 1000, n % 3 == 0) for n in range(1000)]
    whole = curve(people).steps
    monkeypatch.setattr(survival, "SORTED_AT_ONCE", 7)
    assert curve(people).steps == whole
