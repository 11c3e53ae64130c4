"""A profile from a store: who still may send an event is censored, and the miss is told of others."""

from __future__ import annotations

import random

import pytest

from studio.reports.progress import Progress
from studio.reports.simulation.chance import Delay
from studio.reports.simulation.fitting import Entrant, Fitted, entrants, fit, fitted
from studio.reports.simulation.profile import ENTRY, Habit, Profile

DAY = 86_400_000


def people(count: int, chance: float, seen: int, seed: int = 1) -> list[Entrant]:
    """Half of those who ever do it have done so in a day, on the average; they came evenly over a year."""
    draw = random.Random(seed)
    found = []
    for n in range(count):
        delay = round(DAY * draw.lognormvariate(0, 1))
        came = delay if draw.random() < chance and delay <= seen else None
        found.append(Entrant(n * 365 * DAY // count, came, seen))
    return found


def test_chance_and_delays_come_out_as_they_went_in() -> None:
    found = fit("paid", people(4_000, 0.4, 60 * DAY))
    assert found is not None
    assert found.people == 2_800
    assert found.chance == pytest.approx(0.4, abs=0.03)
    assert found.delay.p50_ms == pytest.approx(DAY, rel=0.1)
    assert found.delay.p90_ms == pytest.approx(3.6 * DAY, rel=0.15)
    assert found.miss == pytest.approx(0, abs=0.05)


def test_those_who_were_seen_for_too_short_do_not_lower_the_chance() -> None:
    long, short = people(1_000, 0.5, 60 * DAY), people(1_000, 0.5, DAY, seed=2)
    mixed = [each for pair in zip(long, short, strict=True) for each in pair]
    found = fit("paid", mixed)
    assert found is not None
    assert found.chance == pytest.approx(0.5, abs=0.05)


def test_that_those_who_came_last_do_otherwise_is_told() -> None:
    newer = [
        Entrant(each.entered_ms + 400 * DAY, each.came_ms, each.seen_ms)
        for each in people(300, 0.9, 60 * DAY)
    ]
    found = fit("paid", [*people(700, 0.3, 60 * DAY), *newer])
    assert found is not None
    assert found.miss == pytest.approx(0.6, abs=0.08)


def test_an_event_that_never_came_is_not_fitted() -> None:
    assert fit("paid", [Entrant(0, None, DAY)] * 10) is None
    assert fit("paid", []) is None


def test_an_event_counts_from_entry_on_and_each_user_once() -> None:
    journeys = [Progress(1, 7, 1_000, None), Progress(2, 7, 5_000, None), Progress(3, 8, 2_000, None)]
    came = [(7, 500), (7, 1_500), (7, 1_600), (9, 10)]
    assert entrants(journeys, came, 10_000) == [Entrant(1_000, 500, 9_000), Entrant(2_000, None, 8_000)]


def test_only_what_was_fitted_is_put_in_place_of_the_guess() -> None:
    guess = Delay(1, 2)
    habits = (
        Habit("paid", ENTRY, 0.5, guess),
        Habit("paid", "day 1", 0.5, guess),
        Habit("login", ENTRY, 0.5, guess),
    )
    profile = Profile("signup", None, 1, {}, {}, habits)
    found = fitted(profile, [Fitted("paid", 10, 0.2, Delay(5, 6), None, 0)])
    assert found.habits == (Habit("paid", ENTRY, 0.2, Delay(5, 6)), *habits[1:])
