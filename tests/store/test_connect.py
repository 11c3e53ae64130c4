"""Opening a store for reading, and what errors of SQLite mean to people."""

from __future__ import annotations

import os
import resource
import sqlite3
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from studio.errors import StoreDamaged, StoreError, StoreFull, StoreReadOnly, StoreRefusal, StoreUnsure
from studio.store import connect
from studio.store.connect import (
    check_version,
    connect_reader,
    examined,
    require_file,
    require_history,
    store_error,
    translate,
    why_full,
)
from studio.store.schema import MIGRATION_SET, VERSION
from tests.store.build import small


def failing(name: str, text: str = "it says so") -> sqlite3.Error:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("name", "kind", "what"),
    [
        ("SQLITE_FULL", StoreFull, "the disk is full; nothing of this batch was stored"),
        ("SQLITE_NOTADB", StoreError, "it is not a database"),
        ("SQLITE_CORRUPT_INDEX", StoreUnsure, "something was read that no store holds (it says so)"),
        ("SQLITE_IOERR_READ", StoreError, "the disk could not be read or written (it says so)"),
        ("SQLITE_READONLY_DBMOVED", StoreReadOnly, "the store cannot be written"),
        ("SQLITE_CANTOPEN", StoreError, "the store cannot be opened"),
        ("SQLITE_BUSY_SNAPSHOT", StoreError, "another program holds the store's write lock for long"),
        ("SQLITE_LOCKED", StoreError, "another program holds the store's write lock for long"),
        ("SQLITE_CONSTRAINT_UNIQUE", StoreRefusal, "the store refuses it: it says so"),
        ("SQLITE_TOOBIG", StoreRefusal, "the store refuses it: it says so"),
        ("SQLITE_ERROR", StoreError, "SQLite says: it says so"),
        ("", StoreError, "SQLite says: it says so"),
    ],
)
def test_an_error_of_sqlite_is_said_in_peoples_words(
    name: str, kind: type[StoreError], what: str, tmp_path: Path
) -> None:
    found = translate(failing(name), tmp_path / "s.db")
    assert (type(found), found.what) == (kind, what)
    assert str(tmp_path / "s.db") in str(found)


@pytest.mark.parametrize("kind", [sqlite3.InterfaceError, sqlite3.ProgrammingError, sqlite3.DataError])
def test_what_python_refuses_without_asking_is_a_refusal(kind: type[sqlite3.Error], tmp_path: Path) -> None:
    assert type(translate(kind("no such type"), tmp_path / "s.db")) is StoreRefusal
    assert type(translate(sqlite3.OperationalError("no such type"), tmp_path / "s.db")) is StoreError


@pytest.mark.parametrize(("left", "is_full"), [((1 << 16) - 1, True), (1 << 16, False)])
def test_an_io_error_on_a_full_disk_speaks_of_the_disk(
    left: int, is_full: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_bavail=left, f_frsize=1))
    path = tmp_path / "s.db"
    assert (type(translate(failing("SQLITE_IOERR_SHMSIZE"), path)) is StoreFull) == is_full
    assert type(translate(failing("SQLITE_BUSY"), path)) is StoreError
    assert why_full(path) == ("the disk is full" if is_full else None)


def test_a_disk_that_is_not_there_is_not_full(tmp_path: Path) -> None:
    assert why_full(tmp_path / "none" / "s.db") is None


LIMIT = 1 << 20


@pytest.mark.parametrize(
    ("suffix", "size", "is_limit"),
    [
        ("", LIMIT - (1 << 16) + 1, True),
        ("", LIMIT - (1 << 16), False),
        ("-wal", LIMIT, True),
        ("-journal", LIMIT, True),
        ("-shm", LIMIT, False),
    ],
)
def test_a_file_that_has_come_to_the_limit_of_the_process_is_named_so(
    suffix: str, size: int, is_limit: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.db"
    with path.with_name(path.name + suffix).open("wb") as file:
        file.truncate(size)
    error = failing("SQLITE_IOERR_WRITE")
    assert type(translate(error, path)) is StoreError, "no limit holds"
    monkeypatch.setattr(resource, "getrlimit", lambda which: (LIMIT, LIMIT))
    found = translate(error, path)
    assert (type(found) is StoreFull) == is_limit
    assert ("(1,048,576 bytes)" in found.what) == is_limit
    assert type(translate(failing("SQLITE_BUSY"), path)) is StoreError


def test_only_a_store_is_opened(tmp_path: Path) -> None:
    def refusal(path: Path) -> str:
        with pytest.raises(StoreError) as caught:
            connect_reader(path)
        return caught.value.what

    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "text").write_text("no database " * 1_000)
    con = sqlite3.connect(tmp_path / "other.db")
    con.execute("CREATE TABLE t (x)")
    con.close()
    assert refusal(tmp_path / "none.db") == "there is no store here"
    assert refusal(tmp_path / "folder") == "it is a folder"
    assert refusal(tmp_path / "pipe") == "it is not a file but a pipe, a device or a socket"
    assert refusal(tmp_path / "text") == "it is not a database"
    assert refusal(tmp_path / "other.db") == "it is a database, but no store of Journey Studio"
    require_file(tmp_path / "none.db")
    require_file(tmp_path / "text")


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = small(tmp_path / "s.db")
    con = connect_reader(path)
    assert check_version(con, path) == VERSION
    con.close()
    con = sqlite3.connect(path)
    with con:
        con.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, 'later', '')",
            (MIGRATION_SET,),
        )
    con.close()
    with pytest.raises(StoreError, match=rf"\(schema {VERSION + 1}, this one knows {VERSION}\)"):
        connect_reader(path)


def test_nothing_is_written_by_who_reads(tmp_path: Path) -> None:
    path = small(tmp_path / "s.db")
    con = connect_reader(path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        con.execute("DELETE FROM history")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        con.execute("CREATE TEMP TABLE t (x)")
    con.close()


@pytest.mark.parametrize("shared", [False, True])
def test_a_reader_belongs_to_its_thread_unless_it_is_shared(shared: bool, tmp_path: Path) -> None:
    con = connect_reader(small(tmp_path / "s.db"), shared=shared)
    answers: list[object] = []

    def read() -> None:
        try:
            answers.append(con.execute("SELECT 1").fetchone())
        except sqlite3.ProgrammingError:
            answers.append(None)

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    con.close()
    assert answers == [(1,) if shared else None]


def test_a_store_in_which_nothing_was_stored_is_told_from_one(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.touch()
    con = connect_reader(path)
    with pytest.raises(StoreError, match="nothing was ever stored here"):
        require_history(con, path)
    con.close()
    con = connect_reader(small(tmp_path / "full.db"))
    require_history(con, path)
    con.close()


def damaged(path: Path) -> Path:
    small(path)
    con = sqlite3.connect(path)
    (page,) = con.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'history'").fetchone()
    (size,) = con.execute("PRAGMA page_size").fetchone()
    con.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    return path


def test_an_examination_finds_what_is_damaged_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert examined(small(tmp_path / "sound.db")) is None
    found = examined(damaged(tmp_path / "s.db"))
    assert type(found) is StoreDamaged
    assert found.what.startswith("the database is damaged (")
    (tmp_path / "text").write_text("no database " * 1_000)
    assert "not a database" in str(examined(tmp_path / "text"))
    # A disk that misreads once has damaged nothing.
    answers = ["a fault", ""]
    monkeypatch.setattr(connect, "_integrity", lambda path: answers.pop(0))
    assert examined(tmp_path / "s.db") is None


def test_what_cannot_be_examined_is_not_called_damaged(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        examined(tmp_path / "none.db")


def test_an_error_of_another_kind_is_left_as_it_is(tmp_path: Path) -> None:
    other = ValueError("no")
    assert store_error(other, tmp_path / "s.db") is other
    found = store_error(failing("SQLITE_FULL"), tmp_path / "s.db")
    assert isinstance(found, StoreFull)
