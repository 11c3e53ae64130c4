"""One line for what is wrong: a file that does not load, an engine that stands still."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.style import Style

from studio.errors import WorkflowError
from studio.tui.format.glyphs import Look, glyphs
from studio.tui.format.line import Line
from studio.tui.format.text import literal
from studio.tui.session.editor import CursorPlace, place_of
from studio.tui.widgets.one_line import OneLine


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong."""

    text: str
    place: CursorPlace | None = None
    """The line of a file that it is about."""


class ProblemBar(OneLine):
    """Takes no room while nothing is wrong."""

    is_button = True

    def __init__(self) -> None:
        super().__init__(id="problem")
        self.problems: list[Problem] = []

    @property
    def place(self) -> CursorPlace | None:
        """Where the first problem lies that can be gone to."""
        return next((each.place for each in self.problems if each.place is not None), None)

    def show(self, problems: list[Problem]) -> None:
        """Take what is wrong, the worst first."""
        if problems != self.problems:
            self.problems = problems
            self.set_class(bool(problems), "-shown")
            self.update_line()

    def build(self, line: Line, colours: Look) -> None:
        if not self.problems:
            return
        first, *others = self.problems
        tail = Line(line.width)
        key = colours.strong + Style(underline=True)
        if others:
            tail.gap().add(f"+{len(others)} more  ", colours.strong)
            tail.add("E", key).add(" shows all", colours.strong)
        elif self.place is not None:
            tail.gap(2).add("E", key).add(" go there", colours.strong)
        if tail.used:
            tail.gap()
        tail.width = tail.used
        text = Line(line.width - tail.used).gap().add(f"{glyphs().failed} ", colours.strong)
        line.append(text.add(literal(" ".join(first.text.split())), colours.strong)).append(tail)

    async def on_click(self) -> None:
        """The line is a button."""
        await self.screen.run_action("go_there")


def in_file(problem: WorkflowError) -> Problem:
    """What is wrong with a workflow file, and where."""
    return Problem(told_shortly(problem), place_of([problem]))


def told_shortly(problem: WorkflowError) -> str:
    """What is wrong with a file, by the name of the file: a long path would leave no room to say it."""
    text = str(problem)
    return text.replace(problem.path, Path(problem.path).name, 1) if problem.path.endswith(".py") else text
