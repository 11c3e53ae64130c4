"""The groups whose funnels are compared: arms of splits, weeks of entry, versions of the source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

from studio.reports.funnel import week_of
from studio.reports.progress import Fold, Progress

By = Literal["split", "week", "version"]
Belongs = Callable[[Progress], bool]


def grouped(fold: Fold, versions: Mapping[int, str], by: str) -> list[tuple[str, Belongs]]:
    """The groups that there are, in the order of their names; versions in the order in which they came.

    Args:
        versions: the hash of each version, by its number, the oldest first.
        by: "split", "week" or "version".
    """
    journeys = fold.journeys.values()
    if by == "week":
        return [(week, partial(_entered_in, week)) for week in sorted({week_of(each) for each in journeys})]
    if by == "version":
        seen = {each.code for each in journeys}
        return [(hash, partial(_by_version, number)) for number, hash in versions.items() if number in seen]
    arms = {pair for each in journeys for pair in each.arms.items()}
    return [(f"{split}: {arm}", partial(_has_arm, split, arm)) for split, arm in sorted(arms)]


def _entered_in(week: str, each: Progress) -> bool:
    return week_of(each) == week


def _by_version(number: int, each: Progress) -> bool:
    return each.code == number


def _has_arm(split: str, arm: str, each: Progress) -> bool:
    return each.arms.get(split) == arm
