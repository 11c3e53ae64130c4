"""An entry of the timeline unfolded: all its facts and its data, as lines below it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.store.records import Entry
from studio.store.views import Views
from studio.tui.format.pieces import wrapped
from studio.tui.format.text import literal
from studio.wording.times import day_clock
from studio.wording.values import BIG_BYTES, size

MOST_LINES = 200
MOST_TEXT_LINES = 20_000
"""Of a text of many megabytes no more is looked at."""
MOST_BROKEN = 1_500
"""Characters of a line that is broken between words; a longer one is data, not text."""
LEAST_WIDTH = 20
MOST_KEPT = 50


@dataclass(frozen=True, slots=True)
class Detail:
    """One line below an entry."""

    entry: Entry
    index: int
    text: str
    """Literal."""


class Unfolded:
    """Which entries of a store are unfolded, the newest so many: for the next start too."""

    def __init__(self, store: str = "", seqs: Iterable[int] = ()) -> None:
        self.store = store
        self.seqs = dict.fromkeys(seqs)

    @classmethod
    def of(cls, text: str, store: Path) -> Unfolded:
        """Read what `text` wrote; nothing of it when it is about another store."""
        numbers, _, path = text.partition(" ")
        name = str(store.absolute())
        found = [int(each) for each in numbers.split(",") if each.isascii() and each.isdigit()]
        return cls(name, found if path == name else ())

    def take(self, seq: int, *, unfolded: bool) -> None:
        """An entry was unfolded, or folded."""
        self.seqs.pop(seq, None)
        if unfolded:
            self.seqs[seq] = None
        while len(self.seqs) > MOST_KEPT:
            del self.seqs[next(iter(self.seqs))]

    def text(self) -> str:
        """ "16,62 /home/ann/data/studio.db": as it is remembered."""
        return f"{','.join(map(str, self.seqs))} {self.store}"


@dataclass(frozen=True, slots=True)
class UnfoldQuestion:
    """All of one entry, written out in the reader's thread: big data takes a while."""

    seq: int
    width: int
    """Cells of a line; what is longer goes on in the next."""

    def read(self, views: Views) -> list[str]:
        """Its lines; one that says so when it is gone."""
        found = views.entries(after=self.seq - 1, limit=1)
        if not found or found[0].seq != self.seq:
            return ["no longer in the store"]
        return unfold(found[0], self.width)


def unfold(entry: Entry, width: int = 100) -> list[str]:
    """Facts, text and data of an entry as literal lines, values of more than 2 KiB by their size."""
    lines = _wrapped(_facts(entry), width)
    if entry.message and entry.kind == "log":
        lines += _wrapped(entry.message, width)
    data = entry.data
    if isinstance(data, dict) and isinstance(data.get("traceback"), str):
        lines += _wrapped(data["traceback"].rstrip(), width)
        data = {name: value for name, value in data.items() if name not in ("traceback", "source")}
    if data not in (None, {}):
        lines += _wrapped(_pretty(data), width)
    if len(lines) > MOST_LINES:
        count = f"{len(lines) - MOST_LINES + 1:,}" if len(lines) <= MOST_TEXT_LINES else "many"
        lines = [*lines[: MOST_LINES - 1], f"… {count} lines more  ⏎ shows all"]
    return lines


def _facts(entry: Entry) -> str:
    moment = f"{day_clock(entry.at)}.{entry.at % 1000:03d}"
    parts = [moment + (f", {entry.late_ms:,} ms late" if entry.late_ms else "")]
    for name, value in (
        ("journey", entry.journey),
        ("pass", entry.pass_number),
        ("key", entry.key),
        ("line", entry.line),
        ("caused by", None if entry.cause is None else f"entry {entry.cause}"),
        ("id", entry.id),
    ):
        if value is not None:
            parts.append(f"{name} {value}")
    return "  ".join(parts)


def _pretty(data: Any) -> str:
    if isinstance(data, dict):
        small = {name: value for name, value in data.items() if not _weight(value)}
        big = {name: weight for name, value in data.items() if (weight := _weight(value))}
        lines = json.dumps(small, ensure_ascii=False, indent=2, default=str) if small or not big else ""
        rest = [
            f"{json.dumps(name, ensure_ascii=False)}: {{… {size(weight)}}} ⏎" for name, weight in big.items()
        ]
        return "\n".join([*([lines] if lines else []), *rest])
    weight = _weight(data)
    return (
        f"{{… {size(weight)}}} ⏎" if weight else json.dumps(data, ensure_ascii=False, indent=2, default=str)
    )


def _weight(value: Any) -> int:
    """The bytes of a value that is too big to show here; 0 for others."""
    if value is None or isinstance(value, bool | int | float):
        return 0
    count = len(json.dumps(value, ensure_ascii=False, default=str))
    return count if count > BIG_BYTES else 0


def _wrapped(text: str, width: int) -> list[str]:
    """The text as literal lines, broken between words, and inside one only where it is too long."""
    width = max(LEAST_WIDTH, width)
    lines: list[str] = []
    for line in text.split("\n"):
        line = line.replace("\t", "    ")
        if len(line) <= width:
            lines.append(literal(line))
        elif len(line) <= MOST_BROKEN:
            lines += ["".join(part for part, _ in each) for each in wrapped(((literal(line), ""),), width)]
        else:
            lines += [literal(line[at : at + width]) for at in range(0, len(line), width)]
        if len(lines) > MOST_TEXT_LINES:
            break
    return lines
