"""One line for what is wrong: a file that does not load, an engine that stands still."""

from __future__ import annotations

from pathlib import Path

from rich.style import Style

from studio.errors import WorkflowError
from studio.tui.editor import Place
from studio.tui.widgets.line import Line
from studio.tui.widgets.one_line import OneLine
from studio.tui.widgets.signs import Look, signs
from studio.tui.widgets.text import literal


class ProblemBar(OneLine):
    """Takes no room while nothing is wrong."""

    def __init__(self) -> None:
        super().__init__(id="problem")
        self.problems: list[str] = []
        self.place: Place | None = None
        """Where a problem lies that can be gone to."""

    def show(self, problems: list[str], place: Place | None = None) -> None:
        """Take what is wrong, the worst first."""
        if (problems, place) != (self.problems, self.place):
            self.problems, self.place = problems, place
            self.set_class(bool(problems), "-shown")
            self.update_line()

    def build(self, line: Line, colours: Look) -> None:
        if not self.problems:
            return
        first, *others = self.problems
        tail = Line(line.width)
        if others:
            tail.gap().add(f"+{len(others)} more", colours.strong)
        if self.place is not None:
            tail.gap(2).add("E", colours.strong + Style(underline=True)).add(" go there", colours.strong)
        if tail.used:
            tail.gap()
        tail.width = tail.used
        text = Line(line.width - tail.used).gap().add(f"{signs().failed} ", colours.strong)
        line.append(text.add(literal(" ".join(first.split())), colours.strong)).append(tail)

    async def on_click(self) -> None:
        """The line is a button."""
        await self.screen.run_action("go_there")


def told_shortly(problem: WorkflowError) -> str:
    """What is wrong with a file, by the name of the file: a long path would leave no room to say it."""
    text = str(problem)
    return text.replace(problem.path, Path(problem.path).name, 1) if problem.path.endswith(".py") else text
