"""Stores in memory that were left behind: which are taken away when another is made."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from studio.store import temporary
from studio.store.beside import LOCK_SUFFIX

OLD = time.time() - temporary.FORGOTTEN_SECONDS - 60


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where stores in memory are."""
    monkeypatch.setattr(temporary, "_folder", lambda: tmp_path)
    return tmp_path


def left(folder: Path, name: str, *, lock: bool, at: float | None = None) -> Path:
    """A store with what lies beside it."""
    path = folder / f"{temporary.PREFIX}{name}.db"
    for each in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        each.write_text("")
        if at is not None:
            os.utime(each, (at, at))
    if lock:
        path.with_name(path.name + LOCK_SUFFIX).write_text("")
    return path


def test_a_store_whose_engine_was_killed_goes_and_one_in_use_stays(folder: Path) -> None:
    left(folder, "killed", lock=True)
    used = left(folder, "used", lock=True)
    with FileLock(used.with_name(used.name + LOCK_SUFFIX)):
        temporary.sweep()
        kept = {each.name for each in folder.iterdir()}
    assert kept == {used.name + suffix for suffix in ("", "-wal", "-shm", LOCK_SUFFIX)}


def test_one_without_a_lock_is_being_made_until_it_is_a_day_old(folder: Path) -> None:
    left(folder, "forgotten", lock=False, at=OLD)
    made = left(folder, "made", lock=False, at=time.time() - 23 * 3600)
    temporary.sweep()
    assert {each.name for each in folder.iterdir()} == {made.name + s for s in ("", "-wal", "-shm")}


def test_a_store_in_memory_lies_where_files_can_be_made() -> None:
    path = temporary.temporary_store()
    assert os.access(path.parent, os.W_OK)
    assert not path.exists()


def test_each_store_in_memory_has_a_place_of_its_own(folder: Path) -> None:
    one, other = temporary.temporary_store(), temporary.temporary_store()
    assert one != other
    assert one.parent == other.parent == folder
    assert list(folder.iterdir()) == []


def test_other_files_stay(folder: Path) -> None:
    other = folder / "somebody.db"
    other.write_text("")
    os.utime(other, (OLD, OLD))
    temporary.sweep()
    assert other.exists()


def test_a_file_that_goes_while_it_is_looked_at_is_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending = left(folder, "ending", lock=False)
    left(folder, "forgotten", lock=False, at=OLD)
    listed = os.scandir

    def then_gone(path: Any) -> Any:
        found = listed(path)
        temporary.remove_store(ending)
        return found

    monkeypatch.setattr(os, "scandir", then_gone)
    temporary.sweep()
    assert list(folder.iterdir()) == []


def test_a_file_of_another_user_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = left(folder, "theirs", lock=True, at=OLD)
    us = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: us + 1)
    temporary.sweep()
    assert theirs.exists()
