"""A sink is opened by what names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.errors import StoreError
from studio.sink.opening import open_sink
from studio.sink.sink import Sink
from studio.store.status import status


def test_a_file_is_a_store_of_ours(tmp_path: Path) -> None:
    sink = open_sink(tmp_path / "a.db", "normal", "Temporal")
    assert isinstance(sink, Sink)
    sink.close()
    assert status(tmp_path / "a.db").capabilities.driver == "Temporal"


def test_a_url_is_a_database() -> None:
    pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
    with pytest.raises(StoreError, match="PostgreSQL: "):
        open_sink("postgresql:///x?host=/nowhere")
