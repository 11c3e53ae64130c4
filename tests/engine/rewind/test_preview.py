"""What would go is counted before anything is done, and the acts that can be undone are kept as text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from studio.engine.rewind import preview
from studio.engine.rewind.preview import (
    ACTS,
    OwnAct,
    UndoPreview,
    acts_text,
    newest_act,
    preview_rewind,
    preview_undo,
    read_acts,
)
from studio.errors import NotOffered, StoreError, StudioError
from studio.store.capabilities import set_writer
from studio.store.cut import Behind
from tests.store.build import Builder


def act(seq: int, user: str = "ada", **more: Any) -> OwnAct:
    return OwnAct(seq, "hello", user, {}, **more)


@pytest.fixture
def built(tmp_path: Path) -> Builder:
    """One event for ada (1), then one for bob (2) and his journey (3)."""
    b = Builder(tmp_path / "s.db")
    b.event("hello", "ada", 1)
    b.journey("buy", "bob", b.event("go", "bob", 2), 2)
    return b


def test_what_stands_behind_an_entry_would_go(built: Builder) -> None:
    path = built.done()
    found = preview_rewind(path, 1)
    assert (found.seq, found.snapshot) == (1, 1)
    assert (found.behind.entries, found.behind.users, found.behind.journeys) == (2, 1, 1)
    assert preview_rewind(path, 3).behind.entries == 0
    with pytest.raises(StoreError):
        preview_rewind(path, 99)


def test_the_newest_act_would_go_with_all_behind_it(built: Builder) -> None:
    built.con.execute("INSERT INTO meta VALUES (?, ?)", (ACTS, acts_text([act(1), act(2, "bob")])))
    found = preview_undo(built.done())
    assert (found.act, found.behind.entries, found.touches_others) == (act(2, "bob"), 2, False)


def test_without_an_act_there_is_nothing_to_undo(built: Builder) -> None:
    with pytest.raises(StudioError, match="there is nothing to undo"):
        preview_undo(built.done())
    with pytest.raises(StudioError, match="there is nothing to undo"):
        newest_act([])


def test_a_store_of_another_driver_is_refused_by_name(built: Builder) -> None:
    set_writer(built.con, "elsewhere")
    path = built.done()
    with pytest.raises(NotOffered, match="cannot be rewound"):
        preview_rewind(path, 1)
    with pytest.raises(NotOffered, match="nothing can be undone"):
        preview_undo(path)


@pytest.mark.parametrize(
    ("users", "others", "made", "asks"),
    [(1, 1, act(1), False), (2, 1, act(1), True), (1, 2, act(1), True), (1, 0, act(1, snapshot=3), True)],
)
def test_more_than_the_act_is_asked_about(users: int, others: int, made: OwnAct, asks: bool) -> None:
    assert UndoPreview(made, Behind(0, 0, 5, users, 1, (), others)).touches_others is asks


def test_the_newest_acts_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "MOST_ACTS", 2)
    text = acts_text([act(1), act(2, passed_ms=7), act(3)])
    assert read_acts(text) == [act(2, passed_ms=7), act(3)]
    assert json.loads(text)[0]["passed_ms"] == 7
    assert read_acts(None) == []
