"""A store as it was at one moment, whatever is written meanwhile."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from studio.errors import StoreError
from studio.store.read_only_store import ReadOnlyStore
from tests.store.build import small


def add(path: Path) -> None:
    """Another process writes an entry."""
    con = sqlite3.connect(path)
    with con:
        con.execute("INSERT INTO history (seq, at, kind) SELECT max(seq) + 1, 0, 72 FROM history")
    con.close()


def count(store: ReadOnlyStore) -> int:
    return int(store.rows("SELECT count(*) FROM history")[0][0])


def test_all_is_seen_as_of_one_moment_until_it_is_let_go(tmp_path: Path) -> None:
    path = small(tmp_path / "s.db")
    store = ReadOnlyStore(path)
    before = count(store)
    add(path)
    assert count(store) == before
    store.let_moment_go()
    assert count(store) == before + 1
    add(path)
    assert count(store) == before + 2
    with store.one_moment():
        assert count(store) == before + 2
        add(path)
        assert count(store) == before + 2
    assert count(store) == before + 3
    with pytest.raises(KeyError), store.one_moment():
        raise KeyError
    with store.one_moment():
        assert count(store) == before + 3
    store.close()
    with pytest.raises(sqlite3.ProgrammingError):
        store.connection.execute("SELECT 1")


def test_what_came_after_an_entry_can_be_left_out_and_nothing_be_written(tmp_path: Path) -> None:
    path = small(tmp_path / "s.db")
    store = ReadOnlyStore(path)
    store.forget_after(3)
    assert store.rows("SELECT seq FROM history ORDER BY seq") == [(1,), (2,), (3,)]
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        store.connection.execute("CREATE TEMP TABLE t (x)")
    with pytest.raises(sqlite3.OperationalError):
        store.connection.execute("DELETE FROM main.history")
    with pytest.raises(StoreError, match="already exists"):
        store.forget_after(2)
    store.close()


def test_what_cannot_be_asked_is_said_by_the_store(tmp_path: Path) -> None:
    store = ReadOnlyStore(small(tmp_path / "s.db"))
    with pytest.raises(StoreError, match="within a transaction"), store.one_moment():
        pass
    store.close()
    (tmp_path / "empty.db").touch()
    with pytest.raises(StoreError, match="nothing was ever stored here"):
        ReadOnlyStore(tmp_path / "empty.db")


def test_it_may_go_from_thread_to_thread(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    store = ReadOnlyStore(small(tmp_path / "s.db"))
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(count, store).result() == count(store)
    store.close()
