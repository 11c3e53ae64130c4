"""Two commits side by side: each measurement of both in turn, so that an hour's noise falls on both alike."""

from __future__ import annotations

import contextlib
import io
import statistics
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.checks import BenchError
from bench.fresh import ROOT
from bench.groups import measure
from bench.numbers import show
from bench.session import Session, temporary_folder
from bench.sizes import Sizes
from bench.table import Row

WORTH_NAMING = 0.02
"""Less than this part is not called a difference, however steady it is."""
HEAD = ("measured", "before", "now", "now / before", "rounds", "")


@dataclass(slots=True)
class Compared:
    """One row of the table, as both commits gave it in each round."""

    row: Row
    before: list[float] = field(default_factory=list)
    now: list[float] = field(default_factory=list)

    def ratios(self) -> list[float]:
        """Now by before, round by round."""
        return [now / before for before, now in zip(self.before, self.now, strict=True) if before]

    def verdict(self) -> str:
        """In a word what the rounds agree on: "slower", "faster" (or "worse", "better"), or nothing.

        They agree when each round says the same, and their median says it by more than `WORTH_NAMING`.
        """
        ratios = self.ratios()
        if len(ratios) < 3 or abs(statistics.median(ratios) - 1) <= WORTH_NAMING:
            return ""
        if not (all(ratio > 1 for ratio in ratios) or all(ratio < 1 for ratio in ratios)):
            return ""
        better = (ratios[0] > 1) == self.row.more_is_better
        if self.row.unit.endswith("/s") or self.row.unit in ("s", "ms", "µs"):
            return "faster" if better else "SLOWER"
        return "better" if better else "WORSE"


def compare(reference: str, names: Sequence[str], sizes: Sizes, rounds: int, folder: Path) -> list[Compared]:
    """Measure groups in this checkout and at another commit, in turn.

    Each side is measured by its own benchmark, in a fresh process; what one of them lacks is left out.

    Raises:
        BenchError: there is no such commit.
    """
    found: dict[tuple[str, str], Compared] = {}
    with _checkout(reference, folder) as other:
        for name in names:
            for number in range(rounds):
                # Who goes first alternates: the second finds disk and processor as the first left them.
                sides = {"before": other, "now": ROOT}
                rows = {}
                for side in sides if number % 2 else reversed(sides):
                    session = Session(folder, sizes, sides[side])
                    rows[side] = {row.what: row for row in measure(session, name)}
                for what, now in rows["now"].items():
                    before = rows["before"].get(what)
                    if before is None or before.value is None or now.value is None:
                        continue
                    one = found.setdefault((name, what), Compared(now))
                    one.before.append(before.value)
                    one.now.append(now.value)
    return list(found.values())


@contextlib.contextmanager
def _checkout(reference: str, parent: Path) -> Iterator[Path]:
    """The files of another commit, in a folder that goes at the end."""
    packed = subprocess.run(
        ["git", "archive", "--format=tar", reference], cwd=ROOT, capture_output=True, check=False
    )
    if packed.returncode != 0:
        raise BenchError(f"{reference}: {packed.stderr.decode(errors='replace').strip()}")
    with temporary_folder(parent) as folder, tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
        yield folder


def text(compared: Sequence[Compared]) -> str:
    """The table, and below it what got slower by more than the noise."""
    lines = [HEAD]
    for one in compared:
        ratios = one.ratios()
        lines.append(
            (
                one.row.what,
                show(statistics.median(one.before), one.row.unit),
                show(statistics.median(one.now), one.row.unit),
                f"{statistics.median(ratios) * 100:.1f} %" if ratios else "",
                f"{min(ratios) * 100:.0f} … {max(ratios) * 100:.0f} %" if ratios else "",
                one.verdict(),
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    shown = [
        "  ".join(
            cell.rjust(width) if 0 < column < 5 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    worse = [one.row.what for one in compared if one.verdict() in ("SLOWER", "WORSE")]
    shown += [
        "",
        "Slower in each round: " + "; ".join(worse) if worse else "Nothing is slower in each round.",
    ]
    return "\n".join(shown)
