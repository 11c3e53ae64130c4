"""What is taken out of a store is gone from the file, and the disk has its room back."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from studio.errors import StoreError
from studio.store.connect import connect_reader
from studio.store.file import wal_path
from studio.store.space import give_back, require_no_reader, wipe_what_is_deleted
from tests.store.build import Builder

SECRET = "hunter2-" * 500


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = Builder(tmp_path / "a.db")
    for n in range(50):
        made.event("told", "ada", n, {"secret": SECRET})
    return made.done()


def test_what_is_deleted_is_written_over_and_the_file_becomes_smaller(path: Path) -> None:
    con = sqlite3.connect(path, isolation_level=None)
    wipe_what_is_deleted(con)
    con.execute("DELETE FROM history")
    require_no_reader(con, path)
    assert SECRET.encode() not in path.read_bytes()
    size = path.stat().st_size
    freed = give_back(con, path)
    con.close()
    assert freed > 100_000
    assert path.stat().st_size == size - freed


def test_a_reader_in_the_midst_of_a_look_is_named(path: Path) -> None:
    reader = connect_reader(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM history").fetchall()
    con = sqlite3.connect(path, isolation_level=None, timeout=0)
    con.execute("DELETE FROM history WHERE seq > 40")
    with pytest.raises(StoreError, match="another program reads the store"):
        require_no_reader(con, path)
    reader.execute("COMMIT")
    reader.close()
    require_no_reader(con, path)
    wal = wal_path(path)
    assert not wal.exists() or wal.stat().st_size == 0
    con.close()


def test_what_is_deleted_from_then_on_leaves_no_copy(path: Path) -> None:
    con = sqlite3.connect(path, isolation_level=None)
    # There are builds of SQLite that do so anyway.
    con.execute("PRAGMA secure_delete = OFF").fetchall()
    wipe_what_is_deleted(con)
    assert con.execute("PRAGMA secure_delete").fetchone() == (1,)
    assert con.execute("PRAGMA temp_store").fetchone() == (2,)  # in memory
    con.close()


def test_a_store_is_made_smaller_and_its_log_is_empty(path: Path) -> None:
    con = sqlite3.connect(path, isolation_level=None)
    con.execute("DELETE FROM history")
    give_back(con, path)
    assert wal_path(path).stat().st_size == 0
    con.close()
