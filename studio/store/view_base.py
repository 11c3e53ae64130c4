"""Asking a store: the connection, statements and numbers that all views share.

All rows are fetched at once: an unfinished cursor keeps the write-ahead log from being
folded in, and it grows without end (sqlite.org/wal.html, 6).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from studio.store import view_sql as sql
from studio.store.connect import translate
from studio.store.file import FileId, require_same
from studio.store.schema import TOTAL_STATUS
from studio.store.workflow_pauses import WorkflowPause, read_pauses

Row = tuple[Any, ...]

ENDLESS = 1 << 62

Rows = Callable[..., list[tuple[Any, ...]]]
"""Runs a statement in the reader's snapshot and gives all its rows."""
WINDOW_ROWS = 50_000
"""Entries that one statement walks over at most: a reader must not hold a snapshot for long."""


class ViewBase:
    """A part of `Views`: what every question needs."""

    path: Path
    top: int = ENDLESS
    """The newest entry that counts: all, unless the past is looked at."""
    _con: sqlite3.Connection
    _file: FileId

    def last_seq(self) -> int:
        """The newest entry of the history; 0 when there is none."""
        return self._rows(sql.LAST_SEQ)[0][0] or 0

    def _user_id(self, user: str | None) -> int | None:
        """None for None, -1 for a user that is not there."""
        return self._id(sql.USER_ID, user)

    def _name_id(self, name: str | None) -> int | None:
        return self._id(sql.NAME_ID, name)

    def _id(self, statement: str, text: str | None) -> int | None:
        if text is None:
            return None
        try:
            rows = self._rows(statement, text)
        except UnicodeEncodeError:
            # Half of a surrogate pair (a terminal in another encoding): nothing is called so.
            return -1
        return int(rows[0][0]) if rows else -1

    def _totals(self, workflow: int) -> dict[int, int]:
        return dict(self._rows(sql.TOTALS, workflow))

    def pauses(self) -> dict[str, WorkflowPause]:
        """What is known of pauses of workflows, also of those that went on, by name."""
        with self._translated():
            return read_pauses(self._con)

    def paused_workflows(self) -> list[str]:
        """Workflows of which no journey moves, by name."""
        return [name for name, each in self.pauses().items() if each.stands]

    def _journeys_in(self, workflow: int) -> int:
        """How many journeys of a workflow (names.id) ever began."""
        return sum(n for kind, n in self._totals(workflow).items() if kind > TOTAL_STATUS)

    def _data_version(self) -> int:
        # Nobody writes any more into a file that was removed or replaced: it would stay as it is for ever.
        require_same(self.path, self._file)
        return int(self._rows("PRAGMA data_version")[0][0])

    def _rows(self, statement: str, *values: Any) -> list[Row]:
        parameters = values[0] if values and isinstance(values[0], dict) else values
        try:
            return self._con.execute(statement, parameters).fetchall()
        except sqlite3.Error as error:
            raise translate(error, self.path) from error

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Questions that stand elsewhere, and are asked on this connection."""
        try:
            yield
        except sqlite3.Error as error:
            raise translate(error, self.path) from error

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Several statements that see one state of the store."""
        if self._con.in_transaction:
            yield
            return
        self._rows("BEGIN")
        try:
            yield
        finally:
            # After an error of the disk SQLite may have ended it already.
            with suppress(sqlite3.Error):
                self._con.execute("ROLLBACK")
