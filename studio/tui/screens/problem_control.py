"""The editor at the place of a file that does not load; asked for first where there are several."""

from __future__ import annotations

from collections.abc import Callable

from studio.errors import StudioError
from studio.tui.screens.control import Control
from studio.tui.screens.main_screen import MainScreen
from studio.tui.session.editor import CursorPlace, go
from studio.tui.widgets.problem_bar import ProblemBar


class ProblemControl(Control):
    """Opens the editor.

    Args:
        screen: the one with the bar that names the problems.
        left: called when the editor was left.
    """

    def __init__(self, screen: MainScreen, left: Callable[[], None] | None = None) -> None:
        super().__init__(screen)
        self._left = left

    def go_there(self) -> None:
        """Open it at the file that does not load."""
        from studio.tui.screens.problems import ProblemsScreen

        bar = self.screen.query_one(ProblemBar)
        if len(bar.problems) > 1:
            self.screen.app.push_screen(ProblemsScreen(bar.problems), self.edit)
        elif bar.place is None:
            self.say("no problems: every workflow file loads", "muted")
        else:
            self.edit(bar.place)

    def edit(self, place: CursorPlace | None) -> None:
        """Open it at a place; say how, or why not."""
        if place is None:
            return
        try:
            self.say(go(self.screen.app, place), "muted")
        except (StudioError, OSError) as error:
            self.say(str(error), "error")
        if self._left is not None:
            self._left()
