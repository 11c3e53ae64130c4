"""The table: what was measured, against what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bench.numbers import show

HEAD = ("measured", "result", "target", "of target", "verdict")


@dataclass(frozen=True, slots=True)
class Target:
    """What a number is asked to be, in the row's unit."""

    kind: Literal["at least", "under"]
    value: float
    aim: float | None = None
    """What was hoped for beyond it."""

    def met(self, value: float) -> bool:
        """Whether a number is as asked."""
        return value >= self.value if self.kind == "at least" else value < self.value

    def verdict(self, value: float) -> str:
        """It in a word."""
        if not self.met(value):
            return "MISSED"
        if self.aim is None:
            return "met"
        return "aim met" if value >= self.aim else "met"

    def text(self) -> str:
        """It as the table says it; the unit stands with the result."""
        sign = "≥" if self.kind == "at least" else "<"
        aim = "" if self.aim is None else f" (aim {show(self.aim, '')})"
        return f"{sign} {show(self.value, '')}{aim}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    group: str
    what: str
    value: float | None
    """None when the measurement failed."""
    unit: str
    target: Target | None = None
    problem: str = ""
    """Why there is no value."""
    is_ratio: bool = False
    """Two numbers of one run: it holds on other machines, too, and stands first."""

    @property
    def more_is_better(self) -> bool:
        """Whether a larger number is what one wants."""
        if self.target is not None:
            return self.target.kind == "at least"
        return self.unit.endswith("/s") or self.is_ratio

    def cells(self) -> tuple[str, str, str, str, str]:
        """It as the texts of the columns."""
        target = "" if self.target is None else self.target.text()
        if self.value is None:
            return (self.what, "failed", target, "", "FAILED")
        if self.target is None:
            return (self.what, show(self.value, self.unit), "", "", "")
        share = f"{self.value / self.target.value * 100:,.0f} %"
        return (self.what, show(self.value, self.unit), target, share, self.target.verdict(self.value))

    def record(self) -> dict[str, object]:
        """It as JSON holds it."""
        target = self.target
        return {
            "group": self.group,
            "what": self.what,
            "value": self.value,
            "unit": self.unit,
            "target": None if target is None else {"kind": target.kind, "value": target.value},
            "verdict": self.cells()[4] or None,
            "problem": self.problem or None,
        }


def plain(rows: Sequence[Row]) -> str:
    """The table as plain text, ratios first, a blank line between two groups."""
    rows = _ratios_first(rows)
    cells = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEAD))]
    lines = [_line(HEAD, widths), _line(tuple("-" * width for width in widths), widths)]
    group = _block(rows[0]) if rows else ""
    for row in rows:
        if _block(row) != group:
            lines.append("")
            group = _block(row)
        lines.append(_line(row.cells(), widths))
    return "\n".join(lines)


def _ratios_first(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: not row.is_ratio)


def _block(row: Row) -> str:
    return "" if row.is_ratio else row.group


def _line(cells: tuple[str, ...], widths: Sequence[int]) -> str:
    """Texts to the left, numbers to the right."""
    parts = [
        cell.rjust(width) if column in (1, 3) else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(parts).rstrip()


def markdown(rows: Sequence[Row]) -> str:
    """The table as Markdown."""
    lines = [_bar(HEAD), "|---|--:|---|--:|---|"]
    lines += [_bar(row.cells()) for row in _ratios_first(rows)]
    return "\n".join(lines)


def _bar(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
