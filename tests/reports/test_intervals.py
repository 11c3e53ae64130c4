"""Intervals hold what they promise: worked examples, and coverage by many samples of known difference."""

from __future__ import annotations

import math
import random
from statistics import median

import pytest

from studio.reports.intervals import bootstrap, difference, paired_difference, share

SAMPLES = 2_000


def test_wilson_s_interval_is_that_of_newcombe_s_paper() -> None:
    # R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3.
    for hits, people, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        found = share(hits, people)
        assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_newcombe_s_difference_is_that_of_his_paper() -> None:
    # Statistics in Medicine 17 (1998), 873-890, table II, method 10.
    for (a, m, b, n), low, high in (
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ):
        found = difference(a, m, b, n)
        assert (round(found.low, 4), round(found.high, 4)) == pytest.approx((low, high), abs=1e-3)


def restricted_score(b: int, c: int, n: int, difference: float) -> float:
    """Tango's statistic by its definition: the rarer share by a search for the greatest likelihood."""

    def likelihood(rarer: float) -> float:
        return (
            b * math.log(rarer + difference)
            + c * math.log(rarer)
            + (n - b - c) * math.log(1 - 2 * rarer - difference)
        )

    low, high = max(0.0, -difference) + 1e-12, (1 - difference) / 2 - 1e-12
    for _ in range(200):
        third = (high - low) / 3
        if likelihood(low + third) < likelihood(high - third):
            low += third
        else:
            high -= third
    variance = n * (2 * low + difference * (1 - difference))
    return (b - c - n * difference) / math.sqrt(variance)


@pytest.mark.parametrize(("b", "c", "n"), [(12, 2, 44), (12, 2, 50), (3, 1, 100), (40, 61, 500)])
def test_at_the_ends_of_tango_s_interval_his_score_is_that_of_95_percent(b: int, c: int, n: int) -> None:
    found = paired_difference(b, c, n)
    assert found.value == pytest.approx((b - c) / n)
    assert restricted_score(b, c, n, found.low) == pytest.approx(1.959964, abs=1e-5)
    assert restricted_score(b, c, n, found.high) == pytest.approx(-1.959964, abs=1e-5)


def test_without_anybody_there_is_no_share() -> None:
    with pytest.raises(ValueError, match="nobody"):
        share(0, 0)
    with pytest.raises(ValueError, match="nobody"):
        paired_difference(0, 0, 0)


def test_a_paired_interval_turns_round_with_its_versions() -> None:
    one, other = paired_difference(30, 12, 400), paired_difference(12, 30, 400)
    assert one.value == -other.value
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))


def rates() -> list[tuple[int, float, float]]:
    """People, and two shares; some of them near 0."""
    draw = random.Random(20260301)
    found = []
    for at in range(SAMPLES):
        people = draw.randint(50, 1_000)
        one = draw.uniform(0.005, 0.03) if at % 4 == 0 else draw.uniform(0.03, 0.9)
        found.append((people, one, min(0.97, one * draw.uniform(0.7, 1.5))))
    return found


def test_differences_of_two_groups_are_covered_as_often_as_promised() -> None:
    draw, covered = random.Random(1), 0
    for people, one, other in rates():
        hits = [sum(draw.random() < rate for _ in range(people)) for rate in (one, other)]
        found = difference(hits[0], people, hits[1], people)
        covered += found.low <= one - other <= found.high
    assert 0.93 <= covered / SAMPLES <= 0.97


def test_differences_of_pairs_are_covered_as_often_as_promised() -> None:
    draw, covered = random.Random(2), 0
    for people, one, other in rates():
        only_one = only_other = 0
        for _ in range(people):
            # The same chance decides under both, for half of the people; the others draw twice.
            first = draw.random()
            second = first if draw.random() < 0.5 else draw.random()
            only_one += first < one and not second < other
            only_other += second < other and not first < one
        found = paired_difference(only_one, only_other, people)
        covered += found.low <= one - other <= found.high
    assert 0.93 <= covered / SAMPLES <= 0.97


def test_pairs_that_go_together_have_the_narrower_interval() -> None:
    people, both, only_one = 1_000, 290, 20
    apart = difference(both + only_one, people, both, people)
    paired = paired_difference(only_one, 0, people)
    assert paired.width < apart.width / 3
    assert paired.excludes_zero
    assert not apart.excludes_zero


def test_a_median_is_covered_as_often_as_promised() -> None:
    draw, covered, samples = random.Random(3), 0, 200
    for seed in range(samples):
        people = [draw.expovariate(1.0) for _ in range(120)]
        found = bootstrap(people, median, seed, resamples=200)
        assert found is not None
        covered += found.low <= 0.6931471805599453 <= found.high
    assert 0.90 <= covered / samples <= 0.99


def test_a_figure_that_is_seldom_there_has_no_interval() -> None:
    people = [None] * 99 + [1.0]

    def first(found: object) -> float | None:
        return next((each for each in found if each is not None), None)  # type: ignore[attr-defined]

    assert bootstrap(people, first) is None
    assert bootstrap([], first) is None
