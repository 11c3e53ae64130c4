"""What counts later of users, written and not, as a batch knows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio import Journey, workflow
from studio.engine.work.marks import Marks
from studio.language.kinds import Kind, Status
from studio.store import read_marks
from studio.store.changes import Row
from studio.store.sqlite import Store
from tests.engine.work.parts import Parts
from tests.store.build import START, Builder


def split(seq: int, at: int, user: int, journey: int | None) -> Row:
    """An entry that a batch has appended."""
    data = '{"arm":"a"}'
    return seq, START + at, Kind.SPLIT, user, journey, 1, 4, 1, None, None, None, None, None, data, None


def counted(monkeypatch: pytest.MonkeyPatch, question: str) -> list[tuple[Any, ...]]:
    """With what the store is asked from now on."""
    reads, read = list[tuple[Any, ...]](), getattr(read_marks, question)

    def asked(*given: Any) -> Any:
        reads.append(given)
        return read(*given)

    monkeypatch.setattr(read_marks, question, asked)
    return reads


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
    parts.changes.history.append(split(9, 30, user.id, ada))
    assert [mark.seq for mark in marks.marks(user, Kind.SPLIT)][-1] == 9
    assert marks.marks(user, Kind.GOAL) == []
    store.abandon()


def test_each_entry_of_the_batch_counts_once_for_its_user_and_after_the_moment(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    b.journey("sell", "eve", b.event("go", "eve"))
    ada = b.journey("buy", "ada", b.event("go", "ada"))
    store = Store(b.done())
    parts = Parts(store)
    marks, history = Marks(store, parts.changes, parts.journeys), parts.changes.history
    user, new = parts.users.user("ada"), parts.users.user("bob")
    # Neither is the journey's number the user's, nor was it read.
    assert (ada, user.id, new.id) == (2, 2, 3)
    history += [split(9, 10, user.id, 1), split(10, 20, new.id, None), split(11, 30, user.id, ada)]
    assert [(mark.seq, mark.workflow) for mark in marks.marks(user, Kind.SPLIT)] == [(9, None), (11, None)]
    parts.journeys.load([1, ada])
    history.append((12, START + 40, Kind.LOG, *split(12, 40, user.id, ada)[3:]))
    history.append(split(13, 50, user.id, ada))
    for _ in range(2):
        found = marks.marks(user, Kind.SPLIT, START + 30)
        assert [(mark.seq, mark.workflow) for mark in found] == [(13, b.name("buy"))]
    assert [mark.seq for mark in marks.marks(user, Kind.SPLIT, START + 29)] == [11, 13]
    assert [mark.seq for mark in marks.marks(new, Kind.SPLIT)] == [10]
    assert marks.marks(user, Kind.LOG) == []
    store.abandon()


def test_where_journeys_began_is_read_once_and_those_of_the_batch_come_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @workflow(trigger="go")
    async def buy(journey: Journey) -> None: ...

    @workflow(trigger="go")
    async def sell(journey: Journey) -> None: ...

    b = Builder(tmp_path / "s.db")
    first = b.journey("buy", "ada", b.event("go", "ada"), 10, status=Status.COMPLETED)
    other = b.journey("sell", "ada", b.event("go", "ada", 20), 20)
    store = Store(b.done())
    parts = Parts(store, buy, sell)
    marks = Marks(store, parts.changes, parts.journeys)
    parts.journeys.load([first, other])
    user, new = parts.users.user("ada"), parts.users.user("bob")
    buys, sells = b.name("buy"), b.name("sell")
    for who, of, number, n in ((user, buy, buys, 2), (user, sell, sells, 2), (new, buy, buys, 1)):
        parts.journeys.add_journey(who, of, number, "", n, 50 + who.id, 40).entered = (50, START + 50)
    reads = counted(monkeypatch, "entered")
    for _ in range(2):
        assert marks.entered(user, buys) == [(first, 2, START + 10), (3, 50, START + 50)]
        assert marks.entered(user, sells) == [(other, 4, START + 20), (4, 50, START + 50)]
        assert marks.entered(new, buys) == [(5, 50, START + 50)]
        assert marks.entered(new, sells) == []
    assert len(reads) == 2
    store.abandon()


def test_marks_are_read_again_for_an_earlier_moment_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    b = Builder(tmp_path / "s.db")
    b.event("go", "ada")
    store = Store(b.done())
    parts = Parts(store)
    marks, user = Marks(store, parts.changes, parts.journeys), parts.users.user("ada")
    reads = counted(monkeypatch, "marks")
    for since in (50, 50, 60, 40, 45, -1, 5):
        assert marks.marks(user, Kind.SPLIT, since) == []
    assert [given[-1] for given in reads] == [50, 40, -1]
    store.abandon()
