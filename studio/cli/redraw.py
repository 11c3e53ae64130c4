"""Lines on a terminal that are drawn over themselves while somebody watches."""

from __future__ import annotations

import os

from studio.cli.output import STDOUT, descriptor, write


class Redraw:
    """Draws lines where it drew the last ones; those stay when it ends."""

    def __init__(self) -> None:
        self._drawn = 0

    @property
    def room_lines(self) -> int:
        """How many lines can be drawn: one below stays for the cursor, and more would scroll."""
        return max(1, os.get_terminal_size(descriptor(STDOUT)).lines - 2)

    def draw(self, lines: list[str]) -> None:
        """Draw them, as many as there is room for; each is to fit into the width."""
        lines = lines[: self.room_lines + 1]
        # Up to where it began, each line to its end, and what was below it away.
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        write([up + "\x1b[K\n".join(lines) + "\x1b[J"])
        self._drawn = len(lines)
