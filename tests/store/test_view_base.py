"""What every question needs: one state of the store for several statements, and errors in our words."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from studio.errors import StoreError
from studio.store.views import Views
from tests.store.build import Builder, small


def test_several_statements_see_one_state_and_what_follows_the_newest(tmp_path: Path) -> None:
    path = small(tmp_path / "s.db")
    con = sqlite3.connect(path, isolation_level=None)
    with Views(path) as views:
        last = views.last_seq()
        with views._snapshot():
            assert views.last_seq() == last
            con.execute("DELETE FROM history WHERE seq = ?", (last,))
            with views._snapshot():
                assert views.last_seq() == last
        assert views.last_seq() == last - 1
    con.close()


def test_a_name_that_no_store_can_have_is_one_that_is_not_there(tmp_path: Path) -> None:
    with Views(small(tmp_path / "s.db")) as views:
        assert (views._user_id(None), views._user_id("nobody"), views._user_id("\udcff")) == (None, -1, -1)
        assert views._user_id("ada") == 1


def test_what_sqlite_says_is_a_fault_of_the_store_by_its_path(tmp_path: Path) -> None:
    with Views(small(tmp_path / "s.db")) as views:
        with pytest.raises(StoreError, match=r"s\.db: .*no such table: missing"):
            views._rows("SELECT * FROM missing")
        with pytest.raises(StoreError, match="no such table"), views._translated():
            views._con.execute("SELECT * FROM missing")


def test_an_empty_history_has_no_newest_entry(tmp_path: Path) -> None:
    with Views(Builder(tmp_path / "s.db").done()) as views:
        assert (views.last_seq(), views._journeys_in(1)) == (0, 0)
