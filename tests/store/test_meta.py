"""Values of `meta`, one by one and by their prefix."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.store.database import open_database
from studio.store.meta import ANY_UNDER, META_UNDER, meta_of, set_meta, span


def test_a_value_is_written_over_read_and_taken_away(tmp_path: Path) -> None:
    con = open_database(tmp_path / "s.db")
    try:
        set_meta(con, {"a": "1", "b": "2", "none": None})
        assert [meta_of(con, key) for key in ("a", "b", "none")] == ["1", "2", None]
        set_meta(con, {"a": None, "b": "3"})
        assert [meta_of(con, key) for key in ("a", "b")] == [None, "3"]
    finally:
        con.close()


def test_those_of_a_prefix_are_a_range(tmp_path: Path) -> None:
    con = open_database(tmp_path / "s.db")
    try:
        set_meta(con, dict.fromkeys(("held", "held/", "held/1", "held/~", "held0", "hold/1"), "x"))
        found = [key for key, _ in con.execute(META_UNDER, span("held/"))]
        assert found == ["held/1", "held/~"]
        assert con.execute(ANY_UNDER, span("held/")).fetchone() == (1,)
        assert con.execute(ANY_UNDER, span("other/")).fetchone() is None
    finally:
        con.close()
    with pytest.raises(AssertionError):
        span("held")
