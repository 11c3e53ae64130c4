"""The engine's questions on a read-only connection, as of one moment: for looking without acting."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.store.connect import connect_reader, require_history, translate
from studio.store.sqlite import Store


class ReadOnlyStore(Store):
    """A store as it was at one moment. Whoever uses it must be one thread at a time.

    Raises:
        StoreError: there is no store, it is no database, or a newer version made it.
    """

    def __init__(self, path: str | Path) -> None:
        con = connect_reader(path, shared=True)
        try:
            # All that follows sees what the first statement sees.
            con.execute("BEGIN")
            require_history(con, Path(path))
            self._use(Path(path), con)
        except BaseException:
            con.close()
            raise

    def forget_after(self, seq: int) -> None:
        """Let every question see the history up to an entry, and nothing of what came after it."""
        try:
            # The file is open read-only; the view is temporary, and goes before the table of its name.
            self._con.execute("PRAGMA query_only = 0")
            self._con.execute(f"CREATE TEMP VIEW history AS SELECT * FROM main.history WHERE seq <= {seq:d}")
            self._con.execute("PRAGMA query_only = 1")
        except sqlite3.Error as error:
            raise translate(error, self.path) from error

    def let_moment_go(self) -> None:
        """What is asked from here on sees the newest, or the moment of `one_moment`."""
        self._do("COMMIT")

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """Inside, every question sees what the first one sees."""
        self._do("BEGIN")
        try:
            yield
        finally:
            self._do("COMMIT")

    def _do(self, statement: str) -> None:
        try:
            self._con.execute(statement)
        except sqlite3.Error as error:
            raise translate(error, self.path) from error

    def close(self) -> None:
        """Let the connection go."""
        self._con.close()
