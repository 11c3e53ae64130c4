"""Where entries of users that are carried on elsewhere stand in this store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.store import foreign
from studio.store.foreign import RefusedTurn, Span
from studio.store.sqlite import Store
from tests.store.build import Builder

ADA, BOB = 1, 2


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """ada's own entries 1 to 2 stand here as 1 and 2, her 3 to 4 as 5 and 6; bob's 1 as 3."""
    b = Builder(tmp_path / "s.db")
    b.event("go", "ada", id="e1")  # 1
    journey = b.journey("buy", "ada", 1)  # 2
    b.event("go", "bob", id="e1x")  # 3
    b.event("own", "cyd")  # 4
    b.event("paid", "ada")  # 5
    b.wait(journey, "left")  # 6
    for row in ((ADA, 1, 2, 1, 3, "d1"), (ADA, 3, 4, 5, 5, "d2"), (BOB, 1, 1, 3, 2, None)):
        b.con.execute("INSERT INTO foreign_spans VALUES (?, ?, ?, ?, ?, ?)", row)
    b.con.execute("INSERT INTO foreign_users VALUES (1, 5), (2, 2)")
    b.con.execute("INSERT INTO foreign_journeys VALUES (1, 1, 1)")
    made = Store(b.done())
    yield made
    made.abandon()


def test_a_span_says_where_a_number_stands_here() -> None:
    span = Span(3, 4, 5)
    assert [span.here(number) for number in (2, 3, 4, 5)] == [None, 5, 6, None]


def test_a_number_of_a_users_own_is_found_among_their_spans(store: Store) -> None:
    assert foreign.span_at(store, ADA, 2) == Span(1, 2, 1)
    assert foreign.span_at(store, ADA, 4) == Span(3, 4, 5)
    assert foreign.span_at(store, ADA, 5) is None
    assert foreign.span_at(store, 9, 1) is None


def test_the_next_turn_of_each_user_begins_behind_the_last(store: Store) -> None:
    assert foreign.next_turns(store, [ADA, BOB, 9]) == {ADA: 5, BOB: 2}


def test_a_turn_is_known_by_its_first_number_and_its_digest(store: Store) -> None:
    assert foreign.turn_at(store, ADA, 3) == (5, "d2")
    assert foreign.turn_at(store, ADA, 2) is None
    assert foreign.turn_at(store, BOB, 1) is None, "it was taken without a digest"


def test_journeys_and_senders_ids_are_a_users_own(store: Store) -> None:
    assert foreign.journeys_of(store, [(ADA, 1), (ADA, 2), (BOB, 1)]) == {(ADA, 1): 1}
    assert foreign.ids_taken(store, [("e1", ADA), ("e1", BOB), ("e9", ADA)]) == {("e1", ADA)}


def test_an_entry_here_is_one_of_its_users_own_history(store: Store) -> None:
    assert foreign.own_number(store.path, 6) == ("ada", 4)
    assert foreign.own_number(store.path, 2) == ("ada", 2)
    assert foreign.own_number(store.path, 4) is None


def test_what_could_not_be_taken_is_kept_oldest_first(store: Store) -> None:
    with store.transaction() as con:
        for at in (9, 7):
            row = (f"d{at}", at, "ada", at, "no", b"")
            con.execute("INSERT INTO foreign_refused VALUES (?, ?, ?, ?, ?, ?)", row)
    assert foreign.refused_turns(store) == [RefusedTurn(7, "ada", 7, "no"), RefusedTurn(9, "ada", 9, "no")]
    assert (len(foreign.refused_turns(store, 1)), foreign.count_refused(store)) == (1, 2)


def test_a_history_of_its_own_is_one_without_such_users(store: Store, tmp_path: Path) -> None:
    other = Builder(tmp_path / "other.db")
    other.event("go", "ada")
    mine = Store(other.done())
    for each, own in ((store, False), (mine, True)):
        with each.transaction() as con:
            assert foreign.has_own_history(con) is own
    mine.abandon()
