"""Differences between two versions, in words and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from studio.clocks import durations
from studio.reports.intervals import Interval
from studio.reports.simulation.compare import VersionDifference
from studio.reports.simulation.sweep import BY, USERS, Moved
from studio.reports.words import GUESSED

MOST_MOVED = 3


def lines(found: Sequence[VersionDifference], people: int) -> list[str]:
    """What differs, figure by figure."""
    if not found:
        return ["Nobody went through both."]
    return [line for each in found for line in _figure(each, people)] + ["", GUESSED]


def _figure(each: VersionDifference, people: int) -> list[str]:
    shown = f"{each.name}: A {_value(each, each.first)}, B {_value(each, each.second)}"
    return [shown, f"  {_sentence(each, people)}"]


def _sentence(each: VersionDifference, people: int) -> str:
    """ "B converts 2.1 points more (95 %: 0.4 to 3.8), 10,000 paired users"."""
    who = f"{people:,} paired users"
    value, low, high = (_value(each, part) for part in each.paired)
    if not each.paired.excludes_zero:
        return f"No difference is certain: {value} (95 %: {low} to {high}), {who}."
    more = "more" if each.paired.value > 0 else "less"
    size, *ends = (_value(each, abs(part)) for part in each.paired)
    if each.paired.value < 0:
        ends.reverse()
    unit = " points" if each.unit == "points" else ""
    return f"B: {size.removesuffix(' %')}{unit} {more} (95 %: {ends[0]} to {ends[1]}), {who}."


def _value(each: VersionDifference, value: float) -> str:
    if each.unit == "points":
        return f"{100 * value:.1f} %"
    if each.unit == "ms":
        sign = "-" if value < 0 else ""
        return sign + durations.short(round(abs(value)))
    return f"{value:.2f}"


def swept(found: Sequence[VersionDifference], moved: Sequence[Moved]) -> list[str]:
    """Which rates the first figure hangs on most."""
    told = [
        f"What is certain above is chance alone. Each rate of the profile, {100 * BY:.0f} % lower and higher "
        f"({USERS:,} users each), moves B against A so:"
    ]
    for each in moved[:MOST_MOVED]:
        told.append(f"  {each.name}: {100 * each.low:+.1f} to {100 * each.high:+.1f} points")
    if found:
        interval: Interval = found[0].paired
        told.append(f"Beside it, chance: {100 * interval.low:+.1f} to {100 * interval.high:+.1f} points.")
    return told


def as_json(each: VersionDifference) -> dict[str, Any]:
    """A figure under both versions; shares from 0 to 1, durations in milliseconds."""
    return {
        "name": each.name,
        "a": each.first,
        "b": each.second,
        "difference": _interval(each.paired),
        "unpaired": None if each.unpaired is None else _interval(each.unpaired),
    }


def _interval(found: Interval) -> dict[str, float]:
    return {"value": found.value, "low": found.low, "high": found.high}
