"""Intervals of 95 % around shares and their differences, and around anything by resampling.

Shares: E. B. Wilson, JASA 22 (1927), 209-212. Differences of independent shares: R. G. Newcombe, "Interval
estimation for the difference between independent proportions", Statistics in Medicine 17 (1998), 873-890,
method 10. Of paired shares: T. Tango, "Equivalence test and confidence interval for the difference in
proportions for the paired-sample design", Statistics in Medicine 17 (1998), 891-908.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from studio.reports.survival import Z95

T = TypeVar("T")

HALVINGS = 60
"""Of an interval of length 2: the end is then exact to the last digit of a float."""
RESAMPLES = 400


class Interval(NamedTuple):
    """A value with its interval of 95 %."""

    value: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """From its lower to its upper end."""
        return self.high - self.low

    @property
    def excludes_zero(self) -> bool:
        """Whether it lies wholly on one side of 0."""
        return self.low > 0 or self.high < 0


def share(hits: int, people: int) -> Interval:
    """A share by Wilson's score.

    Raises:
        ValueError: there is nobody.
    """
    if people <= 0:
        raise ValueError("a share of nobody has no interval")
    p, z2 = hits / people, Z95 * Z95
    middle = (p + z2 / (2 * people)) / (1 + z2 / people)
    half = Z95 / (1 + z2 / people) * math.sqrt(p * (1 - p) / people + z2 / (4 * people * people))
    return Interval(p, max(0.0, middle - half), min(1.0, middle + half))


def difference(hits: int, people: int, other_hits: int, other_people: int) -> Interval:
    """How much larger the first share is than the other, of two groups that share nobody: Newcombe's."""
    one, other = share(hits, people), share(other_hits, other_people)
    value = one.value - other.value
    low = value - math.hypot(one.value - one.low, other.high - other.value)
    high = value + math.hypot(one.high - one.value, other.value - other.low)
    return Interval(value, low, high)


def paired_difference(only_first: int, only_other: int, people: int) -> Interval:
    """How much larger the first share is than the other, of the same people under both: Tango's score.

    Args:
        only_first: people who got there under the first alone.
        only_other: people who got there under the other alone.
        people: all, those included who got there under both or under neither.

    Raises:
        ValueError: there is nobody.
    """
    if people <= 0:
        raise ValueError("a difference of nobody has no interval")
    b, c, n = only_first, only_other, people
    value = (b - c) / n

    def score(difference: float) -> float:
        """How many standard errors what was seen lies above this difference; it falls as that grows."""
        linear = (2 * n - b + c) * difference - b - c
        root = math.sqrt(max(0.0, linear * linear + 8 * n * c * difference * (1 - difference)))
        rarer = (root - linear) / (4 * n)
        variance = n * (2 * rarer + difference * (1 - difference))
        distance = b - c - n * difference
        if variance <= 0:
            return math.copysign(math.inf, distance) if distance else 0.0
        return distance / math.sqrt(variance)

    return Interval(value, _crossing(score, -1.0, value, Z95), _crossing(score, value, 1.0, -Z95))


def _crossing(score: Callable[[float], float], low: float, high: float, wanted: float) -> float:
    """Where a falling function comes to a value."""
    if wanted > 0 and score(low) <= wanted:
        return low
    if wanted < 0 and score(high) >= wanted:
        return high
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if score(middle) > wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def bootstrap(
    people: Sequence[T],
    figure: Callable[[Sequence[T]], float | None],
    seed: int = 1,
    resamples: int = RESAMPLES,
) -> Interval | None:
    """A figure of people with the interval that drawing people anew gives it (percentiles).

    B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.

    Args:
        figure: what is computed of some people; None where it cannot be.

    Returns:
        None when the figure of all cannot be computed, or not in more than one draw of twenty.
    """
    value = figure(people)
    if value is None or not people:
        return None
    draw = random.Random(seed)
    found = [figure(draw.choices(people, k=len(people))) for _ in range(resamples)]
    known = sorted(each for each in found if each is not None)
    if len(known) < 0.95 * resamples:
        return None
    return Interval(value, known[int(0.025 * len(known))], known[math.ceil(0.975 * len(known)) - 1])
