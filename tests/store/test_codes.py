"""Which versions of workflows ran on a store."""

from __future__ import annotations

from pathlib import Path

from studio.store.codes import Version, VersionSource, newest_hash, source_of, versions
from studio.store.sqlite import Store


def test_versions_are_found_with_what_they_were_made_of(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db", "normal")
    try:
        assert versions(store) == []
        assert newest_hash(store, "buy") is None
        rows = [
            (1, "buy", "aaa", "buy.py", "first", 1),
            (2, "sell", "aaa", "sell.py", "other", 2),
            (3, "buy", "bbb", "buy.py", "second", 3),
        ]
        with store.transaction() as con:
            con.executemany("INSERT INTO codes VALUES (?, ?, ?, ?, ?, ?)", rows)
        assert versions(store) == [Version(id, workflow, hash) for id, workflow, hash, *_ in rows]
        assert source_of(store, "buy", "aaa") == VersionSource("buy.py", "first", 1)
        assert source_of(store, "sell", "aaa") == VersionSource("sell.py", "other", 2)
        assert source_of(store, "sell", "bbb") is None
        assert (newest_hash(store, "buy"), newest_hash(store, "sell")) == ("bbb", "aaa")
    finally:
        store.close()
