"""Keeping refused events aside and sending them again: both, or nothing. Reading them: `test_refused.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio import incoming
from studio.errors import StoreError
from studio.store import refusing
from studio.store.refused import Refusal
from studio.store.refusing import drop_refused, keep_refused, send_again
from studio.store.views import Views
from tests.store.build import small


def refusal(text: str = "{odd") -> Refusal:
    return Refusal(text, "it is no JSON")


def aside(path: Path) -> tuple[int, int]:
    """How many events are kept aside, and how many wait in the inbox."""
    with Views(path) as views:
        return views.left_aside().kept, views.left_waiting().events


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return small(tmp_path / "a.db")


def test_what_is_kept_has_a_number_and_keeps_it(path: Path) -> None:
    first, second = keep_refused(path, [refusal("a"), refusal("b")])
    assert first != second
    assert keep_refused(path, [refusal("a")]) == [first]
    assert aside(path) == (2, 0)


def test_what_is_sent_again_is_in_the_inbox_and_no_longer_aside(path: Path) -> None:
    (number,) = keep_refused(path, [refusal()])
    send_again(path, number, [incoming("paid", "ada", {}), incoming("left", "ada", {})])
    assert aside(path) == (0, 2)
    with pytest.raises(StoreError):
        send_again(path, number, [incoming("paid", "ada", {})])
    assert aside(path) == (0, 2)


def test_a_fault_in_the_midst_leaves_it_aside(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (number,) = keep_refused(path, [refusal()])
    monkeypatch.setattr(refusing, "ADD", "INSERT INTO nowhere VALUES (?, ?, ?)")
    with pytest.raises(StoreError):
        send_again(path, number, [incoming("paid", "ada", {})])
    assert aside(path) == (1, 0)


def test_one_or_all_are_forgotten(path: Path) -> None:
    first, *_ = keep_refused(path, [refusal(text) for text in "abc"])
    assert drop_refused(path, first) == 1
    with pytest.raises(StoreError):
        drop_refused(path, first)
    assert drop_refused(path, None) == 2
    assert aside(path) == (0, 0)


def test_the_lock_is_waited_for_as_long_as_was_said_and_held_meanwhile(path: Path) -> None:
    (number,) = keep_refused(path, [refusal()])
    with refusing._writing(path, 2.0) as con:
        assert con.execute("PRAGMA busy_timeout").fetchone() == (2_000,)
        assert con.in_transaction
        with pytest.raises(StoreError, match="holds the store's write lock"):
            drop_refused(path, number, timeout=0.01)
    assert aside(path) == (1, 0)
