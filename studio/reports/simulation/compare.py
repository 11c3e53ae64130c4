"""Two versions of a workflow, gone through by the same made-up users: what differs, and by how much.

Each person's chances and delays are the same in both, so the difference is taken person by person: its
interval is narrower than that of two groups that share nobody. It is about chance alone; that the profile is
a guess is another matter (`sweep.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import NamedTuple

from studio.reports.intervals import Interval, bootstrap, difference, paired_difference
from studio.reports.progress import Progress

LEAST_PEOPLE = 20
"""Of fewer a median says nothing."""


class PersonOutcome(NamedTuple):
    """What came of one person, in all journeys of the workflow."""

    reached_ms: int | None
    """How long it took to get there, the first time; None: not in the time that is looked at."""
    sent: int
    """Messages that were handed over."""
    failed: bool


Outcomes = Mapping[str, PersonOutcome]
"""By the person's name."""


@dataclass(frozen=True, slots=True)
class VersionDifference:
    """A figure under both versions."""

    name: str
    unit: str
    """ "points" (of 100), "ms", or "" for a count."""
    first: float
    second: float
    paired: Interval
    """How much larger the second is."""
    unpaired: Interval | None = None
    """The interval that two groups without a common person would have."""


def outcomes(
    journeys: Mapping[int, Progress] | Sequence[Progress], has_goal: bool
) -> dict[int, PersonOutcome]:
    """What came of each user, by number, from the journeys that a fold knows."""
    found: dict[int, PersonOutcome] = {}
    for each in journeys.values() if isinstance(journeys, Mapping) else journeys:
        came = each.converted_at if has_goal else each.ended_at if each.end == "completed" else None
        took = None if came is None else came - each.entered_at
        known = found.get(each.user)
        if known is None:
            found[each.user] = PersonOutcome(took, each.sent, each.end == "failed")
        else:
            first = took if known.reached_ms is None else known.reached_ms
            found[each.user] = PersonOutcome(
                first, known.sent + each.sent, known.failed or each.end == "failed"
            )
    return found


def compared(first: Outcomes, second: Outcomes) -> list[VersionDifference]:
    """The figures that both versions have, for the people who went through both."""
    people = sorted(first.keys() & second.keys())
    pairs = [(first[person], second[person]) for person in people]
    if not pairs:
        return []
    reached = [(a.reached_ms is not None, b.reached_ms is not None) for a, b in pairs]
    failed = [(a.failed, b.failed) for a, b in pairs]
    found = [_shares("reached", reached)]
    sent = [(a.sent, b.sent) for a, b in pairs]
    if any(a or b for a, b in sent):
        found.append(_means("messages a person", sent))
    times = [(a.reached_ms, b.reached_ms) for a, b in pairs]
    if (took := _medians("half of those who got there, after", times)) is not None:
        found.append(took)
    if any(a or b for a, b in failed):
        found.append(_shares("failed", failed))
    return found


def _shares(name: str, pairs: Sequence[tuple[bool, bool]]) -> VersionDifference:
    n = len(pairs)
    only_first = sum(1 for a, b in pairs if a and not b)
    only_second = sum(1 for a, b in pairs if b and not a)
    both = sum(1 for a, b in pairs if a and b)
    apart = difference(both + only_second, n, both + only_first, n)
    paired = paired_difference(only_second, only_first, n)
    return VersionDifference(name, "points", (both + only_first) / n, (both + only_second) / n, paired, apart)


def _means(name: str, pairs: Sequence[tuple[int, int]]) -> VersionDifference:
    differences = [b - a for a, b in pairs]
    paired = bootstrap(differences, mean)
    assert paired is not None
    return VersionDifference(name, "", mean(a for a, _ in pairs), mean(b for _, b in pairs), paired)


def _medians(name: str, pairs: Sequence[tuple[int | None, int | None]]) -> VersionDifference | None:
    def figure(sample: Sequence[tuple[int | None, int | None]]) -> float | None:
        one = [a for a, _ in sample if a is not None]
        other = [b for _, b in sample if b is not None]
        if min(len(one), len(other)) < LEAST_PEOPLE:
            return None
        return median(other) - median(one)

    paired = bootstrap(pairs, figure)
    if paired is None:
        return None
    one = median(a for a, _ in pairs if a is not None)
    return VersionDifference(name, "ms", one, one + paired.value, paired)
