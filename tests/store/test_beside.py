"""Which files belong to a store."""

from __future__ import annotations

from pathlib import Path

from studio.store.beside import unfinished_copies


def test_what_a_cut_off_snapshot_left_is_found_and_nothing_else(tmp_path: Path) -> None:
    left = ["studio.4.db.part", "studio.4.db.part-journal", "studio.12.db.part-wal"]
    others = ["studio.4.db", "studio.x.db.part", "other.4.db.part", "studio.db", "studio.4.db.part.old"]
    for name in left + others:
        (tmp_path / name).touch()
    assert [path.name for path in unfinished_copies(tmp_path / "studio.db")] == sorted(left)


def test_beside_a_store_in_a_folder_that_is_not_there_is_nothing(tmp_path: Path) -> None:
    assert unfinished_copies(tmp_path / "none" / "studio.db") == []
