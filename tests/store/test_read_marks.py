"""What the engine asks about entries that count later, of a store written row by row."""

from __future__ import annotations

from pathlib import Path

from studio.language.kinds import Kind, Status
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


def test_journeys_of_a_user_began_at_their_first_entries_whatever_has_become_of_them(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    ended = b.journey("buy", "ada", b.event("go", "ada"), 10)
    b.end(ended, Kind.COMPLETED, Status.COMPLETED, 20)
    b.journey("sell", "ada", b.event("go", "ada", 30), 30)
    b.journey("buy", "bob", b.event("go", "bob", 40), 40)
    again = b.journey("buy", "ada", b.event("go", "ada", 50), 50, n=2)
    b.wait(again, "paid", 60)
    store = Store(b.done())
    buy = b.name("buy")
    assert read_marks.entered(store, b.user("ada"), buy) == [(ended, 2, START + 10), (again, 9, START + 50)]
    assert [row.at for row in read_marks.entered(store, b.user("bob"), buy)] == [START + 40]
    assert read_marks.entered(store, b.user("bob"), b.name("sell")) == []
    store.abandon()
