"""`print` and `logging` inside a journey or a step become log entries of the journey.

By context: whoever runs journeys or steps says so with `listen`, in its own thread or
task, and what is said there is taken, also in threads and pools that it uses. What is
said elsewhere goes where it always went. While a journey replays, what it says is dropped.

`sys.stdout` and `sys.stderr` stay as they are, too, unless the process is ours (`streams.py`).
"""

from __future__ import annotations

import builtins
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar
from types import FrameType
from typing import Any

from studio.engine.effects import child_output as children
from studio.engine.effects import inherited_context as inherited
from studio.engine.effects.output_listener import OnOutput, OutputListener
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.engine.work.log_lines import line_of
from studio.language.commands import Place
from studio.text import streams
from studio.text.source_code import is_library
from studio.text.spoken import spoken

_listener: ContextVar[OutputListener | None] = ContextVar("studio_listener", default=None)
_lock = threading.Lock()
_users = 0
_print = builtins.print
_handle = logging.Logger.handle
_init = subprocess.Popen.__init__
_wait = subprocess.Popen.wait


def listen(hear: OnOutput, is_open: Callable[[], bool] = lambda: True) -> OutputListener:
    """Take what is said in this thread or task from here on.

    Args:
        is_open: whether something would be taken now.
    """
    made = OutputListener(hear, is_open)
    _listener.set(made)
    return made


def listen_to_drives(watch: ThreadMonitor) -> None:
    """Take what journeys say that are driven in this thread."""
    watch.listener = listen(watch.hear, lambda: watch.speaker is not None)


def listener() -> OutputListener | None:
    """Who takes what is said here."""
    found = _listener.get()
    return found if found is not None and found.is_ours else None


def install() -> None:
    """Let `print` and `logging` look at the context. Once per running engine."""
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            builtins.print = _captured_print
            logging.Logger.handle = _captured_handle  # type: ignore[method-assign]
            inherited.install(_listener)
            subprocess.Popen.__init__ = _captured_process  # type: ignore[method-assign]
            subprocess.Popen.wait = children.wait  # type: ignore[assignment, method-assign]


def uninstall() -> None:
    """Put `print` and `logging` back when the last engine stops."""
    global _users
    with _lock:
        _users -= 1
        if _users == 0:
            builtins.print = _print
            logging.Logger.handle = _handle  # type: ignore[method-assign]
            inherited.uninstall()
            subprocess.Popen.__init__ = _init  # type: ignore[method-assign]
            subprocess.Popen.wait = _wait  # type: ignore[method-assign]


def _captured_print(
    *values: object, sep: Any = " ", end: Any = "\n", file: Any = None, flush: bool = False
) -> None:
    heard = listener()
    if not (sep is None or isinstance(sep, str)) or not (end is None or isinstance(end, str)):
        # Its own words say what is wrong.
        heard = None
    if heard is not None and (file is None or file is sys.stdout or file is sys.stderr):
        frame = sys._getframe(1)
        place = (frame.f_code.co_filename, frame.f_lineno)
        message = spoken(*values, sep=" " if sep is None else sep)
        if end is None or end == "\n":
            taken = heard.say("info", message, place)
        else:
            taken = heard.write(message + end, place)
        if taken:
            return
    _print(*values, sep=sep, end=end, file=file, flush=flush)


def _captured_handle(self: logging.Logger, record: logging.LogRecord) -> None:
    heard = listener()
    if heard is None:
        _handle(self, record)
        return
    found = line_of(self, record)
    if found is None:
        return
    level, message, place, line = found
    if not heard.say(level, message, place, line):
        # Nobody takes it here: it goes where it would have gone. Its filters were asked.
        self.callHandlers(line.record)


def _captured_process(self: Any, *args: Any, **kwargs: Any) -> None:
    heard = listener()
    if heard is not None and children.pipes(heard, args, kwargs):
        children.start(self, heard, _writing_place(), args, kwargs)
    else:
        _init(self, *args, **kwargs)


def _take(text: str) -> bool:
    heard = listener()
    return heard is not None and heard.write(text, _writing_place())


def _writing_place() -> Place:
    """The line of the author's own code that writes to a stream."""
    first: FrameType = sys._getframe(2)
    frame: FrameType | None = first
    while frame is not None:
        if not is_library(frame.f_code.co_filename):
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back
    return first.f_code.co_filename, first.f_lineno


streams.heard_by(_take)
