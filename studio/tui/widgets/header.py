"""The top bar: which store, which workflows, and the counts that the engine keeps."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path

from rich.cells import cell_len
from rich.style import Style

from studio.store.records import LeftWaiting, Totals
from studio.tui.format.glyphs import Look, glyphs, sparkline
from studio.tui.format.line import Line
from studio.tui.format.text import literal
from studio.tui.widgets.one_line import OneLine

RATE_SECONDS = 8


class Header(OneLine):
    """Name, store, workflows; users, waiting, failed, events a second."""

    def __init__(self) -> None:
        super().__init__(id="header")
        self.store: Path | None = None
        self.workflows: list[str] = []
        self.totals: Totals | None = None
        self.inbox = LeftWaiting(0, False)
        """Events that wait for an engine."""
        self.refused = 0
        """Events that are kept aside."""
        self._rates: deque[int] = deque([0] * RATE_SECONDS, RATE_SECONDS)
        self._events: int | None = None
        self._sampled = 0.0

    def show(self, totals: Totals, inbox: LeftWaiting, refused: int = 0) -> None:
        """Take the counts."""
        self.inbox, self.refused = inbox, refused
        if self._events is None:
            self._events = totals.events
        self.totals = totals
        self.update_line()

    def tick(self, now: int) -> None:
        """Once a second of real time, however fast the clock goes, see how many events came."""
        real = time.monotonic()
        if self.totals is None or real - self._sampled < 1:
            return
        self._sampled = real
        self._rates.append(max(0, self.totals.events - (self._events or 0)))
        self._events = self.totals.events
        self.pass_time()

    def build(self, line: Line, colours: Look) -> None:
        width = line.width
        wide = width >= 100
        right = self._counts(colours, wide)
        room = width - 1 - sum(cell_len(text) for text, _ in right)
        line.gap()
        if wide:
            line.add("Journey Studio", colours.primary + Style(bold=True)).gap()
        name = literal(self.store.name) if self.store else ""
        if wide and self.workflows:
            shown = [literal(each) for each in self.workflows]
            # Workflow names are the first to give way.
            while shown:
                hidden = len(self.workflows) - len(shown)
                text = f"{name} · {' '.join(shown)}" + (f" +{hidden}" if hidden else "")
                if line.used + cell_len(text) + 2 <= room:
                    name = text
                    break
                shown.pop()
        line.add(name[: max(0, room - line.used)], colours.muted)
        line.to_end(*right)

    def _counts(self, colours: Look, wide: bool) -> list[tuple[str, Style]]:
        totals = self.totals
        if totals is None:
            return []
        mark = glyphs()
        rate = self._rates[-1]
        pieces = [
            (
                f"{totals.users:,} user{'s' * (totals.users != 1)}" if wide else f"{totals.users:,}u",
                colours.text,
            )
        ]
        waiting = f"{mark.wait} {totals.waiting:,}" + (" waiting" if wide else "")
        pieces += [("  ", colours.text), (waiting, colours.warning if totals.waiting else colours.muted)]
        if totals.failed:
            bold = colours.error + Style(bold=True)
            pieces += [
                ("  ", colours.text),
                (f"{mark.failed} {totals.failed:,}" + (" failed" if wide else ""), bold),
            ]
        if self.refused:
            words = f"! {self.refused:,}" + (" refused" if wide else "")
            pieces += [("  ", colours.text), (words, colours.warning + Style(bold=True))]
        if self.inbox:
            # Where no engine runs nothing comes, and a rate would say so twice.
            words = self.inbox.words if wide else f"{self.inbox.number} in the inbox"
            left = (words, colours.warning + Style(bold=True))
            return [left, ("  ", colours.text), *pieces, (" ", colours.text)]
        if wide and any(self._rates):
            pieces += [("  ", colours.text), (sparkline(list(self._rates)), colours.accent)]
        pieces += [("  ", colours.text), (f"{rate:,} ev/s" if wide else f"{rate:,}/s", colours.muted)]
        return [*pieces, (" ", colours.text)]
