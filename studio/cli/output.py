"""What commands print: tables for people, JSON lines for scripts, complaints to stderr.

Text from events and logs is data: control characters, which could steer a terminal,
and marks that turn the direction of writing are shown as what they are.
"""

from __future__ import annotations

import os
import select
import shutil
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from enum import IntEnum

from studio.errors import StudioError
from studio.printable import cells, clean, cut, pad, styled


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
    from studio.errors import WorkflowError

    return Exit.FAILED if isinstance(error, WorkflowError) else Exit.WRONG


def write(lines: Iterable[str]) -> None:
    """Print lines and hand them on at once: the reader may be a live view.

    Raises:
        BrokenPipeError: nobody reads any more.
        StudioError: it cannot be written.
    """
    if sys.stdout is None:
        return
    text = "".join(f"{line}\n" for line in lines)
    if not text:
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StudioError(f"the output cannot be written: {error.strerror}") from error


def reader_gone() -> bool:
    """Whether stdout is a pipe that nobody reads any more, though nothing was written to it since."""
    try:
        # Closed at the other end, a pipe is at once in error. A file never is; Windows has no poll.
        pipe = select.poll()
        pipe.register(sys.stdout.fileno(), 0)
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


def counted(count: int, what: str) -> str:
    """ "1 event", "2,000 events"."""
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def for_people() -> bool:
    """Whether stdout is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def terminal_width() -> int | None:
    """Columns of the terminal; None when the output goes elsewhere and is not cut."""
    return max(20, shutil.get_terminal_size().columns) if for_people() else None


def coloured() -> bool:
    """Whether styles may be used (no-color.org)."""
    return for_people() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


CUT_TO = 12
"""Cells to which a column of free text may be cut before a column is left out."""
WHOLE = frozenset(
    ("TIME", "AT", "DUE", "STARTED", "LEFT", "KIND", "STATE", "STATUS", "LEVEL", "LINE", "PASS")
)
"""Heads of columns that say nothing when they are cut."""


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lines of a table, the most telling columns first. Elsewhere than on a terminal it is whole.

    On a terminal columns of free text are cut, the widest first; when that is not enough,
    columns are left out from the right.
    """
    shown = [["" if cell is None else clean(str(cell)) for cell in row] for row in rows]
    widths = [max(map(cells, column)) for column in zip(heads, *shown, strict=True)]
    if (available := terminal_width()) is not None:
        widths = _fit(heads, widths, available)
    lines = []
    for index, row in enumerate([list(heads), *shown]):
        parts = [pad(cut(cell, width), width) for cell, width in zip(row, widths, strict=False)]
        line = "  ".join(parts).rstrip()
        lines.append(styled(line, "bold", coloured()) if index == 0 else line)
    return lines


def _fit(heads: Sequence[str], wanted: list[int], available: int) -> list[int]:
    """Widths that fit; fewer than there are heads when columns are left out."""
    for count in range(len(wanted), 1, -1):
        widths = wanted[:count]
        flexible = [i for i in range(count) if heads[i] not in WHOLE and widths[i] > CUT_TO]
        over = sum(widths) + 2 * (count - 1) - available
        if over > sum(widths[i] - CUT_TO for i in flexible):
            continue
        while over > 0:
            widest = max(flexible, key=lambda i: widths[i])
            widths[widest] -= 1
            over -= 1
        return widths
    return [min(wanted[0], available)]


class Columns:
    """Lines of a table that has no last row: a column is as wide as what it has met so far.

    Args:
        least: cells that each column has from the start.
    """

    def __init__(self, least: Sequence[int]) -> None:
        self._widths = list(least)

    def lines(self, heads: Sequence[str] | None, rows: Iterable[Sequence[object]]) -> list[str]:
        """The lines of the next rows. On a terminal each is cut to one line of it, elsewhere it is whole."""
        shown = [["" if cell is None else clean(str(cell)) for cell in row] for row in rows]
        if heads is not None:
            shown.insert(0, list(heads))
        self._widths = [
            max(width, *(cells(row[at]) for row in shown), 0) for at, width in enumerate(self._widths)
        ]
        lines = ["  ".join(map(pad, row, self._widths)).rstrip() for row in shown]
        if (available := terminal_width()) is not None:
            lines = [cut(line, available) for line in lines]
        if heads is not None:
            lines[0] = styled(lines[0], "bold", coloured())
        return lines


def local(ms: int | None) -> str:
    """A moment in local time, for people."""
    if ms is None:
        return ""
    return datetime.fromtimestamp(ms / 1000).strftime("%Y-%m-%d %H:%M:%S.") + f"{ms % 1000:03d}"  # noqa: DTZ006
