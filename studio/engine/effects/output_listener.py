"""Takes what is said in one thread or task, whole lines at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from studio.engine.work.log_lines import LogLine
from studio.language.commands import Place

OnOutput = Callable[[str, str, Place, LogLine | None], bool]
"""Takes a level, a message, a place, and the line when it was logged. False when it is taken no more."""

MOST_REST = 64 * 1024
"""Characters of a line that does not end."""

_generation = 0
"""How often this process was forked: what is said in a copy is none of the original's."""


class OutputListener:
    """Takes what is said in one thread or task, and in the threads that it uses."""

    def __init__(self, hear: OnOutput, is_open: Callable[[], bool]) -> None:
        self._hear = hear
        self._is_open = is_open
        self._generation = _generation
        self.rest = ""
        """What was written and has no end yet."""
        self._place: Place = ("", 0)
        self._lock = threading.Lock()

    @property
    def is_ours(self) -> bool:
        """It hears in this process."""
        return self._generation == _generation

    def say(self, level: str, message: str, place: Place, line: LogLine | None = None) -> bool:
        """Something whole was said. False when nothing is taken now."""
        if self.rest:
            self.flush()
        return self._hear(level, message, place, line)

    def write(self, text: str, place: Place) -> bool:
        """Something was written, which may be a part of a line. False when nothing is taken now.

        What is written up to a line's end is one entry, of as many lines as it has.
        """
        if not self._is_open():
            return False
        with self._lock:
            if not self.rest:
                self._place = place
            self.rest += text
            is_whole = self.rest.endswith("\n") or len(self.rest) > MOST_REST
        if is_whole:
            self.flush()
        return True

    def flush(self) -> None:
        """Take what was written and has no end yet: nothing more comes, or something else."""
        with self._lock:
            rest, self.rest = self.rest, ""
        if rest.removesuffix("\n"):
            self._hear("info", _as_shown(rest.removesuffix("\n")), self._place, None)


def _as_shown(text: str) -> str:
    """What a terminal would show in the end: a bar that draws itself anew is there once."""
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


def _forked() -> None:
    global _generation
    _generation += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
