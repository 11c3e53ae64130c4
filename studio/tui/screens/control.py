"""A part of a screen that does what some of its keys are for, apart from what the screen looks like."""

from __future__ import annotations

from studio.tui.screens.main_screen import MainScreen
from studio.tui.session.context import Session
from studio.tui.widgets.status_line import StatusLine


class Control:
    """Owned by the screen, whose widgets it finds there and whose workers do what takes time.

    Args:
        screen: the one that its keys belong to.
    """

    def __init__(self, screen: MainScreen) -> None:
        self.screen = screen

    @property
    def session(self) -> Session:
        """What it may know of the studio."""
        return self.screen.session

    def say(self, text: str, tone: str = "success") -> None:
        """Say above the keys what came of something.

        Args:
            tone: "success", "error" or "muted".
        """
        self.screen.query_one(StatusLine).say(text, tone)
