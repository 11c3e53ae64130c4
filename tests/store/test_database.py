"""Opening and making a store for writing."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from studio.errors import StoreError, StoreReadOnly
from studio.store import database
from studio.store.database import open_database
from studio.store.meta import meta_of


def pragma(con: sqlite3.Connection, name: str) -> Any:
    return con.execute(f"PRAGMA {name}").fetchone()[0]


@pytest.mark.parametrize(("durability", "synchronous"), [("full", 2), ("normal", 1)])
def test_a_store_is_opened_as_durable_as_is_asked(tmp_path: Path, durability: Any, synchronous: int) -> None:
    con = open_database(tmp_path / "s.db", durability)
    assert pragma(con, "synchronous") == synchronous
    assert pragma(con, "journal_mode") == "wal"
    assert pragma(con, "journal_size_limit") == 64 * 1024 * 1024
    assert pragma(con, "wal_autocheckpoint") == database.CHECKPOINT_PAGES
    assert pragma(con, "cache_size") == -database.CACHE_KIB
    con.close()


def test_a_store_is_made_for_its_owner_alone_with_a_salt_that_stays(tmp_path: Path) -> None:
    path = tmp_path / "new" / "s.db"
    salts = []
    for _ in range(2):
        con = open_database(path)
        salts.append(meta_of(con, "salt"))
        con.close()
    assert salts[0] == salts[1]
    assert salts[0] is not None
    assert len(salts[0]) == 16
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_what_is_no_store_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database " * 1_000)
    with pytest.raises(StoreError, match="not a database"):
        open_database(tmp_path / "text")
    assert (tmp_path / "text").read_text() == "no database " * 1_000
    with pytest.raises(StoreReadOnly, match="its folder cannot be made"):
        open_database(tmp_path / "text" / "s.db")


def test_a_file_that_may_not_be_written_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_database(tmp_path / "s.db").close()
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(StoreReadOnly, match="the store cannot be written"):
        open_database(tmp_path / "s.db")


class Busy:
    """A connection on which somebody else turns the log on at the same moment."""

    def __init__(self, times: int, code: int = sqlite3.SQLITE_BUSY) -> None:
        self.left = times
        self._code = code

    def execute(self, statement: str) -> Any:
        assert statement == "PRAGMA journal_mode = WAL"
        if self.left:
            self.left -= 1
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = self._code
            raise error
        return self

    def fetchall(self) -> list[Any]:
        return []


def test_who_is_busy_is_waited_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    busy: Any = Busy(3)
    database._use_wal(busy)
    assert busy.left == 0
    other: Any = Busy(3, sqlite3.SQLITE_IOERR)
    with pytest.raises(sqlite3.OperationalError):
        database._use_wal(other)
    assert other.left == 2
    monkeypatch.setattr(database, "BUSY", -1.0)
    late: Any = Busy(3)
    with pytest.raises(sqlite3.OperationalError):
        database._use_wal(late)
    assert late.left == 2


def test_tables_that_cannot_be_made_leave_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Breaks:
        def apply(self, made: Any) -> None:
            made.conn.execute("CREATE TABLE half (x)")
            raise KeyError

    monkeypatch.setattr("studio.store.migrations.migrations", Breaks())
    with pytest.raises(KeyError):
        open_database(tmp_path / "s.db")
    con = sqlite3.connect(tmp_path / "s.db")
    assert con.execute("SELECT name FROM sqlite_schema").fetchall() == []
    con.close()
