"""What the engine asks about entries that count later, of a store written row by row."""

from __future__ import annotations

from pathlib import Path

from studio.language.kinds import Kind
from studio.store import read_marks
from studio.store.sqlite import Store
from tests.store.build import START, Builder


def test_they_are_found_by_user_and_kind_after_a_moment(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    ada = b.journey("buy", "ada", b.event("go", "ada"))
    b.entry(Kind.SPLIT, 10, journey=ada, name="price", n=0, data={"arm": "a"}, late=5)
    b.entry(Kind.GOAL, 20, journey=ada, name="paid")
    bob = b.journey("sell", "bob", b.event("go", "bob"))
    b.entry(Kind.SPLIT, 30, journey=bob, name="price", n=0)
    store = Store(b.done())
    (found,) = read_marks.marks(store, 1, Kind.SPLIT, -1)
    assert (found.seq, found.at, found.journey, found.data) == (3, START + 15, ada, '{"arm":"a"}')
    assert found.workflow == store.rows("SELECT id FROM names WHERE text = ?", "buy")[0][0]
    assert read_marks.marks(store, 1, Kind.SPLIT, START + 14) == [found]
    assert read_marks.marks(store, 1, Kind.SPLIT, START + 15) == []
    assert [row.seq for row in read_marks.marks(store, 1, Kind.GOAL, -1)] == [4]
    store.abandon()
