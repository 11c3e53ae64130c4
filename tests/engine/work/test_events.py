"""Events of users, those of the store before those of the batch, up to a position."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.language.event import Event
from studio.language.names import names
from studio.store.sqlite import Store
from tests.engine.work.parts import Parts
from tests.store.build import START, Builder


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    """Three events of ada are written; two more are of this batch."""
    b = Builder(tmp_path / "s.db")
    b.event("paid", "ada", 1, {"n": 1}, id="e1")
    b.event("left", "ada", 2)
    b.event("paid", "ada", 3, {"n": 2}, meta={"sent_at": 7})
    b.event("paid", "bob", 4)
    store = Store(b.done())
    parts = Parts(store)
    ada = parts.users.user("ada")
    for seq, n in ((5, 1), (6, 3)):
        parts.events.add(ada, Event("paid", "ada", START + seq, f'{{"n":{n}}}', None, seq))
    yield parts
    store.abandon()


PAID, ANY = names("paid"), names(["pa*", "left"])


def test_they_are_found_by_name_newest_first_within_two_positions(parts: Parts) -> None:
    ada, events = parts.users.user("ada"), parts.events
    assert events.event_seqs(ada, PAID, 0, 99) == [6, 5, 3, 1]
    assert events.event_seqs(ada, PAID, 1, 5) == [5, 3]
    assert events.event_seqs(ada, PAID, 0, 99, 2) == [6, 5]
    assert events.event_seqs(ada, ANY, 0, 3) == [3, 2, 1]
    assert events.event_seqs(parts.users.user("new"), PAID, 0, 99) == []


def test_those_that_fit_come_oldest_first_as_copies(parts: Parts) -> None:
    ada, events = parts.users.user("ada"), parts.events
    found = events.events(ada, PAID, lambda text: '"n":1' in text, 0, 99)
    assert [(each.seq, each.at_ms - START, each["n"]) for each in found] == [(1, 1, 1), (5, 5, 1)]
    assert events.events(ada, PAID, None, 0, 99)[-1] is not events.event(6)
    assert [each.seq for each in events.events(ada, PAID, None, 0, 99, 1)] == [6]


def test_whether_there_are_older_ones_is_said(parts: Parts) -> None:
    ada = parts.users.user("ada")
    fits = lambda text: '"n":1' in text  # noqa: E731
    assert parts.events.fitting_seqs(ada, PAID, fits, 0, 99) == ([1, 5], False)
    assert parts.events.fitting_seqs(ada, PAID, fits, 0, 99, 2) == ([5], True)


def test_an_event_is_what_its_entry_says(parts: Parts) -> None:
    event = parts.events.event(3)
    assert (event.name, event.user, event["n"], event.sent_at) == ("paid", "ada", 2, 7)
    assert parts.events.event(6) is parts.events.event(6)
    assert parts.events.known_ids(["e1", "e2"]) == {"e1": 1}


def test_many_of_a_batch_are_found_from_where_they_may_begin(parts: Parts) -> None:
    bob = parts.users.user("bob")
    for seq in range(10, 40):
        parts.events.add(bob, Event("paid", "bob", START, None, None, seq))
    assert parts.events.event_seqs(bob, PAID, 36, 38) == [38, 37]
    assert parts.events.event_seqs(bob, PAID, 0, 10) == [10, 4]
