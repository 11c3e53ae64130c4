"""What commands print: data to stdout, complaints to stderr.

Text from events and logs is data: control characters, which could steer a terminal,
and marks that turn the direction of writing are shown as what they are.
"""

from __future__ import annotations

import os
import select
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from enum import IntEnum
from typing import TextIO

from studio.errors import StudioError
from studio.text.printable import clean
from studio.text.streams import HeardStream

STDOUT = 1
STDERR = 2


class Exit(IntEnum):
    """Exit codes."""

    DONE = 0
    FAILED = 1
    """A journey or a workflow failed, or a store does not agree with its history."""
    WRONG = 2
    """Wrong use: options, events, files, stores."""
    INTERRUPTED = 130


def exit_code(error: StudioError) -> Exit:
    """The exit code that an error means."""
    from studio.errors import NoWorkflows, StoreGone, WorkflowError

    # A store that was there and is gone is no wrong use.
    failed = isinstance(error, WorkflowError | StoreGone) and not isinstance(error, NoWorkflows)
    return Exit.FAILED if failed else Exit.WRONG


_data: TextIO | None = None
"""Where data goes, when `sys.stdout` is not what it was."""
_stays = False
"""It stays so to the end of the process."""


def own_stdout() -> None:
    """This process is ours: what `data_alone` does stays, for a step that hangs may write at its end."""
    global _stays
    _stays = True


def data() -> TextIO | None:
    """The stream for what a command was asked for; None when the process has no stdout."""
    return sys.stdout if _data is None else _data


@contextmanager
def data_alone() -> Iterator[None]:
    """Keep stdout for what `write` prints, meanwhile.

    Whatever else is written there, by workflow files as they are imported, by libraries, by processes that
    are started, goes to the log of the journey or step that writes it, or else to stderr.
    """
    global _data
    if sys.stdout is None or _data is not None:
        yield
        return
    before = sys.stdout, sys.stderr
    rest = sys.stderr if sys.stderr is not None else open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    before[0].flush()
    _data, is_moved = _stdout_of_its_own(before[0])
    sys.stdout, sys.stderr = HeardStream(rest), HeardStream(rest)
    try:
        yield
    finally:
        if not _stays:
            if is_moved:
                os.dup2(_data.fileno(), STDOUT)
                _data.close()
            sys.stdout, sys.stderr = before
            _data = None


def _stdout_of_its_own(stdout: TextIO) -> tuple[TextIO, bool]:
    """A stream on what file descriptor 1 stands for, which stands for stderr from here on.

    Returns:
        The stream itself, and False, when it is another: a test keeps what is printed.
    """
    try:
        is_first = stdout.fileno() == STDOUT
    except (OSError, ValueError):
        is_first = False
    if not is_first:
        return stdout, False
    # Not inherited: a process that is started writes to what it is given as 1.
    moved = open(_copy(STDOUT), "w", encoding=stdout.encoding, errors=stdout.errors)  # noqa: SIM115
    if sys.stderr is not None:
        os.dup2(STDERR, STDOUT)
    else:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, STDOUT)
        os.close(nowhere)
    return moved, True


def _copy(number: int) -> int:
    """A copy of a file descriptor; not as stderr, whose number is free where there is none."""
    copies = [os.dup(number)]
    while copies[-1] <= STDERR:
        copies.append(os.dup(number))
    for each in copies[:-1]:
        os.close(each)
    return copies[-1]


def write(lines: Iterable[str]) -> None:
    """Print lines and hand them on at once: the reader may be a live view.

    Raises:
        BrokenPipeError: nobody reads any more.
        StudioError: it cannot be written.
    """
    if (stream := data()) is None:
        return
    text = "".join(f"{line}\n" for line in lines)
    if not text:
        return
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StudioError(f"the output cannot be written: {error.strerror}") from error


def reader_gone() -> bool:
    """Whether stdout is a pipe that nobody reads any more, though nothing was written to it since."""
    try:
        # Closed at the other end, a pipe is at once in error. A file never is; Windows has no poll.
        pipe = select.poll()
        stream = data()
        if stream is None:
            return False
        pipe.register(stream.fileno(), 0)
        return any(event & select.POLLERR for _, event in pipe.poll(0))
    except (AttributeError, OSError, ValueError):
        return False


def complain(text: str, *, plain: bool = False) -> None:
    """Say something that is no data."""
    if sys.stderr is None:
        return
    shown = "\n".join(clean(line) for line in text.splitlines())
    with suppress(BrokenPipeError):
        print(shown if plain else f"journey-studio: {shown}", file=sys.stderr, flush=True)


def for_people() -> bool:
    """Whether stdout is a terminal."""
    stream = data()
    return stream is not None and stream.isatty()


def descriptor(number: int) -> int:
    """The file descriptor for what the caller knows by this number: 1 is stdout, also when it was moved."""
    return _data.fileno() if number == STDOUT and _data is not None else number


def hush() -> None:
    """Point stdout nowhere, so that nothing more can fail to be written to it."""
    stream = data()
    if stream is not None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def terminal_width() -> int | None:
    """Columns of the terminal; None when the output goes elsewhere and is not cut."""
    return max(20, shutil.get_terminal_size().columns) if for_people() else None


def coloured() -> bool:
    """Whether styles may be used (no-color.org)."""
    return for_people() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def local(ms: int | None) -> str:
    """A moment in local time, for people."""
    if ms is None:
        return ""
    return datetime.fromtimestamp(ms / 1000).strftime("%Y-%m-%d %H:%M:%S.") + f"{ms % 1000:03d}"  # noqa: DTZ006
