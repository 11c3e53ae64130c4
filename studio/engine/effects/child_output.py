"""What processes print that a step starts stands in its log, where the process is ours.

They inherit stdout, which is for data (`studio/text/streams.py`): in place of it each gets a pipe, which a
thread reads. Elsewhere, in an application with an engine, processes are as they always were.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import IO, Any

from studio.engine.effects.inherited_context import start_outside
from studio.engine.effects.output_listener import OutputListener
from studio.language.commands import Place
from studio.text.streams import HeardStream

STDOUT_AT = 4
"""Place of `stdout` among the arguments of `Popen`."""
STDERR = 2
PATIENCE = 1.0
"""Seconds that the last lines of a process which has ended are waited for: others may hold its pipe."""

_init: Any = subprocess.Popen.__init__
_wait: Any = subprocess.Popen.wait


def pipes(heard: OutputListener | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a process that is started so would write on the stdout of a process of ours."""
    is_given = len(args) > STDOUT_AT or kwargs.get("stdout") is not None
    return heard is not None and not is_given and isinstance(sys.stdout, HeardStream)


def start(
    child: Any, heard: OutputListener, place: Place, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """`Popen.__init__` with a pipe as stdout."""
    read, write = os.pipe()
    try:
        _init(child, *args, **{**kwargs, "stdout": write})
    except BaseException:
        os.close(read)
        raise
    finally:
        os.close(write)
    reader = threading.Thread(
        target=_read, args=(os.fdopen(read, "rb"), heard, place), name="journey-child", daemon=True
    )
    child._journey_reader = reader
    start_outside(reader)


def wait(child: Any, *args: Any, **kwargs: Any) -> Any:
    """`Popen.wait`, and what it has printed stands in the log before what comes then."""
    code = _wait(child, *args, **kwargs)
    reader = getattr(child, "_journey_reader", None)
    if reader is not None:
        reader.join(PATIENCE)
    return code


def _read(pipe: IO[bytes], heard: OutputListener, place: Place) -> None:
    with pipe:
        for line in pipe:
            text = line.decode("utf-8", "backslashreplace").rstrip("\r\n")
            if not heard.say("info", text, place):
                # The step has ended, and it goes on.
                os.write(STDERR, line)
