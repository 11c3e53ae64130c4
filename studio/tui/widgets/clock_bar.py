"""The second bar: does time pass, which time is it, and what happens next.

It is on the screen in every layout, so the next countdown can always be seen.
"""

from __future__ import annotations

import time

from rich.cells import cell_len
from rich.style import Style

from studio.store.records import WaitRow
from studio.tui.widgets.line import Line
from studio.tui.widgets.one_line import OneLine
from studio.tui.widgets.signs import Look, bar, signs
from studio.tui.widgets.text import cut, literal
from studio.tui.widgets.times import day_clock, left, span
from studio.tui.widgets.waiting import wait_words

AHEAD_MS = 2_000
"""Studio time that differs from the wall's by less is real time."""


class ClockBar(OneLine):
    """State, clock, and the next deadline with its bar."""

    def __init__(self) -> None:
        super().__init__(id="clock")
        self.now = 0
        self.next: WaitRow | None = None
        self.viewer_of: int | None = None
        self.read_only = False
        self.trouble: str | None = None
        self.open = False
        self.virtual = False

    def tick(self, now: int) -> None:
        """Time has passed."""
        self.now = now
        self.update_line()

    def show(self, next: WaitRow | None, viewer_of: int | None, trouble: str | None, virtual: bool) -> None:
        """Take what there is to say."""
        self.next, self.viewer_of, self.trouble, self.virtual = next, viewer_of, trouble, virtual
        self.open = True
        self.set_class(trouble is not None, "-trouble")
        self.update_line()

    def build(self, line: Line, colours: Look) -> None:
        mark = signs()
        wide = line.width >= 100
        right = self._next(colours, line.width)
        room = line.width - sum(cell_len(text) for text, _ in right) - 1
        line.gap()
        if not self.open:
            line.add("opening the store …", colours.muted)
            return
        bold = Style(bold=True)
        if self.trouble is not None:
            line.add(f"{mark.failed} STOPPED", colours.error + bold)
        elif self.read_only:
            line.add("READ ONLY", colours.accent + bold)
        elif self.viewer_of is not None:
            pid = f" of pid {self.viewer_of}" if self.viewer_of else ""
            line.add(f"VIEWER{pid}", colours.accent + bold)
        else:
            line.add(f"{mark.running_clock} RUNNING", colours.success + bold)
        line.gap(2).add(day_clock(self.now), colours.strong)
        line.gap(2).add("×1", colours.chip if wide else colours.strong)
        ahead = 0 if self.virtual else self.now - time.time_ns() // 1_000_000
        if ahead >= AHEAD_MS:
            words = f"{span(ahead)} ahead" if wide else f"+{span(ahead)}"
            if line.width >= 160:
                words += " of real time"
            if line.used + cell_len(words) + 2 <= room:
                line.gap(2).add(words, colours.warning + bold)
        if line.used <= room:
            line.to_end(*right)

    def _next(self, colours: Look, width: int) -> list[tuple[str, Style]]:
        if self.next is None or self.next.due_at is None:
            return []
        row, due_at = self.next, self.next.due_at
        left_ms = due_at - self.now
        tone = colours.left(left_ms, sleeping=row.kind == "sleep")
        words = wait_words(row)
        if width < 160:
            words = words.rpartition("/")[2]
        user = cut(literal(row.user), 12 if width < 100 else 20)
        words = cut(words, 14 if width < 100 else 24, "end")
        solid, gone = bar(left_ms, due_at - row.opened_at, 6 if width < 160 else 10)
        return [
            ("next ", colours.muted),
            (user, colours.strong),
            (f" {words} ", colours.text),
            (solid, tone),
            (gone, colours.faint),
            (f" {left(due_at, self.now)} ", tone + Style(bold=True)),
        ]
