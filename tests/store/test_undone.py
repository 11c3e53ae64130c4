"""What undo keeps for redo: the newest last, let go one by one or as a whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.store.undone import Undone, all_undone, forget_undone, keep_undone, last_moment
from tests.store.build import small

ONE, TWO, TEN = (Undone(n, 100 - n, f'{{"seq":{n}}}', "[]", '{"paused":true}') for n in (1, 2, 10))

TABLES = ("history", "users", "codes", "profiles")


@pytest.fixture
def con(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A store in which three acts were taken back, with a row of each kind for each."""
    con = sqlite3.connect(small(tmp_path / "s.db"))
    for undone in (ONE, TEN, TWO):
        keep_undone(con, undone)
        n = undone.number
        con.execute("INSERT INTO undone_history (undo, seq, at, kind) VALUES (?, 9, 0, 1)", (n,))
        con.execute("INSERT INTO undone_users VALUES (?, 9, 'zoe')", (n,))
        con.execute("INSERT INTO undone_codes VALUES (?, 9, 'buy', 'h', 'f', 's', 0)", (n,))
        con.execute("INSERT INTO undone_profiles VALUES (?, 9, 9, '{}')", (n,))
    yield con
    con.close()


def kept(con: sqlite3.Connection) -> dict[str, list[int]]:
    """Of which acts there are rows, by table."""
    return {
        table: [n for (n,) in con.execute(f"SELECT undo FROM undone_{table} ORDER BY 1")] for table in TABLES
    }


def test_what_was_taken_back_is_read_as_it_was_kept_the_newest_last(con: sqlite3.Connection) -> None:
    assert all_undone(con) == [ONE, TWO, TEN]


def test_one_is_let_go_with_its_rows_and_the_others_stay(con: sqlite3.Connection) -> None:
    forget_undone(con, 2)
    assert all_undone(con) == [ONE, TEN]
    assert kept(con) == {table: [1, 10] for table in TABLES}


def test_all_are_let_go(con: sqlite3.Connection) -> None:
    forget_undone(con)
    assert all_undone(con) == []
    assert kept(con) == {table: [] for table in TABLES}


def test_the_latest_moment_of_what_went_with_an_act(con: sqlite3.Connection) -> None:
    con.execute("INSERT INTO undone_history (undo, seq, at, kind) VALUES (2, 10, 77, 1), (2, 11, 70, 1)")
    assert [last_moment(con, number) for number in (1, 2, 3)] == [0, 77, 0]
