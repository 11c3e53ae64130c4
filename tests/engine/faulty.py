"""A connection to a store that fails at a statement of one's choice, as on a disk that cannot be read."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


class Faults:
    """Counts the statements of the engine's thread, and says which fail."""

    def __init__(self) -> None:
        self.count = 0
        self.fail_at: set[int] = set()
        self.failed: list[str] = []
        """The statements that did."""
        self.code, self.name = sqlite3.SQLITE_IOERR, "SQLITE_IOERR_READ"
        self.armed = False
        self.fail_if: Callable[[str], bool] | None = None
        """Which statements fail, by their text."""
        self.times = 0
        """How many of these are still to fail."""

    def begin(self, fail_at: set[int], error: tuple[int, str]) -> None:
        """Count anew.

        Args:
            fail_at: which statements fail, from 1.
            error: SQLite's number and name of the error.
        """
        self.count, self.failed, self.fail_at = 0, [], fail_at
        self.code, self.name = error

    def meet(self, statement: str) -> None:
        """A statement is about to be executed.

        Raises:
            sqlite3.OperationalError: it is one that fails.
        """
        if not self.armed or threading.current_thread().name != "journey-engine":
            return
        self.count += 1
        chosen = self.times > 0 and self.fail_if is not None and self.fail_if(statement)
        self.times -= chosen
        if chosen or self.count in self.fail_at:
            self.failed.append(" ".join(statement.split())[:60])
            raise self.error()

    def error(self) -> sqlite3.OperationalError:
        """What a disk that cannot be read makes SQLite say."""
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode, error.sqlite_errorname = self.code, self.name
        return error


@contextmanager
def faulty(monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    """Whatever opens a store meanwhile gets a connection that may fail."""
    faults = Faults()

    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            faults.meet(sql)
            return super().execute(sql, *values)

        def executemany(self, sql: str, rows: Iterable[Any], /) -> sqlite3.Cursor:
            faults.meet(sql)
            return super().executemany(sql, rows)

    connect: Callable[..., Connection] = sqlite3.connect

    def connected(path: str | Path, **named: Any) -> Connection:
        return connect(path, **{**named, "factory": Connection})

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", connected)
        yield faults
