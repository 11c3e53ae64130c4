"""How long something takes, from people of whom many still wait for it: Kaplan and Meier's estimate.

E. L. Kaplan, P. Meier, "Nonparametric estimation from incomplete observations", JASA 53 (1958), 457-481.
The interval is made on the scale of log(-log S), which keeps it between 0 and 1 (J. D. Kalbfleisch,
R. L. Prentice, "The Statistical Analysis of Failure Time Data", 1980, 1.3).
"""

from __future__ import annotations

import heapq
import itertools
import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable
from typing import NamedTuple

SORTED_AT_ONCE = 50_000
Z95 = 1.959963984540054
"""Of a two-sided interval of 95 %."""


class Observed(NamedTuple):
    """One person: seen from entry on for so long."""

    duration_ms: int
    happened: bool
    """Whether it came then. If not, nothing is known of what came later: the observation is censored."""


class Share(NamedTuple):
    """A share from 0 to 1 with its interval of 95 %."""

    value: float
    low: float | None
    """None where the estimate has no interval: nobody has got there, or nobody is left."""
    high: float | None


class CurveStep(NamedTuple):
    """Where the curve falls."""

    at_ms: int
    at_risk: int
    """People who were seen up to here, and had not got there."""
    happened: int
    reached: float
    """The share that has got there by now."""
    spread: float
    """Greenwood's sum, d / (n (n - d)) of all steps up to here; infinite once nobody is left."""


class Curve:
    """The share of people who have got there, by the time since their entry."""

    def __init__(self, steps: tuple[CurveStep, ...], people: int, seen_ms: int) -> None:
        self.steps = steps
        self.people = people
        self.seen_ms = seen_ms
        """The longest time for which anybody was seen: nothing is known beyond."""
        self._times = [step.at_ms for step in steps]

    def reached_by(self, ms: int) -> Share | None:
        """The share that has got there at this time after entry; None when nobody was seen for so long.

        Once everybody who was seen has got there, that stays so.
        """
        last = bisect_right(self._times, ms) - 1
        whole = bool(self.steps) and self.steps[-1].reached >= 1.0
        if not self.people or (ms > self.seen_ms and not whole):
            return None
        if last < 0:
            return Share(0.0, None, None)
        step = self.steps[last]
        if step.reached >= 1.0:
            return Share(1.0, None, None)
        left = 1.0 - step.reached
        width = Z95 * math.sqrt(step.spread) / abs(math.log(left))
        return Share(step.reached, 1.0 - left ** math.exp(-width), 1.0 - left ** math.exp(width))

    def quantile_ms(self, share: float) -> int | None:
        """When this share has got there, in milliseconds after entry; None when it was not reached."""
        # Shares are sums of fractions: one that is met exactly may come out a hair below.
        return next((step.at_ms for step in self.steps if step.reached >= share - 1e-12), None)


def curve(observations: Iterable[Observed]) -> Curve:
    """Estimate how long it takes.

    Who is censored in the very moment in which somebody gets there counts as at risk, as is usual.
    """
    came: Counter[int] = Counter()
    gone: Counter[int] = Counter()
    for duration_ms, happened in observations:
        gone[duration_ms] += 1
        if happened:
            came[duration_ms] += 1
    at_risk = people = sum(gone.values())
    left, spread = 1.0, 0.0
    steps: list[CurveStep] = []
    for at_ms in _ordered(gone):
        if (events := came[at_ms]) > 0:
            left *= 1.0 - events / at_risk
            rest = at_risk - events
            spread = spread + events / (at_risk * rest) if rest else math.inf
            steps.append(CurveStep(at_ms, at_risk, events, 1.0 - left if rest else 1.0, spread))
        at_risk -= gone[at_ms]
    return Curve(tuple(steps), people, max(gone, default=0))


def _ordered(times: Collection[int]) -> Iterable[int]:
    """In order. Many are sorted by parts: one call that sorts a million holds up every other thread."""
    if len(times) <= SORTED_AT_ONCE:
        return sorted(times)
    rest = iter(times)
    parts = iter(lambda: sorted(itertools.islice(rest, SORTED_AT_ONCE)), [])
    return heapq.merge(*parts)
