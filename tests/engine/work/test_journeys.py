"""Journeys as a batch knows them: one object each, whichever way it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio import Journey, workflow
from studio.language.kinds import Kind, Status
from studio.store.sqlite import Store
from tests.engine.work.parts import Parts
from tests.store.build import Builder


@workflow(trigger="go", name="buy")
async def buy(journey: Journey) -> Any:
    await journey.wait_for("paid")


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    """ada: her first in `buy` is over, the second waits, one for a cart waits; bob's has failed."""
    b = Builder(tmp_path / "s.db")
    first = b.journey("buy", "ada", b.event("go", "ada"))
    b.end(first, Kind.COMPLETED, Status.COMPLETED)
    b.journey("buy", "ada", b.event("go", "ada"), n=2)
    b.journey("cart", "ada", b.event("cart", "ada"), key="c1")
    bob = b.journey("buy", "bob", b.event("go", "bob"))
    b.end(bob, Kind.FAILED, Status.FAILED)
    store = Store(b.done())
    yield Parts(store, buy)
    store.abandon()


def test_whichever_way_it_is_asked_for_it_is_the_same_object(parts: Parts) -> None:
    journeys, ada = parts.journeys, parts.users.user("ada")
    buy_id = parts.names.name_id("buy")
    second = journeys.journey_by_id(2)
    assert second is not None
    assert (second.n, second.workflow, second.user) == (2, buy, ada)
    assert journeys.keyed(ada, buy_id, "") is second
    assert journeys.open_journeys(ada, buy_id) == [second]
    assert journeys.journey_numbered(ada, buy_id, "", 2) is second
    assert journeys.journey_named("buy/ada~2") is second
    assert journeys.journeys_in(buy_id, 0, 10) == journeys.journeys_among(buy_id, 0, 9, 10) == [second]
    assert ada.journeys.count(second) == 1


def test_what_is_not_there_is_none(parts: Parts) -> None:
    journeys, ada = parts.journeys, parts.users.user("ada")
    assert journeys.journey_by_id(99) is None
    assert journeys.keyed(ada, parts.names.name_id("cart"), '"c2"') is None
    for text in ("buy/nobody", "nothing/ada", "buy/ada~9", "buy"):
        assert journeys.journey_named(text) is None


def test_a_key_has_journeys_of_its_own_and_a_workflow_may_be_missing(parts: Parts) -> None:
    found = parts.journeys.keyed(parts.users.user("ada"), parts.names.name_id("cart"), '"c1"')
    assert found is not None
    assert (found.id, found.key, found.workflow) == (3, '"c1"', None)


def test_one_that_begins_is_the_newest_of_its_key_and_counts_once_written(parts: Parts) -> None:
    journeys, cyd = parts.journeys, parts.users.user("cyd")
    buy_id = parts.names.name_id("buy")
    made = journeys.add_journey(cyd, buy, buy_id, "", 1, 20, 19)
    assert (made.id, made.new, made.pass_seq, made.trigger) == (5, True, 20, 19)
    assert journeys.keyed(cyd, buy_id, "") is made
    assert journeys.open_journeys(cyd, buy_id) == [made]
    made.touched = True
    journeys.finish(parts.changes, parts.totals)
    (row,) = parts.changes.journeys
    assert row[:6] == (5, cyd.id, buy_id, "", 1, Status.WAITING)
    journeys.written()
    assert parts.store.next_journey == 6


def test_what_was_touched_is_updated_in_the_order_of_its_pages_and_its_status_counted(parts: Parts) -> None:
    bob, second, first = (parts.journeys.journey_by_id(id) for id in (4, 2, 1))
    assert bob is not None
    assert second is not None
    assert first is not None
    bob.status, bob.touched = Status.WAITING, True
    second.note, second.touched = "half way", True
    parts.journeys.finish(parts.changes, parts.totals)
    assert [(row[0], row[-2], row[-1]) for row in parts.changes.journey_updates] == [
        (Status.WAITING, "half way", 2),
        (Status.WAITING, None, 4),
    ]
    assert sorted(n for _, _, n in parts.totals.rows()) == [-1, -1, 1, 1]
