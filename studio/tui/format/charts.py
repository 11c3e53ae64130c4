"""Pictures of numbers, drawn in cells: bars of several parts, a step curve, columns, a map of hours.

Each part of a bar has a sign of its own, so that it reads without colour.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from studio.tui.format.glyphs import glyphs
from studio.tui.format.pieces import Piece, Pieces

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
TICKS = (
    (SECOND, "1s"),
    (10 * SECOND, "10s"),
    (MINUTE, "1m"),
    (10 * MINUTE, "10m"),
    (HOUR, "1h"),
    (6 * HOUR, "6h"),
    (DAY, "1d"),
    (7 * DAY, "7d"),
    (30 * DAY, "30d"),
    (90 * DAY, "90d"),
    (365 * DAY, "1y"),
)
"""Times that an axis may name."""
AXIS_CELLS = 6
LEAST_MS = 100


def parted(parts: Sequence[tuple[int, str, str]], whole: int, width: int) -> list[Piece]:
    """A bar of parts.

    Args:
        parts: amount, sign and tone of each.
        whole: the amount that the width stands for.

    Returns:
        Pieces; whatever is not nothing has a cell, however little it is.
    """
    if whole <= 0 or width <= 0:
        return []
    there = [(amount, sign, tone) for amount, sign, tone in parts if amount > 0]
    room = max(len(there), min(width, round(sum(amount for amount, *_ in there) * width / whole)))
    cells = [max(1, amount * width // whole) for amount, *_ in there]
    while sum(cells) > room and max(cells, default=1) > 1:
        cells[cells.index(max(cells))] -= 1
    # What was rounded away belongs to those that lost most by it.
    while there and sum(cells) < room:
        lost = [amount * width / whole - cell for (amount, *_), cell in zip(there, cells, strict=True)]
        cells[lost.index(max(lost))] += 1
    return [(sign * cell, tone) for (_, sign, tone), cell in zip(there, cells, strict=True)]


def step_curve(
    share_at: Callable[[float], float | None], until_ms: int, width: int, height: int, from_ms: int = SECOND
) -> list[Pieces]:
    """A share that grows with time, the time drawn by its logarithm: seconds and weeks stand in one picture.

    Args:
        share_at: the share, 0 to 1, at a time in ms; None where nothing is known.
        until_ms: where the axis ends.
        height: lines in all, those of the axis among them.
        from_ms: the first time at which something happens.
    """
    across, down, up, over = tuple(glyphs().step)
    rows, columns = height - 2, width - AXIS_CELLS
    if rows < 2 or columns < 8:
        return []
    low = math.log(max(LEAST_MS, min(from_ms, until_ms) / 2))
    high = max(math.log(max(until_ms, LEAST_MS)), low + 1)
    grid = [[" "] * columns for _ in range(rows)]
    last: int | None = None
    for column in range(columns):
        share = share_at(math.exp(low + (high - low) * column / (columns - 1)))
        if share is None:
            break
        row = rows - 1 - round(share * (rows - 1))
        if last is None or row == last:
            grid[row][column] = across
        else:
            grid[last][column], grid[row][column] = up, over
            for between in range(row + 1, last):
                grid[between][column] = down
        last = row
    names = {0: "100 %", rows - 1: "0 %"}
    if rows % 2:
        names[rows // 2] = "50 %"
    side = glyphs().axis
    found: list[Pieces] = [
        ((f"{names.get(at, ''):>5}", "muted"), (side[0], "faint"), ("".join(cells), "accent"))
        for at, cells in enumerate(grid)
    ]
    return [*found, *_time_axis(low, high, columns)]


def _time_axis(low: float, high: float, columns: int) -> list[Pieces]:
    side, line, tick = tuple(glyphs().axis)
    marks, text = [line] * columns, ""
    for ms, name in TICKS:
        column = round((math.log(ms) - low) / (high - low) * (columns - 1))
        start = min(column, columns - len(name))
        if 0 <= column < columns and (start > len(text) or not text):
            marks[column] = tick
            text = text.ljust(start) + name
    return [
        ((" " * (AXIS_CELLS - 1) + side, "faint"), ("".join(marks), "faint")),
        ((" " * AXIS_CELLS, "muted"), (text, "muted")),
    ]


def columns(values: Sequence[int], height: int) -> list[str]:
    """Values as columns of so many lines, the greatest being full; whatever is not nothing is seen."""
    steps = glyphs().spark
    top = max(values, default=0)
    levels = [0 if not value else max(1, round(value * height * len(steps) / top)) for value in values]
    lines = []
    for row in reversed(range(height)):
        rest = [min(len(steps), max(0, level - row * len(steps))) for level in levels]
        lines.append("".join(steps[each - 1] if each else " " for each in rest))
    return lines


def shaded(values: Sequence[int], top: int) -> str:
    """Values as cells that are the darker the greater they are."""
    shades = glyphs().shades
    return "".join(
        shades[0] if not value else shades[max(1, math.ceil(value * (len(shades) - 1) / top))]
        for value in values
    )
