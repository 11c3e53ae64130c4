"""What counts later of users, written and not, as a batch knows it."""

from __future__ import annotations

from pathlib import Path

from studio.engine.work.marks import Marks
from studio.language.kinds import Kind
from studio.store.sqlite import Store
from tests.engine.work.parts import Parts
from tests.store.build import START, Builder


def test_what_is_written_and_what_the_batch_adds_come_in_order(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    ada = b.journey("buy", "ada", b.event("go", "ada"))
    b.entry(Kind.SPLIT, 10, journey=ada, name="price", n=0, data={"arm": "a"})
    b.entry(Kind.SPLIT, 20, journey=ada, name="time", n=0, data={"arm": "b"})
    store = Store(b.done())
    parts = Parts(store)
    marks = Marks(store, parts.changes, parts.journeys)
    user = parts.users.user("ada")
    # The narrower question is asked first: what it has read is not all.
    assert [mark.at for mark in marks.marks(user, Kind.SPLIT, START + 10)] == [START + 20]
    assert [mark.at for mark in marks.marks(user, Kind.SPLIT)] == [START + 10, START + 20]
    row = (
        9,
        START + 30,
        Kind.SPLIT,
        user.id,
        ada,
        1,
        4,
        1,
        None,
        None,
        None,
        None,
        None,
        '{"arm":"a"}',
        None,
    )
    parts.changes.history.append(row)
    assert [mark.seq for mark in marks.marks(user, Kind.SPLIT)][-1] == 9
    assert marks.marks(user, Kind.GOAL) == []
    store.abandon()
