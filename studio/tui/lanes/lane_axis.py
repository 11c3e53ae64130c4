"""Where on a row a moment stands: the axis that fits everything, and the linear ones.

Pure. `column` is monotonic in both; what lies outside is clipped by the caller.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log2
from typing import Protocol

from studio.wording.times import DAY, HOUR, MINUTE, SECOND

SCALES = (
    100, 250, 500, SECOND, 2 * SECOND, 5 * SECOND, 15 * SECOND, 30 * SECOND, MINUTE, 5 * MINUTE,
    15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 3 * DAY, 7 * DAY, 30 * DAY,
)  # fmt: skip
"""Milliseconds a cell of the linear axes, closest first."""
SCALE_NAMES = (
    "100ms", "250ms", "500ms", "1s", "2s", "5s", "15s", "30s", "1m", "5m",
    "15m", "1h", "3h", "6h", "12h", "1d", "3d", "7d", "1mo",
)  # fmt: skip


FOLD_MS = 12 * HOUR
"""Time of the past in which nothing happens for so long is folded: how long it was is said, not drawn."""
FOLD_CELLS = 11
"""As much as a fold takes where there is room: "⋯ 89d 23h ⋯" at the most."""
MOST_FOLDED = 0.75
"""Of the room between the moments, what all folds take at most."""
NEAR_MS = 10
"""Moments closer than this to the one before share its column: one thing led to the other."""


class Axis(Protocol):
    """Time from left to right."""

    def column(self, at: int) -> int:
        """The column of a moment; below 0 or beyond the width when it lies outside."""

    def moment(self, column: int) -> int:
        """A moment that stands in this column."""


@dataclass(frozen=True, slots=True)
class FitAxis:
    """All that matters in one picture: each gap takes room by the logarithm of its length."""

    moments: tuple[int, ...]
    columns: tuple[int, ...]
    """Of each moment its own."""
    folds: tuple[tuple[int, int, int], ...] = ()
    """Long idle time: the columns of the moments around it, and how long it was, in ms."""

    def column(self, at: int) -> int:
        if not self.moments or at < self.moments[0]:
            return -1
        index = bisect_right(self.moments, at) - 1
        if index == len(self.moments) - 1:
            return self.columns[index] if at == self.moments[index] else self.columns[index] + 1
        start, end = self.moments[index], self.moments[index + 1]
        if at - start < NEAR_MS:
            return self.columns[index]
        room = self.columns[index + 1] - self.columns[index] - 1
        # Between two moments time runs evenly; a place of its own it has when there is one.
        within = (at - start) * room // (end - start)
        return self.columns[index] + (min(within + 1, room) if at > start and room else 0)

    def moment(self, column: int) -> int:
        if not self.columns:
            return 0
        index = max(0, bisect_right(self.columns, column) - 1)
        return self.moments[index]


@dataclass(frozen=True, slots=True)
class LinearAxis:
    """The same time for each cell."""

    origin_at: int
    scale_ms: int

    def column(self, at: int) -> int:
        return (at - self.origin_at) // self.scale_ms

    def moment(self, column: int) -> int:
        return self.origin_at + column * self.scale_ms


def fit(moments: Sequence[int], now: int, width: int, focus: int | None = None) -> FitAxis:
    """Give each moment (but those near another) a column of its own within `width`, and now too.

    Long idle time of the past is folded: it takes what its length takes to be said, and leaves the rest
    of the room to what happened. With more moments than half the width (three quarters, when nothing is
    ahead) the newest ones are kept, or those around `focus`, and always the very first: there everything
    began. What is ahead keeps at most a third.
    """
    if width <= 0:
        return FitAxis((), ())
    past: list[int] = []
    for at in moments:
        if at < now and (not past or at - past[-1] >= NEAR_MS):
            past.append(at)
    ahead = [at for at in moments if at > now]
    most_ahead = max(1, width // 3) if width > 1 else 0
    if len(ahead) > most_ahead:
        # The nearest, and the very last: nothing lies beyond the axis.
        ahead = [*ahead[: most_ahead - 1], ahead[-1]] if most_ahead else []
    most_past = min(width - 1 - len(ahead), width // 2 if ahead else width * 3 // 4)
    dropped = len(past) > most_past
    if dropped:
        first = len(past) - most_past
        if focus is not None and focus < past[first]:
            first = max(0, bisect_left(past, focus) - most_past // 3)
        # The first of all, then those: what lies between shares the room between them.
        past = [*past[:1], *past[first + 1 : first + most_past]] if most_past > 0 else []
    kept = (*past, now, *ahead)
    folded = [
        after <= now
        and after - before >= FOLD_MS
        # Behind the very first, much may have been left out: that is not idle.
        and not (dropped and before == past[0])
        for before, after in pairwise(kept)
    ]
    columns, run, spare = [0], 0.0, width - len(kept)
    shares = _shares(kept, folded, spare)
    for index, share in enumerate(shares, 1):
        run += share
        columns.append(index + (int(run + 1e-9) if index < len(shares) else spare))
    folds = [
        (columns[index], columns[index + 1], kept[index + 1] - kept[index])
        for index, fold in enumerate(folded)
        if fold
    ]
    return FitAxis(kept, tuple(columns), tuple(folds))


def _shares(kept: Sequence[int], folded: Sequence[bool], spare: int) -> list[float]:
    """How many cells beside its first each gap takes."""
    found = [log2(1 + 2 * (after - before) / SECOND) + 1 for before, after in pairwise(kept)]
    total, pairs = sum(found), list(zip(found, folded, strict=True))
    plain = sum(share for share, fold in pairs if not fold)
    if not plain or not any(folded):
        return [spare * share / total for share in found]
    most = min(FOLD_CELLS, MOST_FOLDED * spare / sum(folded))
    # A gap that would take less by its length is not made wider.
    cells = [min(most, spare * share / total) if fold else 0.0 for share, fold in pairs]
    left = spare - sum(cells)
    return [cell if fold else left * share / plain for cell, (share, fold) in zip(cells, pairs, strict=True)]


def linear(scale: int, now: int, width: int, anchor_at: int, anchor_column: int) -> LinearAxis:
    """The axis of a scale on which a moment keeps its column."""
    scale_ms = SCALES[scale]
    return LinearAxis((anchor_at // scale_ms - anchor_column) * scale_ms, scale_ms)


def scale_that_shows(span_ms: int, width: int) -> int:
    """The closest linear scale that shows a span in this many cells."""
    for index, scale_ms in enumerate(SCALES):
        if span_ms < scale_ms * max(1, width):
            return index
    return len(SCALES) - 1
