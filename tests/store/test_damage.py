"""What is damaged beside the history ends no reader with a traceback."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from studio.errors import StoreError
from studio.store.damage import read_fields, read_number
from studio.store.engine_metrics import read_metrics
from studio.store.sqlite import Store
from studio.store.transfer import export
from studio.store.views import Views
from tests.store.build import small


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = small(tmp_path / "studio.db")
    con = sqlite3.connect(path)
    with con:
        con.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)",
            [(key, '{"x') for key in ("clock", "hold", "engine", "last_at", "next_seq")],
        )
        con.execute("UPDATE history SET meta = '{\"prof' WHERE seq = (SELECT min(seq) FROM history)")
    con.close()
    return path


@pytest.mark.parametrize("text", ['{"x', "[1]", "7", "\ufffd"])
def test_what_is_no_object_is_told_with_what_it_is_about(text: str) -> None:
    with pytest.raises(StoreError, match="what the store holds about its clock cannot be read"):
        read_fields(text, "its clock")


def test_what_is_not_there_is_empty() -> None:
    assert read_fields(None, "its clock") == read_fields("", "its clock") == {}
    assert read_fields('{"paused": true}', "its clock") == {"paused": True}
    assert (read_number(None, "its clock"), read_number("12", "its clock")) == (0, 12)


def test_a_number_that_cannot_be_read_is_told() -> None:
    with pytest.raises(StoreError, match="its entries"):
        read_number("1x", "its entries")


def test_a_damaged_heartbeat_is_none() -> None:
    assert read_metrics('[1, 2.0, "') is None
    assert read_metrics("[1]") is None


def test_readers_say_what_is_damaged(store: Path) -> None:
    with Views(store) as views:
        for read in (views.clock, views.hold, lambda: views.given_with([1])):
            with pytest.raises(StoreError, match="cannot be read"):
                read()
    with pytest.raises(StoreError, match="its clock"):
        next(export(store))


def test_an_engine_does_not_begin_on_what_it_cannot_read(store: Path) -> None:
    with pytest.raises(StoreError, match="its entries"):
        Store(store)
