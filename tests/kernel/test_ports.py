"""The two units of work give the same answers: one over SQLite, one in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio import Journey, workflow
from studio.engine.work.unit_of_work import StoreUnit
from studio.kernel.memory import MemoryUnit
from studio.kernel.ports import UnitOfWork
from studio.kernel.state import JourneyState, fitting
from studio.language.event import Event
from studio.language.kinds import Kind, Status
from studio.language.names import names
from studio.store.sqlite import Store
from studio.text import json_text

AT = 1_767_225_600_000


@workflow(trigger="go", name="errand")
async def errand(journey: Journey) -> None:
    """Only looked up here."""


Make = Callable[[], UnitOfWork]


def written(tmp_path: Path) -> Make:
    """Over a store in which all is written: each question is answered by SQLite."""
    path = tmp_path / "a.db"

    def make() -> UnitOfWork:
        unit = StoreUnit(store := Store(path, "normal"), {"errand": errand}, {})
        fill(unit)
        unit.commit()
        return StoreUnit(store, {"errand": errand}, {})

    return make


def unwritten(tmp_path: Path) -> Make:
    """Over a store, in the midst of the batch that makes it all."""

    def make() -> UnitOfWork:
        unit = StoreUnit(Store(tmp_path / "a.db", "normal"), {"errand": errand}, {})
        fill(unit)
        return unit

    return make


def in_memory(tmp_path: Path) -> Make:
    def make() -> UnitOfWork:
        unit = MemoryUnit({"errand": errand})
        fill(unit)
        return unit

    return make


@pytest.fixture(params=[written, unwritten, in_memory])
def work(request: pytest.FixtureRequest, tmp_path: Path) -> UnitOfWork:
    unit: UnitOfWork = request.param(tmp_path)()
    return unit


def send(work: UnitOfWork, user: str, name: str, data: dict[str, Any], id: str | None = None) -> int:
    whose, text = work.user(user), json_text.dumps(data)
    seq = work.append(AT, Kind.EVENT, whose.id, None, work.name_id(name), data=text, id=id)
    event = Event(name, user, AT, text, id, seq)
    work.add_event(whose, event)
    work.learn(event, None)
    return seq


def begin(work: UnitOfWork, user: str, key: str, n: int, trigger: int) -> JourneyState:
    whose, number = work.user(user), work.name_id("errand")
    journey = work.add_journey(whose, errand, number, key, n, work.seq, trigger)
    work.append(AT, Kind.STARTED, whose.id, journey, number, cause=trigger)
    journey.start = (AT, trigger, 0)
    journey.entered = (journey.pass_seq, AT)
    return journey


def fill(work: UnitOfWork) -> None:
    """What the questions are about. Entries are numbered from 1."""
    send(work, "ada", "go", {"n": 1, "email": "ada@x.y"}, "first")
    send(work, "ada", "go", {"n": 2, "email": "other@x.y"})
    send(work, "ada", "identify", {"plan": "pro"})
    send(work, "bob", "go", {"n": 1})
    old = begin(work, "ada", "", 1, 1)
    label = work.name_id("pay")
    step = ("step", "pay", 0)
    start = work.append(AT, Kind.STEP_STARTED, old.user.id, old, label, 0, data='{"once":true}')
    opened = work.open_wait(old, start, Kind.STEP_STARTED, None, None, step, None, None, label, None)
    work.end_wait(opened)
    work.append(AT, Kind.STEP_DONE, old.user.id, old, label, 0, data='{"result":7,"once":true}')
    work.append(AT, Kind.LOG, old.user.id, old, data="hello")
    work.append(AT, Kind.FAILED, old.user.id, old, old.workflow_id, data='{"type":"E"}')
    old.status, old.touched = Status.FAILED, True
    new = begin(work, "ada", "", 2, 2)
    for n, name in enumerate(("paid", "left")):
        label = work.name_id(name)
        seq = work.append(AT, Kind.WAIT_OPENED, new.user.id, new, label, 0, cause=2)
        key = ("wait", name, 0)
        work.open_wait(new, seq, Kind.WAIT_OPENED, label, AT + n, key, None, 2, label, None)
    begin(work, "bob", '"k"', 1, 4)
    for at, journey, kind, name in (
        *((5, old, Kind.SPLIT, "price"), (7, new, Kind.SPLIT, "price")),
        *((9, new, Kind.GOAL, "paid"), (9, None, Kind.SPLIT, "cut off")),
    ):
        number = work.name_id(name)
        work.append(AT + at, kind, work.user("ada").id, journey, number, 0, data=f'{{"at":{at}}}', late=1)


def ids(found: list[JourneyState]) -> list[tuple[str, str, int]]:
    return [(journey.user.name, journey.key, journey.n) for journey in found]


def test_events_of_a_user_and_name_up_to_a_bound(work: UnitOfWork) -> None:
    ada, go = work.user("ada"), names("go")
    assert work.event_seqs(ada, go, 0, 100) == [2, 1]
    assert work.event_seqs(ada, go, 1, 100) == [2]
    assert work.event_seqs(ada, go, 0, 1) == [1]
    assert work.event_seqs(ada, go, 0, 100, 1) == [2]
    # DESIGN rule 13: `identify` meets its own name alone.
    assert work.event_seqs(ada, names("*"), 0, 100) == [2, 1]
    assert work.event_seqs(ada, names(["go", "identify"]), 1, 3) == [3, 2]
    assert work.event_seqs(work.user("nobody"), go, 0, 100) == []
    found = work.events(ada, go, fitting({"n": 2}, None), 0, 100)
    assert [(event.seq, event["n"], event.user) for event in found] == [(2, 2, "ada")]
    assert (work.event(1)["n"], work.event(1).id) == (1, "first")
    assert work.fitting_seqs(ada, go, fitting({"n": 1}, None), 0, 100) == ([1], False)
    assert work.fitting_seqs(ada, go, fitting({"n": 1}, None), 0, 100, 1) == ([], True)


def test_the_profile_at_a_bound(work: UnitOfWork) -> None:
    ada = work.user("ada")
    # In this order, since what was asked for is remembered.
    assert work.profile(ada, 0) == {}
    assert work.profile(ada, 1) == work.profile(ada, 2) == {"email": "ada@x.y"}
    assert work.profile(ada, 3) == {"email": "ada@x.y", "plan": "pro"}
    assert work.profile(work.user("bob"), 100) == {}


def test_ids_that_were_taken(tmp_path: Path) -> None:
    # In the midst of a batch `TakenIds` knows them.
    for make in (written(tmp_path), in_memory(tmp_path)):
        assert dict(make().known_ids(["first", "other"])) == {"first": 1}


def test_journeys_by_user_workflow_and_key(work: UnitOfWork) -> None:
    ada, bob, number = work.user("ada"), work.user("bob"), work.name_id("errand")
    newest = work.keyed(ada, number, "")
    assert newest is not None
    assert newest.n == 2
    assert work.keyed(ada, number, '"k"') is None
    assert work.keyed(bob, number, "") is None
    keyed = work.keyed(bob, number, '"k"')
    assert keyed is not None
    assert work.journey_by_id(keyed.id) is keyed
    assert work.journey_by_id(1_000) is None
    assert ids(work.open_journeys(ada, number)) == [("ada", "", 1), ("ada", "", 2)]
    assert work.open_journeys(ada, work.name_id("another")) == []


def test_what_counts_later_of_a_user_by_kind(work: UnitOfWork) -> None:
    ada = work.user("ada")
    workflow, price = work.name_id("errand"), work.name_id("price")
    first, second, cut = work.marks(ada, Kind.SPLIT)
    assert (first.at, first.name, first.workflow, first.facts) == (AT + 6, price, workflow, {"at": 5})
    assert (second.at, second.journey, second.seq) == (
        AT + 8,
        first.journey and first.journey + 1,
        first.seq + 1,
    )
    assert (cut.journey, cut.workflow) == (None, None)
    assert work.marks(ada, Kind.SPLIT, AT + 6) == [second, cut]
    assert work.marks(ada, Kind.SPLIT, AT + 5) == [first, second, cut]
    assert [mark.at for mark in work.marks(ada, Kind.GOAL)] == [AT + 10]
    assert work.marks(ada, Kind.REFUSED) == work.marks(work.user("bob"), Kind.SPLIT) == []


def test_where_journeys_began(work: UnitOfWork) -> None:
    ada, number = work.user("ada"), work.name_id("errand")
    first, second = work.entered(ada, number)
    assert (first.at, second.at) == (AT, AT)
    assert (first.seq, second.seq) == (5, 10)
    assert second.journey == first.journey + 1
    assert work.entered(ada, work.name_id("go")) == []


def test_an_event_of_this_batch_is_given_what_is_known_beside_its_data(work: UnitOfWork) -> None:
    seq = send(work, "ada", "go", {})
    assert work.meta_of(seq) is None
    work.annotate(seq, '{"refused":{}}')
    assert work.meta_of(seq) == '{"refused":{}}'


def test_open_waits_that_an_event_may_end(work: UnitOfWork) -> None:
    ada = work.user("ada")
    (paid,) = work.waits_for(ada, work.name_id("paid"))
    assert (paid.key, paid.due, paid.journey.n) == (("wait", "paid", 0), AT, 2)
    assert work.wait_at(paid.id) is paid
    assert work.waits_for(ada, work.name_id("pay")) == []
    assert work.waits_for(work.user("bob"), work.name_id("paid")) == []
    work.end_wait(paid)
    assert work.waits_for(ada, work.name_id("paid")) == []
    assert work.wait_at(paid.id) is None


def test_what_a_pass_has_recorded(work: UnitOfWork) -> None:
    old, _ = work.open_journeys(work.user("ada"), work.name_id("errand"))
    assert work.said(old, 0) == ["hello"]
    assert work.newest_failure(old) == '{"type":"E"}'
    new = work.open_journeys(work.user("ada"), work.name_id("errand"))[1]
    assert work.said(new, 0) == []
    assert work.newest_failure(new) is None
    work.load_passes((new,))
    assert sorted(new.opened) == [("wait", "left", 0), ("wait", "paid", 0)]


def test_results_of_steps_that_run_once(tmp_path: Path) -> None:
    # In the midst of a batch the transition itself knows them.
    for make in (written(tmp_path), in_memory(tmp_path)):
        work = make()
        old = work.open_journeys(work.user("ada"), work.name_id("errand"))[0]
        (found,) = work.once_results(old, work.name_id("pay"))
        assert found[1:] == (AT, Kind.STEP_DONE, None, '{"result":7,"once":true}', 0)
        assert work.once_results(old, work.name_id("other")) == []
