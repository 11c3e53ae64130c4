"""Pictures of frames: where each stands, and its local variables as short texts."""

from __future__ import annotations

import linecache
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from time import monotonic
from types import FrameType, TracebackType
from typing import Any

from studio.engine.inspect.safe_repr import LONGEST, printable_line, safe_repr, type_name
from studio.kernel import drive
from studio.kernel.drive import suspended_frames
from studio.language.journey import Journey
from studio.text.source_code import is_library

MOST_FRAMES = 40
"""Frames that are shown: of a recursion the outermost and the innermost."""
OUTERMOST = 8
MOST_VARIABLES = 100
"""Variables of one frame."""
ALL_TEXT = 40_000
"""Characters of all values together."""
SECONDS = 1.0
"""How long the values' own `__repr__` may take, together."""
SOURCE_LONGEST = 400
"""Characters of a line."""

Place = tuple[FrameType, int]
"""A frame and the line at which it stands."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A local variable."""

    name: str
    text: str
    """On one line, cut, and safe to show; it is text and no markup."""
    type: str


@dataclass(frozen=True, slots=True)
class Frame:
    """A function that was called and has not returned."""

    file: str
    line: int
    function: str
    source: str
    """The text of that line."""
    variables: tuple[Variable, ...] = ()
    own: bool = True
    """False for what is Python's or an installed package's, and not the author's."""

    @property
    def place(self) -> str:
        """ "onboarding.py:13"."""
        return f"{os.path.basename(self.file)}:{self.line}"


class Camera:
    """Takes the pictures of one look.

    Args:
        sources: by file, the text that runs; other files are read as they are now.
    """

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = {file: text.splitlines() for file, text in sources.items()}
        self._left = ALL_TEXT
        self._until = math.inf

    def suspended(self, coroutine: Any) -> tuple[Frame, ...]:
        """Of a coroutine that awaits, outermost first."""
        return self.take((frame, frame.f_lineno) for frame in suspended_frames(coroutine))

    def running(self, frame: FrameType | None) -> tuple[Frame, ...]:
        """Of a function that is being driven, from a frame that it has called; empty when it is not."""
        found: list[Place] = []
        while frame is not None and frame.f_code is not drive.drive.__code__:
            found.append((frame, frame.f_lineno))
            frame = frame.f_back
        return self.take(reversed(found)) if frame is not None else ()

    def raised(self, traceback: TracebackType | None) -> tuple[Frame, ...]:
        """Of an exception, with what lies between the author's code and the place that raised it."""
        places = list(_walk(traceback))
        while places and is_library(places[0][0].f_code.co_filename):
            places.pop(0)
        return self.take(places, foreign=True)

    def hush(self) -> None:
        """From here on call no `__repr__` of the author's: what runs does not come back."""
        self._until = 0.0

    def take(self, places: Iterable[Place], *, foreign: bool = False) -> tuple[Frame, ...]:
        """Of these places.

        Args:
            foreign: also those that are not the author's, without their variables.
        """
        self._until = min(self._until, monotonic() + SECONDS)
        found = [p for p in places if foreign or not is_library(p[0].f_code.co_filename)]
        if len(found) > MOST_FRAMES:
            found = found[:OUTERMOST] + found[OUTERMOST - MOST_FRAMES :]
        # The innermost are looked at first: when there is no room for all, they matter most.
        pictures = [self._frame(frame, line) for frame, line in reversed(found)]
        return tuple(reversed(pictures))

    def _frame(self, frame: FrameType, line: int) -> Frame:
        code = frame.f_code
        own = not is_library(code.co_filename)
        return Frame(
            code.co_filename,
            line,
            code.co_qualname.rpartition("<locals>.")[2],
            self._line(code.co_filename, line),
            tuple(self._variables(frame)) if own else (),
            own,
        )

    def _line(self, file: str, number: int) -> str:
        lines = self._sources.get(file)
        if lines is None:
            text = linecache.getline(file, number)
        else:
            text = lines[number - 1] if 0 < number <= len(lines) else ""
        return printable_line(text.strip(), SOURCE_LONGEST)

    def _variables(self, frame: FrameType) -> Iterator[Variable]:
        shown = 0
        others = frame.f_code.co_freevars
        for name, value in list(frame.f_locals.items()):
            # ".0" is what a comprehension goes through; what is another function's is shown there.
            if name.startswith((".", "__")) or name in others or type(value) is Journey:
                continue
            shown += 1
            if shown > MOST_VARIABLES:
                return
            text = safe_repr(value, LONGEST, until=self._until) if self._left > 0 else "…"
            self._left -= len(text)
            yield Variable(name, text, type_name(value))


def first_line(frame: FrameType) -> int:
    """The first line of a function's body."""
    code = frame.f_code
    lines = (line for _, _, line in code.co_lines() if line is not None and line > code.co_firstlineno)
    return next(lines, code.co_firstlineno)


def _walk(traceback: TracebackType | None) -> Iterator[Place]:
    while traceback is not None:
        yield traceback.tb_frame, traceback.tb_lineno
        traceback = traceback.tb_next
