"""What the engine asks about journeys, of a store written row by row."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from studio.language.kinds import Kind, Status
from studio.store import read_journeys
from studio.store.read_journeys import StoredJourney
from studio.store.sqlite import Store
from tests.store.build import Builder

ADA, BOB = 1, 2


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """ada: two in `buy`, the first over, and three for two carts; bob: one that has failed."""
    b = Builder(tmp_path / "s.db")
    go = b.event("go", "ada")
    first = b.journey("buy", "ada", go)
    b.end(first, Kind.COMPLETED, Status.COMPLETED)
    b.journey("buy", "ada", b.event("go", "ada"), n=2)
    for cart in ("c1", "c2", "c2"):
        b.journey("cart", "ada", b.event("cart", "ada"), key=cart, n=1 + (b.seq > 9))
    bob = b.journey("buy", "bob", b.event("go", "bob"))
    b.end(bob, Kind.FAILED, Status.FAILED)
    made = Store(b.done())
    yield made
    made.abandon()


def name(store: Store, text: str) -> int:
    return int(store.rows("SELECT id FROM names WHERE text = ?", text)[0][0])


def ids(rows: Sequence[StoredJourney]) -> list[int]:
    return [row.id for row in rows]


def test_the_newest_of_each_user_stands_for_a_workflow_without_key(store: Store) -> None:
    found = read_journeys.newest_of(store, [ADA, BOB, 9], name(store, "buy"))
    assert [(row.id, row.user, row.n, row.status) for row in found] == [
        (2, ADA, 2, Status.WAITING),
        (6, BOB, 1, Status.FAILED),
    ]
    assert read_journeys.newest_of(store, [ADA], name(store, "cart")) == []


def test_the_newest_of_each_key(store: Store) -> None:
    cart = name(store, "cart")
    keys = [(ADA, cart, json.dumps(key)) for key in ("c1", "c2", "c3")]
    assert ids(read_journeys.newest_keyed(store, keys)) == [3, 5]
    assert read_journeys.newest_keyed(store, []) == []


def test_those_that_have_not_ended(store: Store) -> None:
    assert ids(read_journeys.open_of(store, ADA, name(store, "buy"))) == [2]
    assert ids(read_journeys.open_of(store, BOB, name(store, "buy"))) == [6]
    assert ids(read_journeys.open_of(store, ADA, name(store, "cart"))) == [3, 4, 5]


def test_one_is_found_by_all_parts_of_its_id_and_by_its_number(store: Store) -> None:
    second = read_journeys.numbered(store, ADA, name(store, "cart"), '"c2"', 2)
    assert second is not None
    assert second.id == 5
    assert read_journeys.by_id(store, 5) == second
    assert read_journeys.numbered(store, ADA, name(store, "cart"), '"c2"', 3) is None
    assert read_journeys.by_id(store, 99) is None
    assert ids(read_journeys.by_ids(store, [5, 99, 2])) == [5, 2]
    assert read_journeys.by_ids(store, []) == []


def test_those_that_wait_come_a_page_at_a_time(store: Store) -> None:
    cart = name(store, "cart")
    assert ids(read_journeys.waiting(store, cart, 0, 2)) == [3, 4]
    assert ids(read_journeys.waiting(store, cart, 4, 2)) == [5]
    assert ids(read_journeys.waiting_among(store, cart, 3, 4, 9)) == [4]
    assert ids(read_journeys.waiting_among(store, cart, 0, 9, 1)) == [3]
    assert ids(read_journeys.waiting(store, name(store, "buy"), 0, 9)) == [2]


def test_how_many_wait_and_the_last_number(store: Store, tmp_path: Path) -> None:
    assert read_journeys.count_waiting(store, name(store, "cart")) == 3
    assert read_journeys.count_waiting(store, name(store, "buy")) == 1
    assert read_journeys.count_waiting(store, 99) == 0
    assert read_journeys.last_journey(store) == 6
    empty = Store(tmp_path / "empty.db")
    assert read_journeys.last_journey(empty) == 0
    empty.abandon()
