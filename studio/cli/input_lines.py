"""Lines of a file or of stdin, as soon as they are there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from studio.errors import StudioError
from studio.source.project import short

CHUNK_BYTES = 1 << 18
MAX_LINE_BYTES = 8 << 20
"""An event is at most 1 MiB, written in escapes at most six times as much."""


@contextmanager
def opened(path: str) -> Iterator[tuple[int, str]]:
    """A file's descriptor and its name for errors; "-" is stdin.

    Raises:
        StudioError: it cannot be opened.
    """
    if path == "-":
        if sys.stdin is None:
            raise StudioError("stdin is closed", where="stdin")
        yield sys.stdin.fileno(), "stdin"
        return
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise StudioError(f"the file cannot be read: {error.strerror}", where=path) from None
    try:
        if os.path.isdir(path):
            raise StudioError("it is a folder and no file of events", where=path)
        yield descriptor, short(path)
    finally:
        os.close(descriptor)


def batches(descriptor: int, name: str) -> Iterator[list[bytes]]:
    """Whole lines, as many as have come: a pipe that is fed slowly is passed on at once."""
    rest = b""
    while chunk := os.read(descriptor, CHUNK_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > MAX_LINE_BYTES:
            raise StudioError(f"a line is longer than {MAX_LINE_BYTES >> 20} MiB", where=name)
        if lines:
            yield lines
    if rest:
        yield [rest]


def lines(descriptor: int, name: str) -> Iterator[bytes]:
    """One line after another."""
    for batch in batches(descriptor, name):
        yield from batch
