"""What the engine asks about the events of users, of a store written row by row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.store import read_events
from studio.store.sqlite import Store
from tests.store.build import START, Builder

ADA, BOB = 1, 2
PAID, LEFT = 1, 2
"""The numbers of the users and names, in the order in which they came."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    b = Builder(tmp_path / "s.db")
    b.event("paid", "ada", 1, {"n": 1})
    b.event("left", "bob", 2, {"n": 2}, id="evt-2")
    b.event("paid", "ada", 3, {"n": 3}, id="evt-3", meta={"sent_at": 9})
    b.event("left", "ada", 4)
    b.event("paid", "ada", 5, {"n": 5})
    made = Store(b.done())
    yield made
    made.abandon()


def test_events_of_a_user_and_name_come_newest_first_within_their_bounds(store: Store) -> None:
    assert read_events.event_seqs(store, ADA, PAID, 0, 99, 9) == [5, 3, 1]
    assert read_events.event_seqs(store, ADA, PAID, 1, 4, 9) == [3]
    assert read_events.event_seqs(store, ADA, PAID, 0, 99, 2) == [5, 3]
    assert read_events.event_seqs(store, BOB, PAID, 0, 99, 9) == []


def test_what_they_carry_comes_with_them(store: Store) -> None:
    assert read_events.events(store, ADA, PAID, 1, 99, 9) == [
        (5, START + 5, '{"n":5}', None, None),
        (3, START + 3, '{"n":3}', "evt-3", '{"sent_at": 9}'),
    ]
    assert read_events.event_texts(store, ADA, PAID, 0, 3, 9) == [(3, '{"n":3}'), (1, '{"n":1}')]


def test_one_event_is_read_with_its_name_and_user(store: Store) -> None:
    assert read_events.event_at(store, 2) == (2, START + 2, '{"n":2}', "evt-2", None, LEFT, BOB)


def test_ids_that_were_taken_are_told_from_those_that_are_free(store: Store) -> None:
    assert read_events.event_ids(store, ["evt-3", "free", "evt-2"]) == {"evt-2": 2, "evt-3": 3}


def test_each_name_of_a_users_events_is_there_once(store: Store) -> None:
    assert read_events.event_names(store, ADA) == [PAID, LEFT]
    assert read_events.event_names(store, BOB) == [LEFT]
    assert read_events.event_names(store, 99) == []
