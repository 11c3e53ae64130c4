"""Numbers: what a measurement gives, what is taken of many, how they are shown."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

Numbers = dict[str, float]
"""What one measurement gives, each under a name that bears its unit."""


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share (0 to 1) of the values does not exceed; nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def medians(runs: Sequence[Numbers]) -> Numbers:
    """Of each number, the median over several runs."""
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def show(value: float, unit: str) -> str:
    """A number with its unit, as precise as it is worth reading: "12,345 /s", "1.24 ms"."""
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    text = f"{value:,.{digits}f}"
    return text if not unit else f"{text} {unit}"
