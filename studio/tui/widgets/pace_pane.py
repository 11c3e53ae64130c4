"""How much happens: events and failures a minute; messages a person, and by weekday and hour."""

from __future__ import annotations

from studio.reports import words
from studio.reports.funnel import Funnel
from studio.tui.format.charts import columns, shaded
from studio.tui.format.glyphs import glyphs
from studio.tui.format.pieces import Pieces
from studio.tui.session.ask import Asking, Question
from studio.tui.session.chart_reading import Pace, PaceQuestion, PaceReading
from studio.tui.session.context import session_of
from studio.tui.widgets.chart_page import ChartPage
from studio.wording.times import MINUTE, clock

MOST_MINUTES = 60
MOST_HEIGHT = 6
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HEAT_LINES = 9
HOUR_CELLS = 2


class PacePane(Asking, ChartPage):
    """Pane 4."""

    def __init__(self) -> None:
        super().__init__(id="pace", classes="pane")
        self.reading = PaceReading()
        self.pace: Pace | None = None
        self.funnel: Funnel | None = None
        self.sends: tuple[tuple[int, ...], ...] = ()
        self._minute = 0

    def question(self) -> Question:
        return PaceQuestion(self.reading)

    def show_answer(self, answer: Pace) -> None:
        self.pace = answer
        self.draw_anew()

    def show(self, funnel: Funnel | None, sends: tuple[tuple[int, ...], ...]) -> None:
        """Take what the workflow sent."""
        self.funnel, self.sends = funnel, sends
        self.draw_anew()

    def tick(self, now: int) -> None:
        """A minute may be over."""
        super().tick(now)
        if now // MINUTE != self._minute:
            self._minute = now // MINUTE
            self.draw_anew()

    def _title(self) -> None:
        self.set_titles("4 Pace · events and failures a minute, all workflows", "")

    def picture(self, width: int, height: int) -> list[Pieces]:
        told = self._messages(height)
        return [*self._minutes(width, max(2, min(MOST_HEIGHT, height - 3 - len(told)))), *told]

    def _minutes(self, width: int, height: int) -> list[Pieces]:
        if self.pace is None:
            return []
        now = session_of(self).shown_now() // MINUTE
        span = min(MOST_MINUTES, width - 12)
        by_minute = {minute: (events, failed) for minute, events, failed in self.pace.minutes}
        shown = [by_minute.get(minute, (0, 0)) for minute in range(now - span + 1, now + 1)]
        events, failed = [each[0] for each in shown], [each[1] for each in shown]
        found: list[Pieces] = []
        for at, line in enumerate(columns(events, height)):
            name = f"{max(events):,}" if at == 0 and any(events) else ""
            found.append(((f"{name:>7} ", "muted"), (line, "primary")))
        mark = glyphs().failed
        crosses = "".join(mark if n else glyphs().bar_gone for n in failed)
        total = f"{sum(failed):,}" if any(failed) else ""
        found.append(
            (("failed ".rjust(8), "muted"), (crosses, "error" if total else "faint"), (f" {total}", "error"))
        )
        start, end = clock((now - span + 1) * MINUTE)[:5], clock(now * MINUTE)[:5]
        found.append(((" " * 8, "muted"), (f"{start}{end:>{max(6, span - 5)}}", "muted")))
        return found

    def _messages(self, height: int) -> list[Pieces]:
        funnel = self.funnel
        told = words.messages(funnel) if funnel is not None else []
        lines: list[Pieces] = [((f" {text}", "text"),) for text in told]
        top = max((n for hours in self.sends for n in hours), default=0)
        if top and height >= HEAT_LINES + len(lines) + 5:
            hours = "".join(f"{hour:02}".ljust(3 * HOUR_CELLS) for hour in range(0, 24, 3))
            lines.append(((" sends  ", "muted"), (hours, "muted")))
            for day, row in zip(DAYS, self.sends, strict=True):
                cells = "".join(cell * HOUR_CELLS for cell in shaded(row, top))
                lines.append(((f"    {day} ", "muted"), (cells, "primary")))
        return lines
