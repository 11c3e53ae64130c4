"""A drive that does not come back: where it hangs, and how its thread is given up."""

from __future__ import annotations

import ctypes
import linecache
import os
import sys
import threading
import traceback
from types import FrameType

from studio.kernel.drive import Abandoned, Failed
from studio.text.source_code import is_library

_given_up: list[threading.Thread] = []


CLASS = "Let the class only say what the data is, and check the rest in the workflow"
STEP = "Put what takes long into await journey.step(name, function)"


def hung(thread: threading.Thread, after: float, fix: str = STEP) -> Failed:
    """How a journey failed that hangs in a thread, with the author's line.

    Args:
        after: seconds that it was given.
        fix: what to do about it.
    """
    frame = frame_of(thread)
    stack = "".join(traceback.format_stack(frame)) if frame is not None else ""
    while frame is not None and is_library(frame.f_code.co_filename):
        frame = frame.f_back
    line = source = ""
    if frame is not None:
        path, number = frame.f_code.co_filename, frame.f_lineno
        line, source = f"{os.path.basename(path)}:{number}", linecache.getline(path, number).strip()
    return Failed("Hung", f"{line}: {did_not_come_back(after, fix)}", line, source, stack)


def frame_of(thread: threading.Thread) -> FrameType | None:
    """Where a thread is at this moment."""
    return sys._current_frames().get(thread.ident or 0)


def did_not_come_back(after: float, fix: str = STEP) -> str:
    """What is said of a function that was given up after so many seconds."""
    what = "a loop without await" if fix == STEP else "a loop"
    return f"it did not come back within {after:g} s ({what}, or a call that blocks). {fix}"


def give_up(thread: threading.Thread) -> None:
    """End a busy loop in a thread; a blocking call goes on until it comes back, and then ends."""
    if thread.ident is not None:
        _given_up.append(thread)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Abandoned))


def any_blocks() -> bool:
    """Whether a thread that was given up is still in a call that does not come back.

    As long as its end is pending, Python 3.11 never leaves the first instruction of a traced
    frame, in whatever thread (RESUME under DO_TRACING looks at the eval breaker again and again):
    nothing may be traced meanwhile.
    """
    _given_up[:] = [thread for thread in _given_up if thread.is_alive()]
    return bool(_given_up)
