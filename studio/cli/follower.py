"""Entries are printed as they are committed, while an engine of a command runs."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from studio.cli.output import Exit, reader_gone, write
from studio.cli.settings import Settings
from studio.errors import StoreError, StudioError
from studio.source.project import MEMORY

if TYPE_CHECKING:
    from studio.engine.engine import Engine
    from studio.store.records import Entry
    from studio.store.views import Views

PAGE_ROWS = 1_000
FAILED = "journey.failed"
FINISH_SECONDS = 5.0
"""How long a reader that does not read may hold up the end."""
RETRY_SECONDS = 0.5
"""How long until a store that could not be read is read again."""
LOOK_SECONDS = 1.0
"""How often a run in which nothing happens asks whether somebody still reads it."""


class EntryPage(NamedTuple):
    """What is printed of some entries that follow one another."""

    lines: Iterable[str]
    last: int
    """seq of the last of them."""
    failed: int
    """How many of them say that a journey failed."""


class EntryFormatter(Protocol):
    """Makes lines of entries: a trace, or JSON."""

    def read(self, views: Views, after: int, limit: int) -> EntryPage | None:
        """The next entries after a seq; None when there is none that it makes a line of."""

    def flush(self) -> Iterator[str]:
        """What was kept back, when no more comes just now."""


class OfEntries(Protocol):
    """Makes lines of entries, one after another."""

    @property
    def kinds(self) -> Collection[str] | None:
        """Whose entries it makes lines of, as they are printed; no others are read. None: of all."""

    def take(self, entries: list[Entry]) -> Iterator[str]: ...
    def flush(self) -> Iterator[str]: ...


class EntryLines:
    """Reads for lines that are made of entries."""

    def __init__(self, lines: OfEntries) -> None:
        self._lines = lines
        # What is not printed is not read; that a journey failed is counted all the same.
        self._kinds = None if lines.kinds is None else {*lines.kinds, FAILED}
        self.flush = lines.flush

    def read(self, views: Views, after: int, limit: int) -> EntryPage | None:
        """The next entries after a seq."""
        found = views.entries(after=after, limit=limit, kinds=self._kinds)
        if not found:
            return None
        return EntryPage(self._lines.take(found), found[-1].seq, sum(e.kind == FAILED for e in found))


class Silent:
    """Prints nothing of them: stdout carries something else."""

    kinds = ()

    def take(self, entries: list[Entry]) -> Iterator[str]:
        """Nothing."""
        return iter(())

    def flush(self) -> Iterator[str]:
        """Nothing."""
        return iter(())


class Follower:
    """Prints entries as they are committed, in a thread with a connection of its own.

    So a reader that is slow, or a terminal that is stopped, holds up nothing but the print.
    """

    def __init__(
        self, engine: Engine, after: int, lines: EntryFormatter, on_closed: Callable[[], object]
    ) -> None:
        self.failures = 0
        """Journeys that failed meanwhile."""
        self.closed = False
        """Nobody reads what is printed any more."""
        self._after = after
        self._lines = lines
        self._path: Path = engine.path
        self._on_closed = on_closed
        self._error: Exception | None = None
        self._wake = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._follow, name="trace", daemon=True)
        self._forget = engine.on_change(self._wake.set)
        # What an engine finds in the inbox it may have handled before this stands here.
        self._wake.set()
        self._thread.start()

    def finish(self) -> None:
        """Print what is left and end.

        Raises:
            StudioError: the store could not be read, or the output not be written.
        """
        self._forget()
        self._ending = True
        self._wake.set()
        self._thread.join(FINISH_SECONDS)
        if self._thread.is_alive():
            self.closed = True
        if self._error is not None:
            raise self._error

    def _follow(self) -> None:
        from studio.store.views import Views

        while True:
            ending = self._ending
            try:
                with Views(self._path) as views:
                    self._read(views)
                    return
            except BrokenPipeError:
                self._close()
                return
            except StoreError as error:
                # Waited out, as the engine does; should it be for good, that one ends and says so.
                if ending:
                    self._error = error
                    return
                self._wake.wait(RETRY_SECONDS)
                self._wake.set()
            except StudioError as error:
                self._error = error
                self._on_closed()
                return

    def _read(self, views: Views) -> None:
        while True:
            self._wait()
            self._wake.clear()
            ending = self._ending
            last = views.last_seq()
            while (page := self._lines.read(views, self._after, PAGE_ROWS)) is not None:
                self._after = page.last
                self.failures += page.failed
                write(page.lines)
            # What lies between is of no kind that is printed, and is not looked at again.
            self._after = max(self._after, last)
            if not self.closed:
                write(self._lines.flush())
            if ending:
                return

    def _wait(self) -> None:
        """Wait for a commit, or for the reader of a pipe to go."""
        while not self._wake.wait(LOOK_SECONDS):
            if reader_gone():
                raise BrokenPipeError

    def _close(self) -> None:
        self.closed = True
        self._on_closed()


def last_seq(settings: Settings) -> int:
    """Up to where a store was told in earlier runs."""
    from studio.store.views import Views

    if settings.store == MEMORY or not Path(settings.store).exists():
        return 0
    try:
        with Views(settings.store) as views:
            return views.last_seq()
    except StoreError:
        # Still empty, or something that the engine will refuse in its own words.
        return 0


def ended(code: Exit) -> Exit:
    """End now when a thread hangs in a write: Python would wait for it for ever."""
    stuck = any(thread.name == "trace" and thread.is_alive() for thread in threading.enumerate())
    if stuck:
        os._exit(code)
    return code
