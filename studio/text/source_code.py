"""The author's code as it is shown beside a failure: lines of files, and tracebacks."""

from __future__ import annotations

import linecache
import traceback
from types import TracebackType

from studio.text.syntax import traceback_lines


class SourceFiles:
    """Code as it stands in files, or as it was kept when it was loaded."""

    def line(self, path: str, number: int) -> str:
        """A line without the blanks around it; "" when it is not to be had."""
        return linecache.getline(path, number).strip()

    def traceback(self, error: BaseException, tb: TracebackType | None) -> str:
        """A traceback with its lines, as Python prints it."""
        return traceback_text(error, tb)


def traceback_text(error: BaseException, tb: TracebackType | None) -> str:
    """The traceback as Python prints it; without its causes when those cannot be printed."""
    try:
        return "".join(traceback_lines(error, tb))
    except Exception:
        return "".join(traceback.format_tb(tb)) + f"{type(error).__name__}: {describe(error)}"


def describe(error: BaseException) -> str:
    """What an exception says; some fail even at that."""
    try:
        return str(error)
    except Exception as worse:
        return f"(its text cannot be made: {type(worse).__name__})"
