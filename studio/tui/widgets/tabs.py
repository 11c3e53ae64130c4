"""The panes as tabs, where there is room for one at a time."""

from __future__ import annotations

from rich.style import Style

from studio.tui.format.glyphs import Look, glyphs
from studio.tui.format.line import Line
from studio.tui.format.text import cut, literal
from studio.tui.widgets.one_line import ButtonLine


class Tabs(ButtonLine):
    """Subclasses say what stands in each tab."""

    def __init__(self) -> None:
        super().__init__(id="tabs")
        self.current = 1

    def notes(self) -> list[str]:
        """The text of each tab."""
        raise NotImplementedError

    def build(self, line: Line, colours: Look) -> None:
        self._buttons.clear()
        for number, note in enumerate(self.notes(), 1):
            here = number == self.current
            style = colours.strong + Style(underline=True) if here else colours.muted
            line.gap()
            self._buttons.add(line, note, style, f"pane({number})", self.screen)
            line.gap(2)


class PaneTabs(Tabs):
    """`1 Users 128   2 Timeline user1   3 Waiting 41   4 Log ✗3`."""

    def __init__(self) -> None:
        super().__init__()
        self.users = self.waits = self.failed = 0
        self.user: str | None = None

    def notes(self) -> list[str]:
        user = f" {cut(literal(self.user), 16)}" if self.user else ""
        return [
            f"1 Users {self.users:,}",
            f"2 Timeline{user}",
            f"3 Waiting {self.waits:,}",
            f"4 Log {glyphs().failed}{self.failed:,}" if self.failed else "4 Log",
        ]
