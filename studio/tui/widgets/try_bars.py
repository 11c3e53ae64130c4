"""The two bars of the preview: what is tried and which time it is there, and what the keys would do."""

from __future__ import annotations

from rich.style import Style

from studio.tui.format.glyphs import Look, glyphs
from studio.tui.format.line import Line
from studio.tui.format.text import cut, literal
from studio.tui.widgets.one_line import OneLine
from studio.wording.times import day_clock, span

WIDE = 100
NOT_REAL = ("nothing here is real", "a temporary store in simulated time: nothing here is real")
NAME_CELLS, WIDE_NAME_CELLS = 16, 32


class TryBar(OneLine):
    """` TRY IT  trial · user1   Tue 24 Nov 11:30:08  11d after the start`."""

    def __init__(self, workflow: str) -> None:
        super().__init__(id="try")
        self._workflow, self._user = workflow, ""
        self._now: int | None = None
        self._passed_ms = 0

    def show(self, user: str, now: int, passed_ms: int) -> None:
        """Take who it is about, and the virtual time."""
        self._user = user
        self._now, self._passed_ms = now, passed_ms
        self.update_line()

    def build(self, line: Line, colours: Look) -> None:
        wide = line.width >= WIDE
        most = WIDE_NAME_CELLS if wide else NAME_CELLS
        line.gap().add("TRY IT", colours.accent + Style(bold=True))
        line.gap(2).add(cut(literal(self._workflow), most), colours.strong)
        if self._now is not None:
            line.add(f" · {cut(literal(self._user), most)}", colours.text)
            passed = f"{span(self._passed_ms)} after the start" if wide else f"+{span(self._passed_ms)}"
            line.gap(2).add(day_clock(self._now), colours.strong).gap(2).add(passed, colours.text)
        told = next((text for text in reversed(NOT_REAL) if len(text) + 3 <= line.room), "")
        if told:
            line.to_end((f"{told} ", colours.text))


class StandBar(OneLine):
    """A sign, what stands at the cursor, and what `⏎` and `x` would do about it."""

    def __init__(self) -> None:
        super().__init__(id="stand")
        self._sign, self._tone = "", "muted"
        self._parts: list[str] = ["the journey is starting …"]

    def show(self, sign: str, tone: str, *parts: str) -> None:
        """Say this; the texts are literal, and the last ones give way first."""
        self._sign, self._tone = sign, tone
        self._parts = [literal(" ".join(part.split())) for part in parts if part]
        self.update_line()

    def build(self, line: Line, colours: Look) -> None:
        line.gap()
        if self._sign:
            line.add(getattr(glyphs(), self._sign), colours.tone(self._tone)).gap()
        for at, part in enumerate(self._parts):
            if at:
                line.add(" · ", colours.muted)
            line.add(part, colours.text if at else colours.strong)
