"""The sign beside a store whose engine is paused."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from studio.clocks.clock import wall_ms
from studio.store import paused
from studio.store.paused import UNSAID, Paused, paused_path, put_sign, read_sign, take_sign


def test_a_sign_says_why_and_since_when_until_it_is_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    assert read_sign(path) is None
    before = wall_ms()
    put_sign(path, "the disk is full")
    found = read_sign(path)
    assert found is not None
    assert found.why == "the disk is full"
    assert found.since is not None
    assert before <= found.since <= wall_ms()
    assert stat.S_IMODE(paused_path(path).stat().st_mode) == 0o600
    put_sign(path, "another reason")
    assert read_sign(path) == Paused("another reason", read_sign(path).since)  # type: ignore[union-attr]
    take_sign(path)
    take_sign(path)
    assert read_sign(path) is None


@pytest.mark.parametrize("text", ["", "no json", "7", '{"why": "x"}', '{"why": "x", "since": null}'])
def test_a_sign_that_could_not_be_written_says_enough_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    path = tmp_path / "s.db"
    paused_path(path).write_text(text)
    assert read_sign(path) == Paused(UNSAID, None)
    monkeypatch.setattr(paused, "why_full", lambda store: "the disk is full")
    assert read_sign(path) == Paused("the disk is full", None)


def test_where_no_sign_can_be_put_nothing_is_said(tmp_path: Path) -> None:
    put_sign(tmp_path / "none" / "s.db", "why")
    paused_path(tmp_path / "s.db").mkdir()
    take_sign(tmp_path / "s.db")
    assert read_sign(tmp_path / "s.db") == Paused(UNSAID, None)


def test_a_link_to_a_store_has_the_sign_of_the_store(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "s.db")
    put_sign(tmp_path / "link.db", "why")
    assert read_sign(tmp_path / "s.db") is not None
