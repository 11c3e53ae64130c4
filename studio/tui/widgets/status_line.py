"""What came of a key that takes time back, or why not: above the keys, for a few seconds."""

from __future__ import annotations

from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from studio.tui.format.text import literal

SECONDS = 10.0
STYLES = {"success": "$success", "error": "$error", "muted": "$foreground-muted"}


class StatusLine(Static):
    """Takes no room while nothing is said. One at a time: the next takes its place."""

    def __init__(self) -> None:
        super().__init__(id="said", markup=False)
        self._ends: Timer | None = None

    def say(self, text: str, tone: str) -> None:
        """Say it, in a tone of `STYLES`."""
        self.update(Content.styled(literal(" ".join(text.split())), STYLES[tone]))
        self.add_class("-shown")
        if self._ends is not None:
            self._ends.stop()
        self._ends = self.set_timer(SECONDS, self.fall_silent)

    def fall_silent(self) -> None:
        """Give the room back."""
        self.remove_class("-shown")
