"""One line for what is wrong: a file that does not load, an engine that stands still."""

from __future__ import annotations

from studio.tui.widgets.line import Line
from studio.tui.widgets.one_line import OneLine
from studio.tui.widgets.signs import Look, signs
from studio.tui.widgets.text import literal


class ProblemBar(OneLine):
    """Takes no room while nothing is wrong."""

    def __init__(self) -> None:
        super().__init__(id="problem")
        self.problems: list[str] = []

    def show(self, problems: list[str]) -> None:
        """Take what is wrong, the worst first."""
        if problems != self.problems:
            self.problems = problems
            self.set_class(bool(problems), "-shown")
            self.update_line()

    def build(self, line: Line, colours: Look) -> None:
        if not self.problems:
            return
        first, *others = self.problems
        more = f" +{len(others)} more " if others else ""
        text = Line(line.width - len(more)).gap().add(f"{signs().failed} ", colours.strong)
        line.append(text.add(literal(" ".join(first.split())), colours.strong)).add(more, colours.strong)
