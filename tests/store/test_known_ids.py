"""Which senders' ids a store has taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.errors import StoreError
from studio.store.connect import connect_reader
from studio.store.known_ids import KNOWN_IDS, known_ids
from tests.store.build import Builder


def test_those_of_the_history_are_known(tmp_path: Path) -> None:
    b = Builder(tmp_path / "a.db")
    b.event("paid", "ada", 1, id="evt-1")
    b.event("left", "bob", 2)
    path = b.done()
    assert known_ids(path, ["evt-1", "evt-2", "evt-1"]) == {"evt-1"}
    assert known_ids(path, []) == set()
    con = connect_reader(path)
    plan = [row[3] for row in con.execute("EXPLAIN QUERY PLAN " + KNOWN_IDS, ("[]",)).fetchall()]
    assert plan[-1] == "SEARCH h USING COVERING INDEX history_ids (id=?)"
    con.close()
    with pytest.raises(StoreError):
        known_ids(tmp_path / "none.db", ["a"])
