"""One engine alone has a store."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.engine.held_store import HeldStore
from studio.errors import NotOffered, StoreLocked
from studio.store.beside import LOCK_SUFFIX
from studio.store.capabilities import set_writer
from studio.store.database import open_database
from studio.store.paused import put_sign, read_sign
from studio.store.temporary import remove_store, temporary_store
from studio.store.wake_pipe import wake_path


def held(path: Path, *, temporary: bool = False) -> HeldStore:
    return HeldStore(path, "full", temporary=temporary)


def test_a_store_is_made_and_is_one_engines_until_it_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    first, second = held(path), held(path)
    first.take()
    assert path.exists()
    with pytest.raises(StoreLocked):
        second.take()
    first.let_go()
    first.let_go()
    second.take()
    second.clear_away()
    assert path.exists(), "a store of the user's own stays"


def test_what_an_engine_left_behind_that_was_killed_while_it_was_paused_goes(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    first = held(path)
    first.take()
    put_sign(path, "the disk is full")
    assert read_sign(path) is not None
    first.let_go()
    assert read_sign(path) is None
    # One that was killed lets nothing go: who takes the store next clears it away.
    put_sign(path, "the disk is full")
    held(path).take()
    assert read_sign(path) is None


def test_a_store_of_another_driver_is_refused_and_not_locked(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    con = open_database(path)
    set_writer(con, "elsewhere")
    con.close()
    with pytest.raises(NotOffered, match="elsewhere carries its journeys on"):
        held(path).take()
    con = open_database(path)
    con.execute("DELETE FROM meta")
    con.close()
    mine = held(path)
    mine.take()
    mine.let_go()


def test_a_store_in_memory_goes_with_its_engine(tmp_path: Path) -> None:
    path = tmp_path / "temporary.db"
    mine = held(path, temporary=True)
    mine.take()
    assert path.exists()
    mine.clear_away()
    assert list(tmp_path.glob("temporary.db*")) in ([], [tmp_path / "temporary.db.lock"])


def test_who_takes_a_store_in_memory_clears_away_what_was_left_there_by_one_that_was_killed() -> None:
    left, mine = temporary_store(), held(temporary_store(), temporary=True)
    left.touch()
    left.with_name(left.name + LOCK_SUFFIX).touch()
    try:
        mine.take()
        mine.clear_away()
        assert not left.exists()
    finally:
        remove_store(left)


def test_other_processes_can_wake_the_engine_up_as_long_as_it_has_the_store(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    first = held(path)
    first.take()
    assert first.wake_pipe is not None
    assert wake_path(path).exists()
    first.let_go()
    assert not wake_path(path).exists()


def test_nobody_else_sends_to_a_store_in_memory() -> None:
    path = temporary_store()
    store = held(path, temporary=True)
    store.take()
    assert store.wake_pipe is None
    store.clear_away()
