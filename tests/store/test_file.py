"""Which file a store is, as whoever has it open looks at it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from studio.errors import StoreGone
from studio.store.file import file_of, require_same, wal_path


def test_the_same_file_is_there_whatever_is_written_into_it(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.touch()
    opened = file_of(path)
    path.write_bytes(b"more")
    require_same(path, opened)
    # Another name of it is as good.
    os.link(path, tmp_path / "t.db")
    require_same(tmp_path / "t.db", opened)


def test_another_file_in_its_place_is_told_from_none(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.touch()
    opened = file_of(path)
    (tmp_path / "new").touch()
    os.replace(tmp_path / "new", path)
    with pytest.raises(StoreGone, match="another file stands in the place"):
        require_same(path, opened)
    path.unlink()
    with pytest.raises(StoreGone, match="the file is gone"):
        require_same(path, opened)


def test_the_log_stands_beside_the_file_that_a_link_means(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.db").symlink_to(tmp_path / "folder" / "s.db")
    assert wal_path(tmp_path / "link.db") == (tmp_path / "folder" / "s.db-wal").resolve()
