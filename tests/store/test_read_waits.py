"""What the engine asks about open waits, of a store written row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from studio.language.kinds import Kind
from studio.store import read_waits
from studio.store.read_waits import Waiting
from studio.store.sqlite import Store
from tests.store.build import START, Builder

ADA, BOB = 1, 2


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    b = Builder(tmp_path / "s.db")
    ada = b.journey("buy", "ada", b.event("go", "ada"))
    b.wait(ada, "paid", 0, 5_000)  # 3
    b.wait(ada, "", 0, 1_000, kind=Kind.SLEEP_OPENED)  # 4
    b.wait(ada, "charge", 0, kind=Kind.STEP_STARTED, attempt=1)  # 5
    bob = b.journey("buy", "bob", b.event("go", "bob"))
    b.wait(bob, "any", 0, 5_000, events=["pa*"])  # 8
    b.wait(bob, "left")  # 9
    b.wait(bob, "later", 0, 100, kind=Kind.STEP_RETRY)  # 10
    b.con.execute("UPDATE waits SET due = -due WHERE id = 8")
    made = Store(b.done())
    yield made
    made.abandon()


def ids(found: Sequence[Waiting]) -> list[int]:
    return [wait.id for wait, _ in found]


def name(store: Store, text: str) -> int:
    return int(store.rows("SELECT id FROM names WHERE text = ?", text)[0][0])


def test_an_event_may_end_what_waits_for_its_name_or_a_pattern(store: Store) -> None:
    assert ids(read_waits.waits_named(store, [ADA, BOB], name(store, "paid"))) == [3, 8]
    assert ids(read_waits.waits_named(store, [ADA], name(store, "left"))) == []
    assert ids(read_waits.waits_named(store, [BOB], name(store, "left"))) == [8, 9]


def test_a_wait_comes_with_its_opening_and_its_journey(store: Store) -> None:
    found = read_waits.wait_at(store, 3)
    assert found is not None
    wait, journey = found
    assert (wait.kind, wait.due, wait.n, wait.data) == (
        Kind.WAIT_OPENED,
        START + 5_000,
        0,
        '{"timeout":5000}',
    )
    assert (wait.at, wait.newest) == (START, 5)
    assert (journey.id, journey.user) == (1, ADA)
    assert read_waits.wait_at(store, 2) is None


def test_what_is_due_comes_in_order_and_without_what_is_suspended(store: Store) -> None:
    assert ids(read_waits.waits_due(store, START + 9_000, 9)) == [10, 4, 3]
    assert ids(read_waits.waits_due(store, START + 1_000, 9)) == [10, 4]
    assert ids(read_waits.waits_due(store, START + 9_000, 1)) == [10]


def test_steps_that_run_are_those_that_were_started(store: Store) -> None:
    assert ids(read_waits.running_steps(store, 0, 9)) == [5]
    assert read_waits.has_running_steps(store, 4)
    assert not read_waits.has_running_steps(store, 5)


def test_suspended_deadlines_are_negated_and_shown_as_they_are(store: Store) -> None:
    assert read_waits.suspended(store, [name(store, "buy")]) == [(8, -START - 5_000)]
    assert read_waits.suspended(store, [name(store, "paid")]) == []
    assert read_waits.deadlines(store, [8, 9, 4]) == [(8, START + 5_000), (9, None), (4, START + 1_000)]
