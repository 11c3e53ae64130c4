"""Notice that workflow files, or the user's own modules that they import, read otherwise.

The operating system tells when to look (watchfiles); what is looked at is the text of the files.
So a burst of saves, a file that is replaced, or one that is touched and says the same, give one
change, or none; and where nothing is told (a network folder) looking now and then is enough.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from watchfiles import watch

from studio.source.loader import Library

_log = logging.getLogger("studio")

STEP_MS = 40
"""How often the operating system's news are collected."""
QUIET_SECONDS = 0.08
"""A burst of saves is over when nothing was written for so long. An editor that writes a file anew
leaves it empty, or away, for less."""
BURST_SECONDS = 2.0
"""The longest that a burst is waited for."""
LOOK_MS = 1_000
"""How often the files are looked at without having been told to."""
POLL_MS = 80
"""The same where the operating system tells nothing."""


class Watching:
    """A thread that calls a function when the files of a library read otherwise.

    Args:
        changed: is called in that thread; the next change is looked for when it comes back.
        polling: look at the folders again and again; None: only where nothing is told of them.
    """

    def __init__(self, library: Library, changed: Callable[[], None], *, polling: bool | None = None) -> None:
        self._library = library
        self._changed = changed
        self._polling = polling
        self._stop = threading.Event()
        self._seen = library.signature()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watching", daemon=True)

    def start(self) -> None:
        """Begin; from when this returns on no change is missed."""
        self._thread.start()
        self._ready.wait(5.0)

    def stop(self, timeout: float = 2.0) -> None:
        """End. A change that is being dealt with is waited for, as long as `timeout` seconds."""
        self._stop.set()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _watch(self) -> None:
        while not self._stop.is_set():
            folders = self._folders()
            for _ in self._wake_ups(folders):
                if self._stop.is_set():
                    return
                self._look()
                if self._folders() != folders:
                    break

    def _folders(self) -> frozenset[Path]:
        """Where to look: the folders that are there, and for one that is not, what will hold it."""
        found = set()
        for folder in self._library.folders:
            while not folder.is_dir() and folder != folder.parent:
                folder = folder.parent
            found.add(folder)
        return frozenset(found)

    def _wake_ups(self, folders: frozenset[Path]) -> Iterator[object]:
        """Each time that something may have changed."""
        try:
            yield from self._changes(folders, self._polling)
        except OSError as error:
            # No more watches to be had, or a file system that has none.
            if self._polling:
                _log.warning("%s: it cannot be watched: %s", ", ".join(map(str, sorted(folders))), error)
                self._stop.wait(LOOK_MS / 1000)
            else:
                self._polling = True

    def _changes(self, folders: frozenset[Path], polling: bool | None) -> Iterator[object]:
        changes = watch(
            *sorted(folders),
            watch_filter=None,
            debounce=2 * STEP_MS,
            step=STEP_MS,
            stop_event=self._stop,
            rust_timeout=LOOK_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            force_polling=polling,
            poll_delay_ms=POLL_MS,
            recursive=False,
            ignore_permission_denied=True,
        )
        # The watch stands from the first `next` on; what was saved before is seen by looking.
        first = threading.Timer(0.05, self._ready.set)
        first.daemon = True
        first.start()
        try:
            yield None
            yield from changes
        finally:
            first.cancel()
            self._ready.set()

    def _look(self) -> None:
        now = self._library.signature()
        if now == self._seen:
            return
        end = time.monotonic() + BURST_SECONDS
        while time.monotonic() < end and not self._stop.wait(QUIET_SECONDS):
            before, now = now, self._library.signature()
            if now == before:
                break
        if now == self._seen or self._stop.is_set():
            return
        self._seen = now
        try:
            self._changed()
        except Exception:
            # Watching goes on: the next save may be a better one.
            _log.exception("a change of the workflow files could not be dealt with")
        # The modules that are imported now may be others.
        self._seen = {**self._library.signature(), **now}
