"""The author's code as it is shown beside a failure: which is theirs, lines of files, and tracebacks."""

from __future__ import annotations

import linecache
import os
import traceback
from types import TracebackType

from studio.text.syntax import traceback_lines

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_STDLIB = os.path.dirname(os.__file__)
_ASYNCIO = os.path.join(_STDLIB, "asyncio") + os.sep


def is_library(path: str) -> bool:
    """Whether a file is this program's, Python's or an installed package's, and not the author's."""
    return path.startswith((_HERE + os.sep, _STDLIB + os.sep, "<frozen")) or "site-packages" in path


class OwnCode:
    """Tells the author's code from the rest, and shows none of it: after whose failures nobody asks."""

    def is_own(self, path: str) -> bool:
        """Whether a file is the author's."""
        return not is_library(path)

    def is_foreign_await(self, error: BaseException, path: str) -> bool:
        """Whether something was awaited that needs an event loop, where there is none.

        Args:
            path: the file of the innermost frame of what was raised.
        """
        return path.startswith(_ASYNCIO) or "no running event loop" in describe(error)

    def line(self, path: str, number: int) -> str:
        """A line without the blanks around it; "" when it is not to be had."""
        return ""

    def traceback(self, error: BaseException, tb: TracebackType | None) -> str:
        """A traceback with its lines, as Python prints it; "" when it is not to be had."""
        return ""


class SourceFiles(OwnCode):
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
        return "".join(traceback.format_tb(tb)) + error_text(error)


def error_text(error: BaseException) -> str:
    """The name of an exception's class, and what it says."""
    return f"{type(error).__name__}: {describe(error)}"


def describe(error: BaseException) -> str:
    """What an exception says; some fail even at that."""
    try:
        return str(error)
    except Exception as worse:
        return f"(its text cannot be made: {type(worse).__name__})"
