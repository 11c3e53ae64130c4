"""A store that draws from a seed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from studio.errors import StoreError
from studio.store.seed import FIXED, give_seed
from tests.store.build import small


def seed_of(path: Path) -> str | None:
    con = sqlite3.connect(path)
    try:
        row = con.execute("SELECT value FROM meta WHERE key = 'seed'").fetchone()
        return None if row is None else str(row[0])
    finally:
        con.close()


def test_an_empty_store_takes_any_seed(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    for seed in (FIXED, "other", "other"):
        give_seed(path, seed)
        assert seed_of(path) == seed


def test_a_store_with_a_history_keeps_its_own(tmp_path: Path) -> None:
    path = small(tmp_path / "s.db")
    with pytest.raises(StoreError, match="drawn from a seed of its own"):
        give_seed(path, FIXED)
    con = sqlite3.connect(path)
    with con:
        con.execute("INSERT OR REPLACE INTO meta VALUES ('seed', 'own')")
    con.close()
    give_seed(path, "own")
    with pytest.raises(StoreError, match="Leave the seed out"):
        give_seed(path, FIXED)
    assert seed_of(path) == "own"
