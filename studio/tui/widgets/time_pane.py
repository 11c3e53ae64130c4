"""How long it takes to get there: the share that has, by the time since entry."""

from __future__ import annotations

from studio.reports import words
from studio.reports.funnel import Funnel
from studio.tui.format.charts import step_curve
from studio.tui.format.pieces import Pieces
from studio.tui.format.text import literal
from studio.tui.session.context import session_of
from studio.tui.widgets.chart_page import ChartPage

LEAST_CURVE, MOST_CURVE = 7, 19


class TimePane(ChartPage):
    """Pane 2."""

    def __init__(self) -> None:
        super().__init__(id="time", classes="pane")
        self.funnel: Funnel | None = None

    def show(self, funnel: Funnel | None) -> None:
        """Take what was counted."""
        self.funnel = funnel
        self.draw_anew()

    def _title(self) -> None:
        funnel = self.funnel
        if funnel is None or funnel.outcome == "completed":
            self.set_titles("2 Time to the end", "")
        else:
            self.set_titles(f"2 Time to {funnel.outcome}", "")

    def picture(self, width: int, height: int) -> list[Pieces]:
        funnel = self.funnel
        if funnel is None or not funnel.entered:
            return []
        told = [*words.outcome(funnel), *self._still(funnel)]
        curve, lines = funnel.curve, list[Pieces]()
        if curve.steps:
            until = max(curve.seen_ms, curve.steps[-1].at_ms)

            def share(ms: float) -> float | None:
                found = curve.reached_by(int(ms))
                return None if found is None else found.value

            room = min(MOST_CURVE, max(LEAST_CURVE, height - len(told) - 1))
            lines = step_curve(share, until, width - 1, room, curve.steps[0].at_ms)
            lines.append((("", "text"),))
        return [*lines, *(((f" {literal(text)}", "text"),) for text in told)]

    def _still(self, funnel: Funnel) -> list[str]:
        """Those of whom it is not known yet; the curve counts them up to the moment that is shown."""
        upto = "now" if session_of(self).past is None else "then"
        under_way = funnel.waiting + funnel.idle
        return [f"{under_way:,} still inside, counted up to {upto}"] if under_way else []
