"""The engine's connection to its store: questions, names by number, and the one transaction of a batch.

A `Store` belongs to the thread that opened it. What the engine asks stands in the modules `read_*.py`, by
subject; reads take many keys at once (as a JSON array: one statement a batch, whatever its size).
All that a batch changes (`changes.py`) is written by `write` in one transaction, or not at all.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from studio.errors import StoreError
from studio.language.commands import Place
from studio.language.journey_ids import bounds_of
from studio.store.away import HANDED
from studio.store.changes import END_ANSWERS, Changes, Row
from studio.store.checkpoints import EVERY, CheckpointFill, keep_checkpoint, newest_checkpoint
from studio.store.connect import translate
from studio.store.damage import FIX, read_number
from studio.store.database import BUSY, Durability, open_database
from studio.store.file import FileId, file_of, require_same, wal_path
from studio.store.meta import ANY_UNDER, META, META_KEYED, META_UNDER, set_meta, span
from studio.store.refused import add_refused
from studio.store.schema import ESCAPED_IDS

SAY_BUSY = 1.0
"""Seconds after which the engine says that it waits for another writer."""
MOST_KNOWN = 50_000
"""Names that are remembered by their numbers."""

R = TypeVar("R", bound=tuple[Any, ...])

LAST_ENTRY = "SELECT max(seq) FROM history"
LAST_USER = "SELECT max(id) FROM users"
LAST_JOURNEY = "SELECT max(id) FROM journeys"
LAST_NAME = "SELECT max(id) FROM names"
COUNT_DUE = "SELECT count(*) FROM waits WHERE due > 0 AND due <= ?"
NEXT_DUE = "SELECT due FROM waits WHERE due > 0 ORDER BY due LIMIT 1"
NAME_ID = "SELECT id FROM names WHERE text = ?"
NAME_TEXT = "SELECT text FROM names WHERE id = ?"


def maker(row: type[R]) -> Callable[[Row], R]:
    """Makes a named tuple of a row: what its `_make` does, all of it in C and at half the cost."""
    return partial(tuple.__new__, row)


class Store:
    """The engine's own connection.

    Raises:
        StoreError: on opening, when the file is no store of this version or cannot be used.
    """

    def __init__(self, path: str | Path, durability: Durability = "full") -> None:
        con = open_database(Path(path), durability)
        try:
            con.execute(f"PRAGMA busy_timeout = {int(SAY_BUSY * 1000)}")
            self._use(Path(path), con)
            self.look()
        except BaseException:
            con.close()
            raise

    def _use(self, path: Path, con: sqlite3.Connection) -> None:
        self.path = path
        self._con = con
        self._files: list[tuple[Path, FileId]] = []
        """Which were opened; known from the first look on."""
        self.on_wait: Callable[[StoreError], None] | None = None
        """Told, again and again, while another writer is waited for."""
        self.fault: StoreError | None = None
        """The newest question that it could not answer: whoever asked may have kept that to himself."""
        self.nearest: int | None = None
        """The nearest deadline as of the newest `write`, ms since 1970, UTC."""
        self.salt = self.meta("salt") or ""
        self.seed = self.meta("seed") or self.salt
        """What random and uuid are drawn from (`seed.py`)."""
        self.has_handovers = bool(self.rows(ANY_UNDER, *span(HANDED)))
        """Users went to other engines, or came: nobody does while this one runs."""
        self.id_bounds = self._id_bounds()
        """Which journeys have an escaped id, by their numbers: `journey_ids.is_escaped`."""
        # After a rewind the numbers of what was cut off are not given out again.
        self.next_seq = max(self._next(LAST_ENTRY), read_number(self.meta("next_seq"), "its entries"))
        self.next_user = self._next(LAST_USER)
        self.next_journey = self._next_journey()
        self.next_name = self._next(LAST_NAME)
        self.last_at: int = read_number(self.meta("last_at"), "its clock")
        """The moment that the engine had come to."""
        self._counted = self._newest_checkpoint()
        """Up to which entry the counts of the past were kept last, or would have been, had they had room."""
        self._fill = CheckpointFill()
        self.known_names: dict[str, int] = {}
        """Numbers of names that are written, by their texts; a batch looks here first.

        What a batch adds it keeps itself until it is written (`StoreUnit`): so nothing that it holds
        is forgotten while it runs, and nothing stays of one that came to nothing.
        """
        self.known_places: dict[Place, int] = {}
        """Numbers of the names of places, as far as they are written."""
        self._texts: dict[int, str] = {}

    def close(self) -> None:
        """Fold the write-ahead log into the file and let it go."""
        self.truncate_wal()
        self._con.close()

    def abandon(self) -> None:
        """Let go without tidying up."""
        self._con.close()

    # -- reading ---------------------------------------------------------------------------

    def rows(self, statement: str, *values: Any) -> list[Row]:
        """All rows of a statement. Nothing stays open: an open cursor lets the log grow without end."""
        try:
            return self._con.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            self.fault = translate(error, self.path)
            raise self.fault from error

    def look(self) -> None:
        """Ask whether its file is still where it was opened. Costs a microsecond.

        Raises:
            StoreGone: it was removed, or another stands in its place.
        """
        if not self._files:
            self._files = [(self.path, file_of(self.path))]
            log = wal_path(self.path)
            # What is written goes into it first. It is there since something was read.
            if log.exists():
                self._files.append((log, file_of(log)))
        for path, opened in self._files:
            require_same(path, opened)

    def freshen(self) -> None:
        """Let no page be kept in memory that may have been read wrongly."""
        self.rows("PRAGMA shrink_memory")

    def many(self, statement: str, keys: Sequence[Any]) -> list[Row]:
        """All rows of a statement that takes its keys as one JSON array."""
        return self.rows(statement, json.dumps(keys)) if keys else []

    def typed(self, row: type[R], statement: str, *values: Any) -> list[R]:
        """All rows of a statement, with names for their fields.

        Args:
            row: a named tuple with a field for each column.
        """
        return list(map(maker(row), self.rows(statement, *values)))

    def meta(self, key: str) -> str | None:
        """A value of the `meta` table."""
        rows = self.rows(META, key)
        return rows[0][0] if rows else None

    def meta_under(self, prefix: str) -> list[tuple[str, str]]:
        """Values of the `meta` table whose keys begin so, "held/", by what follows in their keys."""
        return [(key[len(prefix) :], value) for key, value in self.rows(META_UNDER, *span(prefix))]

    def has_meta_under(self, prefix: str) -> bool:
        """Whether a key of the `meta` table begins so."""
        return bool(self.rows(ANY_UNDER, *span(prefix)))

    def meta_keyed(self, keys: Sequence[str]) -> dict[str, str]:
        """Values of the `meta` table, as far as they are there."""
        return dict(self.many(META_KEYED, keys))

    def next_due(self) -> int | None:
        """The nearest deadline, milliseconds since 1970, UTC."""
        rows = self.rows(NEXT_DUE)
        return rows[0][0] if rows else None

    def count_due(self, until: int) -> int:
        """How many deadlines there are up to a moment."""
        return int(self.rows(COUNT_DUE, until)[0][0])

    def version(self) -> int:
        """Moves when another process has committed. Costs microseconds."""
        return int(self.rows("PRAGMA data_version")[0][0])

    def _free_seq(self) -> int:
        """The first seq that no entry has or had."""
        reserved = read_number(self.meta("next_seq"), "its entries")
        return max(self._next(LAST_ENTRY), reserved)

    def _newest_checkpoint(self) -> int:
        try:
            return newest_checkpoint(self._con)
        except sqlite3.Error as error:
            raise translate(error, self.path) from error

    def _next(self, statement: str) -> int:
        return (self.rows(statement)[0][0] or 0) + 1

    def _id_bounds(self) -> tuple[int, ...]:
        try:
            return bounds_of(self.meta(ESCAPED_IDS))
        except (ValueError, TypeError):
            raise StoreError(
                "what the store holds about the ids of its journeys cannot be read", fix=FIX
            ) from None

    def _next_journey(self) -> int:
        # A number says how its journey's id is written: none of before is given out again.
        return max(self._next(LAST_JOURNEY), *self.id_bounds[-1:], 1)

    # -- names -----------------------------------------------------------------------------

    def stored_name(self, text: str) -> int | None:
        """The number of a name that is written; None when it is new."""
        found = self.known_names.get(text)
        if found is None and (found := self.find_name(text)) is not None:
            self._remember(found, text)
        return found

    def find_name(self, text: str) -> int | None:
        """The number of a name that is there already."""
        rows = self.rows(NAME_ID, text)
        return int(rows[0][0]) if rows else None

    def name_text(self, id: int) -> str:
        """The text of a name."""
        found = self._texts.get(id)
        if found is None:
            found = str(self.rows(NAME_TEXT, id)[0][0])
            self._remember(id, found)
        return found

    def keep(self, names: Mapping[str, int], places: Mapping[Place, int]) -> None:
        """Remember what a batch has written."""
        for text, id in names.items():
            self._remember(id, text)
        self.known_places.update(places)

    def _remember(self, id: int, text: str) -> None:
        # Names given by ids of the author's own may be as many as there are users.
        if len(self.known_names) > MOST_KNOWN:
            self._forget_names()
        self.known_names[text] = id
        self._texts[id] = text

    def _forget_names(self) -> None:
        """What is known of names is looked up again."""
        self.known_names.clear()
        self.known_places.clear()
        self._texts.clear()

    def reload(self) -> None:
        """Rows were taken away or replaced: begin anew with what is known of them."""
        self._forget_names()
        self.next_seq = max(
            self.next_seq,
            self._next(LAST_ENTRY),
            read_number(self.meta("next_seq"), "its entries"),
        )
        self.next_user = self._next(LAST_USER)
        self.has_handovers = bool(self.rows(ANY_UNDER, *span(HANDED)))
        """Users went to other engines, or came: nobody does while this one runs."""
        self.id_bounds = self._id_bounds()
        self.next_journey = self._next_journey()
        self.next_name = self._next(LAST_NAME)
        self._counted = self._newest_checkpoint()
        self._fill = CheckpointFill()

    # -- writing ---------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Do what goes beyond a batch: all of it, or nothing.

        Raises:
            StoreError: nothing was written.
        """
        try:
            self._begin()
            yield self._con
            self._con.execute("COMMIT")
        except BaseException as error:
            self._roll_back()
            if isinstance(error, sqlite3.Error):
                raise translate(error, self.path) from error
            raise

    def write_meta(self, values: Mapping[str, str | None]) -> None:
        """Write values of the `meta` table, durable at once; None takes one away.

        Raises:
            StoreError: nothing was written.
        """
        with self.transaction() as con:
            set_meta(con, values)

    @property
    def connection(self) -> sqlite3.Connection:
        """For what cannot run in a transaction: whole copies, attached files."""
        return self._con

    def begin(self) -> None:
        """Take the write lock."""
        try:
            self._begin()
        except sqlite3.Error as error:
            raise translate(error, self.path) from error

    def release(self) -> None:
        """Give the write lock back; nothing was written."""
        self._roll_back()

    def _end_left_over(self) -> None:
        if self._con.in_transaction:
            # One that could not be taken back when it came to nothing.
            self._con.execute("ROLLBACK")

    def _begin(self) -> None:
        self._end_left_over()
        end = time.monotonic() + BUSY
        while True:
            try:
                self._con.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
                if self.on_wait is not None:
                    self.on_wait(translate(error, self.path))

    def _roll_back(self) -> None:
        # After some errors (a full disk, a failed read or write) SQLite has ended it by itself.
        if not self._con.in_transaction:
            return
        with suppress(sqlite3.Error):
            # Where it cannot be taken back now, the next begins with that; what is told is why it must be.
            self._con.execute("ROLLBACK")

    def write(self, changes: Changes) -> None:
        """Write a batch: all of it, or nothing.

        Raises:
            StoreFull: nothing was written, and later tries may succeed.
            StoreError: nothing was written.
        """
        con = self._con
        try:
            # Before the write lock is taken: others wait no longer for it than it is needed.
            staged = changes.staged()
            if staged is not None:
                self._end_left_over()
                staged.attach(con)
            self._begin()
            if staged is None:
                _run(con, changes.statements())
            else:
                _run(con, changes.before())
                for statement, values in staged.moves():
                    con.execute(statement, values)
                _run(con, changes.behind())
            counted = changes.history[-1][0] if changes.history else 0
            if counted - self._counted >= EVERY:
                keep_checkpoint(con, counted)
            else:
                counted = self._counted
            if changes.refused:
                add_refused(con, changes.refused)
            if changes.answers:
                con.execute(END_ANSWERS, (changes.answers[-1][1] - 60_000,))
            # Read before the end: nothing that is durable may come to nothing by a question after it.
            due = con.execute(NEXT_DUE).fetchall()
            con.execute("COMMIT")
            self.nearest = due[0][0] if due else None
            self._counted = counted
        except BaseException as error:
            self._roll_back()
            if isinstance(error, sqlite3.Error):
                raise translate(error, self.path) from error
            raise

    def fill_checkpoints(self) -> bool:
        """Keep counts of the past that are not kept yet, as many as take some hundredths of a second.

        For when nothing else is to be done. False when all are kept.

        Raises:
            StoreError: nothing was written.
        """
        with self.transaction() as con:
            return self._fill.step(con)

    def truncate_wal(self) -> None:
        """Give the log's space back; readers that are still in it make this do less."""
        # Busy, full or broken: nothing depends on it, and whoever reads or writes next says what is wrong.
        with suppress(sqlite3.Error):
            self._con.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _run(con: sqlite3.Connection, statements: Iterable[tuple[str, list[Row]]]) -> None:
    for statement, rows in statements:
        if rows:
            con.executemany(statement, rows)
