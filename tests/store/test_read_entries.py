"""What the engine asks about the entries of journeys, of a store written row by row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.language.kinds import Kind
from studio.store import read_entries
from studio.store.sqlite import Store
from tests.store.build import HOSTILE, START, Builder, small

WELCOME, FAILED_CART = 1, 2
"""Journeys of `small`."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(small(tmp_path / "s.db"))
    yield made
    made.abandon()


def test_a_pass_is_what_it_recorded_without_what_it_said(store: Store) -> None:
    rows = read_entries.passes(store, [WELCOME])
    assert [row.seq for row in rows] == [2, 3, 8, 9]
    assert [row.wait for row in rows] == [None, None, None, 9]
    assert rows[-1].due == START + 62_000
    assert read_entries.passes(store, []) == []


def test_a_pass_up_to_an_entry_leaves_out_what_came_after_it(store: Store) -> None:
    rows = read_entries.pass_until(store, WELCOME, 2, 8)
    assert [(row.seq, row.kind) for row in rows] == [
        (2, Kind.STARTED),
        (3, Kind.WAIT_OPENED),
        (8, Kind.WAIT_MATCHED),
    ]
    assert (
        read_entries.pass_until(store, WELCOME, 3, 3)[0].data
        == '{"match":{"plan":"pro"},"timeout":604800000}'
    )


def test_the_pass_of_an_entry_is_the_newest_that_began_before_it(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    first = b.journey("buy", "ada", b.event("go", "ada"))
    b.log(first, "once")
    again = b.event("go", "ada", 5)
    begun = b.entry(Kind.PASS, 5, journey=first, cause=again, data={"n": 2})
    b.con.execute("UPDATE history SET pass = 2 WHERE seq = ?", (begun,))
    b.log(first, "twice", 6)
    store = Store(b.done())
    assert read_entries.pass_at(store, first, 3) == (2, 1, 1, None)
    assert read_entries.pass_at(store, first, 6) == (begun, 2, again, '{"n":2}')
    store.abandon()


def test_what_a_journey_said_is_read_in_order_and_counted_by_line(store: Store) -> None:
    assert read_entries.said(store, WELCOME, 2) == [HOSTILE, "careful", "second day"]
    assert read_entries.said(store, WELCOME, 6) == ["second day"]

    def count(begun: int, until: int, kind: int, line: str = "welcome.py:9") -> int:
        return read_entries.count_said(store, WELCOME, begun, until, kind, line)

    assert count(2, 9, Kind.LOG) == 1
    assert count(2, 9, Kind.LOG_WARNING) == 1
    assert count(2, 4, Kind.LOG_WARNING) == 0
    assert count(2, 9, Kind.LOG, "welcome.py:7") == 0


def test_a_failure_is_read_of_those_that_failed(store: Store) -> None:
    failure = read_entries.newest_failure(store, FAILED_CART)
    assert failure is not None
    assert '"KeyError"' in failure
    assert read_entries.newest_failure(store, WELCOME) is None


def test_the_results_of_a_step_are_those_of_its_name_in_all_passes(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    first = b.journey("buy", "ada", b.event("go", "ada"))
    b.entry(Kind.STEP_DONE, 1, journey=first, name="pay", n=0, data={"result": 1})
    b.entry(Kind.STEP_DONE, 2, journey=first, name="mail", n=0, data={"result": 2})
    b.entry(Kind.STEP_FAILED, 3, journey=first, name="pay", n=1, late=7)
    store = Store(b.done())
    (pay,) = store.rows("SELECT id FROM names WHERE text = 'pay'")[0]
    assert read_entries.once_results(store, first, pay) == [
        (3, START + 1, Kind.STEP_DONE, None, '{"result":1}', 0),
        (5, START + 3, Kind.STEP_FAILED, 7, None, 1),
    ]
    store.abandon()


def test_what_waits_were_opened_with(store: Store) -> None:
    assert [
        (row.journey, row.n, row.data) for row in read_entries.openings(store, [WELCOME, FAILED_CART])
    ] == [
        (WELCOME, 0, '{"match":{"plan":"pro"},"timeout":604800000}'),
        (WELCOME, 0, '{"events":["paid","left"],"timeout":60000}'),
    ]


def test_one_entry_is_there_for_its_own_journey_and_user_alone(store: Store) -> None:
    found = read_entries.entry_of_journey(store, 5, WELCOME)
    assert found is not None
    assert (found.seq, found.user, found.message) == (5, "ada", "careful")
    assert read_entries.entry_of_journey(store, 5, FAILED_CART) is None
    assert [read_entries.is_of_user(store, seq, "ada") for seq in (1, 10, 13, 99)] == [
        True,
        False,
        True,
        False,
    ]


def test_the_newest_entry_and_the_moment_of_one(store: Store) -> None:
    assert read_entries.newest_entry(store, WELCOME) == 9
    assert read_entries.newest_entry(store, 99) is None
    assert read_entries.moment_of_entry(store, 7) == START + 2_000
    assert read_entries.moment_of_entry(store, 99) is None
