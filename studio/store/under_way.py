"""What an engine is at that takes long, for whoever looks on, in this process or another.

How far those who wait have gone over to other code stands in the store (`meta`, "reload/WORKFLOW"). A
rewind and its like are one transaction, of which nobody sees anything before its end: it is told in a sign
beside the store, and another sign asks it to stop.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from studio.errors import StoreError, StudioError
from studio.store.beside import CHANGE_SUFFIX, STOP_SUFFIX, unfinished_copies
from studio.store.damage import read_fields
from studio.store.meta import META, META_UNDER, span
from studio.text.private import make_file

STOPPED = "stopped_reload"
"""meta: reloads were stopped by hand; who has not gone over does so when something comes for them."""
LOOK_OPERATIONS = 100_000
"""Steps of SQLite's machine after which a change looks whether it is to stop: some milliseconds."""
LOOK_SECONDS = 0.1
FIRST_SECONDS = 0.3
"""What is done by then has no sign."""
OLD_SECONDS = 10.0
"""A sign that was not renewed for so long is of an engine that is no more."""

Change = Literal["rewind", "restore", "undo", "redo"]


@dataclass(frozen=True, slots=True)
class UnderWay:
    """One thing that an engine is at."""

    kind: Literal["reload", "change"]
    """Whose going over to other code, or what changes the store as a whole."""
    name: str
    """ "reload of onboarding", "rewind"."""
    done: int
    total: int
    """Journeys, or bytes of the copy that is kept; 0: nobody knows."""


def reloads(con: sqlite3.Connection) -> list[UnderWay]:
    """The workflows whose waiting journeys are going over to other code; none once that was stopped."""
    if con.execute(META, (STOPPED,)).fetchone() is not None:
        return []
    found = []
    for _, text in con.execute(META_UNDER, span("reload/")).fetchall():
        facts = read_fields(text, "its reload")
        name, total, done = (
            facts.get("name", ""),
            facts.get("waiting", 0),
            facts.get("tally", {}).get("looked_at", 0),
        )
        found.append(UnderWay("reload", f"reload of {name}", min(done, total), total))
    return found


def change_under_way(store: Path) -> UnderWay | None:
    """What changes the store as a whole; None when nothing does."""
    path = _beside(store, CHANGE_SUFFIX)
    try:
        if time.time() - path.stat().st_mtime > OLD_SECONDS:
            return None
        facts = json.loads(path.read_text(encoding="utf-8"))
        return UnderWay("change", str(facts["name"]), int(facts["done"]), int(facts["total"]))
    except (OSError, ValueError, KeyError, TypeError):
        # There is none, or it is being written.
        return None


def ask_to_stop(store: Path) -> None:
    """Ask what changes a store as a whole to stop: then nothing has changed. Too late, it does nothing.

    Raises:
        OSError: the sign cannot be written.
    """
    if _beside(store, CHANGE_SUFFIX).exists():
        make_file(_beside(store, STOP_SUFFIX))


def _beside(store: Path, suffix: str) -> Path:
    store = store.resolve()
    return store.with_name(store.name + suffix)


class WatchedChange:
    """Something that changes a store as a whole, told and stopped while SQLite is at it.

    What is done inside raises `StudioError` where it was stopped.

    Args:
        con: the engine's connection, whose statements are interrupted.
        store: its file.
        name: what it is: "rewind".
    """

    def __init__(self, con: sqlite3.Connection, store: Path, name: Change) -> None:
        self._con, self._store, self._name = con, store, name
        self._began = self._looked_at = 0.0
        self._total = 0
        self.stopped = False
        """It was asked to stop, and what was done of it is void."""

    def __enter__(self) -> Self:
        with suppress(OSError):
            _beside(self._store, STOP_SUFFIX).unlink(missing_ok=True)
        self._began = time.monotonic()
        pages, size = (
            self._con.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")
        )
        self._total = int(pages) * int(size)
        self._con.set_progress_handler(self._look, LOOK_OPERATIONS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._con.set_progress_handler(None, 0)
        for suffix in (CHANGE_SUFFIX, STOP_SUFFIX):
            with suppress(OSError):
                _beside(self._store, suffix).unlink(missing_ok=True)
        if self.stopped and isinstance(error, StoreError | sqlite3.Error):
            raise StudioError(f"the {self._name} was stopped: nothing has changed") from error

    def _look(self) -> int:
        """Called by SQLite again and again; anything but 0 interrupts it."""
        now = time.monotonic()
        if self.stopped:
            return 1
        if now - self._began < FIRST_SECONDS or now - self._looked_at < LOOK_SECONDS:
            return 0
        self._looked_at = now
        try:
            self._tell()
            self.stopped = _beside(self._store, STOP_SUFFIX).exists()
        except OSError:
            # A full disk: it goes on untold.
            return 0
        return int(self.stopped)

    def _tell(self) -> None:
        sizes = [path.stat().st_size for path in unfinished_copies(self._store)]
        # The copy that is kept comes first; of the cut nobody can tell how far it is.
        done, total = (min(sum(sizes), self._total), self._total) if sizes else (0, 0)
        path = _beside(self._store, CHANGE_SUFFIX)
        make_file(path)
        path.write_text(json.dumps({"name": self._name, "done": done, "total": total}), encoding="utf-8")
