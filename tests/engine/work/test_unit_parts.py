"""The parts of the unit of work, asked one by one: users, journeys, passes, waits, events, names, totals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio import Journey, workflow
from studio.store import read_entries
from tests.engine.bench import Bench


@workflow(trigger="go", name="talks")
async def talks(journey: Journey) -> None:
    journey.log("hello")
    await journey.wait_for("more")
    journey.log("and on")
    await journey.wait_for("fail")
    raise ValueError(journey.events("fail")[-1]["why"])


@workflow(trigger="go", name="either")
async def either(journey: Journey) -> None:
    await journey.wait_any(journey.wait_for("pay*"), journey.wait_for("paid"), timeout="1h")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path / "s.db", talks)
    # As an engine does at its start: a workflow has its number before the first event.
    bench.batch.unit.name_id("talks")
    bench.write()
    return bench


# -- users and journeys ------------------------------------------------------------------------


def test_a_user_is_there_once_it_was_made_and_is_not_made_by_asking(bench: Bench) -> None:
    unit = bench.batch.unit
    assert not unit.has_user("ada")
    assert unit.users == {}
    ada = unit.user("ada")
    assert unit.has_user("ada")
    assert unit.user("ada") is ada
    bench.write()
    unit = bench.batch.unit
    assert unit.has_user("ada")
    assert not unit.has_user("bob")
    stored = unit.user_by_id(ada.id)
    assert (stored.name, stored.new, unit.user("ada") is stored) == ("ada", False, True)


def test_a_journey_is_found_by_its_id_in_its_batch_and_after(bench: Bench) -> None:
    bench.event("go")
    for _ in range(2):
        unit = bench.batch.unit
        found = unit.journey_named("talks/ada")
        assert found is not None
        assert (found.user.name, found.key, found.n) == ("ada", "", 1)
        assert unit.journey_by_id(found.id) is found
        for other in ("talks/bob", "talks/ada/key", "talks/ada~2", "walks/ada"):
            assert unit.journey_named(other) is None
        assert unit.journey_by_id(found.id + 1) is None
        assert not unit.has_user("bob")
        bench.write()


def test_open_journeys_are_those_of_the_store_and_of_the_batch_that_have_not_ended(bench: Bench) -> None:
    def open_now() -> list[int]:
        unit = bench.batch.unit
        return [each.id for each in unit.open_journeys(unit.user("ada"), unit.name_id("talks"))]

    assert open_now() == []
    bench.event("go")
    assert open_now() == [1]
    bench.write()
    assert open_now() == [1]
    bench.event("more")
    bench.event("fail", why="no")
    # It may be resumed.
    assert open_now() == [1]


def test_what_was_learned_elsewhere_counts_from_its_entry_on(bench: Bench) -> None:
    bench.event("visit")
    unit = bench.batch.unit
    ada, seq = unit.user("ada"), unit.seq - 1
    unit.put_profile(ada, seq, {"plan": "pro"})
    assert (unit.profile(ada, seq - 1), unit.profile(ada, seq)) == ({}, {"plan": "pro"})
    bench.write()
    unit = bench.batch.unit
    ada = unit.user("ada")
    assert (unit.profile(ada, seq - 1), unit.profile(ada, seq)) == ({}, {"plan": "pro"})


# -- passes ------------------------------------------------------------------------------------


def test_what_a_pass_has_recorded_is_read_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.event("go")
    bench.event("more")
    bench.write()
    read: list[list[int]] = []
    passes = read_entries.passes

    def counted(store: Any, ids: list[int]) -> Any:
        read.append(ids)
        return passes(store, ids)

    monkeypatch.setattr(read_entries, "passes", counted)
    unit = bench.batch.unit
    journey = unit.journey_named("talks/ada")
    assert journey is not None
    unit.load_passes((journey,))
    unit.load_passes((journey,))
    unit.load_passes(())
    assert read == [[journey.id]]


def test_what_was_read_up_to_an_entry_is_not_read_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.event("go")
    bench.write()
    unit = bench.batch.unit
    journey = unit.journey_named("talks/ada")
    assert journey is not None
    opened = unit.load_pass_until(journey, unit.seq)
    assert len(opened.open) == 1
    monkeypatch.setattr(read_entries, "passes", lambda store, ids: pytest.fail("it was read"))
    unit.load_passes((journey,))


def test_what_a_pass_has_said_is_what_was_written_and_what_its_batch_adds(bench: Bench) -> None:
    def said(since: int = 0) -> list[str]:
        unit = bench.batch.unit
        journey = unit.journey_named("talks/ada")
        assert journey is not None
        return unit.said(journey, since)

    bench.event("go")
    assert said() == ["hello"]
    bench.write()
    assert said() == ["hello"]
    bench.event("other", user="bob")
    bench.event("more")
    assert said() == ["hello", "and on"]
    # What is older than the position is not looked at in the batch.
    assert said(bench.batch.unit.seq) == ["hello"]


def test_how_a_journey_failed_last_is_known_in_its_batch_and_after(bench: Bench) -> None:
    def why() -> Any:
        unit = bench.batch.unit
        journey = unit.journey_named("talks/ada")
        assert journey is not None
        return unit.newest_failure(journey)

    bench.event("go")
    bench.event("more")
    assert why() is None
    bench.event("fail", why="cards are out")
    assert "cards are out" in why()
    bench.write()
    assert "cards are out" in why()


# -- waits ---------------------------------------------------------------------------------------


def test_waits_that_an_event_may_end_come_oldest_first_also_those_for_a_pattern(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "w.db", either)
    bench.event("go")
    for _ in range(2):
        unit = bench.batch.unit
        found = unit.waits_for(unit.user("ada"), unit.name_id("paid"))
        assert [wait.id for wait in found] == sorted(wait.id for wait in found)
        assert [wait.key[1] for wait in found] == ["pay*", "paid"]
        bench.write()


def test_a_wait_is_found_by_its_entry_as_long_as_it_is_open(bench: Bench) -> None:
    bench.event("go")
    (wait,) = bench.waits()
    assert bench.batch.unit.wait_at(wait.id) is wait
    bench.write()
    unit = bench.batch.unit
    found = unit.wait_at(wait.id)
    assert found is not None
    assert (found.id, found.key, found.journey.user.name) == (wait.id, wait.key, "ada")
    assert unit.wait_at(wait.id) is found
    # Other entries opened none.
    assert unit.wait_at(wait.id - 1) is None
    assert unit.wait_at(wait.id + 100) is None
    bench.event("more")
    assert unit.wait_at(wait.id) is None


def test_no_more_deadlines_are_read_than_were_asked_for(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "w.db", either)
    for at, user in enumerate(("ada", "bob", "cyd")):
        bench.event("go", at, user)
    bench.write()
    unit = bench.batch.unit
    assert [wait.journey.user.name for wait in unit.due_waits(2**60, 2)] == ["ada", "bob"]
    assert unit.due_waits(0, 10) == []


def test_a_deadline_that_was_moved_and_one_that_stands_by_are_written(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "w.db", either)
    bench.event("go", 0, "ada")
    bench.event("go", 1, "bob")
    first, second = (wait for wait in bench.waits() if wait.due is not None)
    bench.batch.unit.set_due(first, 77)
    # A wait that is not written yet is written as it is then.
    assert bench.batch.unit.changes.due_changes == []
    bench.write()
    unit = bench.batch.unit
    one, two = unit.due_waits(2**60, 10)
    assert (one.id, one.due, two.id) == (first.id, 77, second.id)
    due = two.due
    unit.set_due(one, None)
    unit.suspend_timer(two)
    bench.write()
    assert bench.store.rows("SELECT id, due FROM waits WHERE id IN (?, ?) ORDER BY id", one.id, two.id) == [
        (one.id, None),
        (two.id, -(due or 0)),
    ]
    number = bench.batch.unit.name_id("either")
    assert bench.store.meta(f"missed/{number}") == "1"
