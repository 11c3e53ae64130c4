"""Open waits as a batch knows them: what an event may end, what is due, what is written of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.kernel.state import WaitState
from studio.language.kinds import Kind
from studio.store.sqlite import Store
from tests.engine.work.parts import Parts
from tests.store.build import START, Builder


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    b = Builder(tmp_path / "s.db")
    ada = b.journey("buy", "ada", b.event("go", "ada"))
    b.wait(ada, "paid", 0, 5_000)  # 3
    b.wait(ada, "", 0, 1_000, kind=Kind.SLEEP_OPENED)  # 4
    b.wait(ada, "charge", 0, kind=Kind.STEP_STARTED, attempt=1)  # 5
    bob = b.journey("buy", "bob", b.event("go", "bob"))
    b.wait(bob, "any", 0, 3_000, events=["pa*"])  # 8
    store = Store(b.done())
    yield Parts(store)
    store.abandon()


def ids(found: list[WaitState]) -> list[int]:
    return [wait.id for wait in found]


def test_a_wait_is_one_object_whichever_way_it_is_asked_for(parts: Parts) -> None:
    waits, ada = parts.waits, parts.users.user("ada")
    wait = waits.wait_at(3)
    assert wait is not None
    assert (wait.kind, wait.due, wait.key) == (Kind.WAIT_OPENED, START + 5_000, ("wait", "paid", 0))
    assert waits.waits_for(ada, parts.names.name_id("paid")) == [wait]
    assert [each for each in waits.due_waits(START + 9_000, 10) if each.id == 3] == [wait]
    assert waits.wait_at(99) is None


def test_what_is_due_comes_in_the_order_of_its_deadlines(parts: Parts) -> None:
    assert ids(parts.waits.due_waits(START + 9_000, 10)) == [4, 8, 3]
    assert ids(parts.waits.due_waits(START + 4_000, 10)) == [4, 8]
    assert ids(parts.waits.due_waits(START + 9_000, 1)) == [4]
    assert ids(parts.waits.running_steps(0, 10)) == [5]
    assert ids(parts.waits.running_steps(5, 10)) == []


def test_an_event_may_end_what_waits_for_its_name_or_for_a_pattern_also_of_this_batch(parts: Parts) -> None:
    waits, bob = parts.waits, parts.users.user("bob")
    paid, left = parts.names.name_id("paid"), parts.names.name_id("left")
    journey = parts.journeys.journey_by_id(2)
    assert journey is not None
    for seq, name in ((30, paid), (31, 0), (32, left)):
        waits.open_wait(
            journey, seq, Kind.WAIT_OPENED, name, None, ("wait", "x", seq), None, None, name, None
        )
    assert ids(waits.waits_for(bob, paid)) == [8, 30, 31]
    ended = waits.wait_at(30)
    assert ended is not None
    waits.end_wait(ended)
    assert (ids(waits.waits_for(bob, paid)), waits.wait_at(30)) == ([8, 31], None)


def test_what_opens_and_ends_in_one_batch_is_never_written(parts: Parts) -> None:
    waits = parts.waits
    journey = parts.journeys.journey_by_id(2)
    assert journey is not None
    brief = waits.open_wait(journey, 30, Kind.SLEEP_OPENED, None, 7, ("sleep", "", 0), None, None, None, None)
    kept = waits.open_wait(journey, 31, Kind.SLEEP_OPENED, None, 8, ("sleep", "", 1), None, None, None, None)
    stored = waits.wait_at(8)
    assert stored is not None
    waits.end_wait(brief)
    waits.end_wait(stored)
    waits.finish()
    assert parts.changes.waits == [(31, 2, 2, Kind.SLEEP_OPENED, None, 8)]
    assert (parts.changes.ended_waits, waits.ended, waits.opened) == ([(8,)], [stored], [kept])
    assert list(journey.opened.values()) == [kept]


def test_a_deadline_that_stands_by_is_kept_negated_and_its_workflow_noted(parts: Parts) -> None:
    wait = parts.waits.wait_at(3)
    assert wait is not None
    parts.waits.suspend_timer(wait)
    workflow = wait.journey.workflow_id
    assert (wait.due, parts.changes.due_changes) == (None, [(-(START + 5_000), 3)])
    assert parts.changes.meta == [(f"missed/{workflow}", "1")]
    parts.waits.set_due(wait, 77)
    assert (wait.due, parts.changes.due_changes[-1]) == (77, (77, 3))
