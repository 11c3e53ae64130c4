"""`print` and `logging` inside a journey or a step become log entries of the journey.

By context: whoever runs journeys or steps says so with `listen`, in its own thread or
task, and only what is said there is taken. `sys.stdout` and the loggers of the
application stay as they are. While a journey replays, what it says is dropped.
"""

from __future__ import annotations

import builtins
import logging
import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from studio.commands import Place

Hear = Callable[[str, str, Place], bool]
"""Takes a level, a message and a place. False when nothing is to be captured right now."""

_hear: ContextVar[Hear | None] = ContextVar("studio_hear", default=None)
_lock = threading.Lock()
_users = 0
_print = builtins.print
_handle = logging.Logger.handle


def listen(hear: Hear | None) -> None:
    """Take what is said in this thread or task from here on."""
    _hear.set(hear)


def install() -> None:
    """Let `print` and `logging` look at the context. Once per running engine."""
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            builtins.print = _captured_print
            logging.Logger.handle = _captured_handle  # type: ignore[method-assign]


def uninstall() -> None:
    """Put `print` and `logging` back when the last engine stops."""
    global _users
    with _lock:
        _users -= 1
        if _users == 0:
            builtins.print = _print
            logging.Logger.handle = _handle  # type: ignore[method-assign]


def _captured_print(
    *values: object, sep: str | None = " ", end: str | None = "\n", file: Any = None, flush: bool = False
) -> None:
    hear = _hear.get()
    if hear is not None and (file is None or file is sys.stdout or file is sys.stderr):
        frame = sys._getframe(1)
        message = (" " if sep is None else sep).join(map(str, values))
        if hear("info", message, (frame.f_code.co_filename, frame.f_lineno)):
            return
    _print(*values, sep=sep, end=end, file=file, flush=flush)


def _captured_handle(self: logging.Logger, record: logging.LogRecord) -> None:
    hear = _hear.get()
    if hear is None:
        _handle(self, record)
        return
    if record.levelno >= logging.ERROR:
        level = "error"
    elif record.levelno >= logging.WARNING:
        level = "warning"
    else:
        level = "info" if record.levelno >= logging.INFO else "debug"
    message = record.getMessage()
    if record.exc_info and record.exc_info[0] is not None:
        message += "\n" + logging.Formatter().formatException(record.exc_info)
    if not hear(level, message, (record.pathname, record.lineno)):
        _handle(self, record)
