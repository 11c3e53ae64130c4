"""What going over to other code puts down, entry by entry; in the engine: `test_hot_reload.py`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from studio import Journey, VirtualClock, workflow
from studio.engine.reload.migration import (
    BatchMigration,
    Migrations,
    Swap,
    WorkflowMigration,
    _begun,
    tell_problem,
)
from studio.engine.reload.versions import Change
from studio.engine.work.running_code import RunningCode
from studio.errors import StoreError, WorkflowError
from studio.kernel.dry_run import Difference
from studio.language.definition import Workflow
from tests.engine.bench import Bench, Told

DAY = 86_400_000
Function = Callable[[Journey], Coroutine[Any, Any, Any]]


def code(function: Function) -> Workflow:
    """One version of the workflow "shop"."""
    return workflow(trigger="go", name="shop")(function)


def moved(at: int, what: str, **waits: Any) -> Told:
    """The entry that says so."""
    facts = {"loaded": 1, "what": what, **({"waits": waits} if waits else {})}
    return ("journey.moved", at, None, None, facts)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "studio.db"


@code
async def pays(journey: Journey) -> None:
    await journey.wait_for("a", {"n": 1}, timeout="1d")
    await journey.ingest("told")


@code
async def pays_twice(journey: Journey) -> None:
    await journey.wait_for("a", {"n": 2}, timeout="2d")
    await journey.ingest("told")


@code
async def pays_thrice(journey: Journey) -> None:
    await journey.wait_for("a", {"n": 3}, timeout="3d", past=False)
    await journey.ingest("told")


def test_a_wait_with_another_match_ends_and_one_for_the_new_looks_at_what_has_come(path: Path) -> None:
    bench = Bench(path, pays)
    bench.event("go", 10)
    bench.event("a", 11, n=2)
    bench.event("go", 12, "bob")
    bench.swap(pays_twice)
    found, told = bench.move(100)
    assert (found.what, found.recorded) == ("match", 0)
    assert told == [
        moved(100, "match"),
        ("wait.closed", 100, 8, None, None),
        ("wait.matched", 100, 8, None, {"count": 1, "first": 4, "match": {"n": 2}}),
        ("event", 100, 8, None, None),
    ]
    # Nothing has come for this one, and its time counts from when it began to wait.
    opened = {"timeout": 2 * DAY, "match": {"n": 2}, "since": 12}
    assert bench.move(100, "bob")[1] == [
        moved(100, "match"),
        ("wait.closed", 100, 12, None, None),
        ("wait.opened", 100, 12, None, opened),
    ]
    bench.swap(pays_thrice)
    # From when it began at first, however often it was changed.
    assert bench.move(200, "bob")[1][-1][-1] == {"timeout": 3 * DAY, "match": {"n": 3}, "since": 12}
    assert bench.timer(late=5) == [
        ("wait.timeout", 12 + 3 * DAY, None, 5, None),
        ("event", 12 + 3 * DAY, 18, None, None),
    ]


@code
async def sleeps_long(journey: Journey) -> None:
    await journey.sleep("2d")
    await journey.ingest("told")


@code
async def sleeps_no_time(journey: Journey) -> None:
    await journey.sleep(0)
    await journey.ingest("told")


def test_a_shorter_sleep_that_is_over_ends_at_once_and_counts_as_the_sleep_that_it_is_now(path: Path) -> None:
    bench = Bench(path, sleeps_long)
    bench.event("go", 10)
    bench.swap(sleeps_no_time)
    assert bench.move(100)[1] == [moved(100, "deadline", **{"3": {"duration": 0}})]
    assert bench.timer() == [("sleep.done", 100, None, None, None), ("event", 100, 5, None, None)]
    # A sleep of no time moves none: what it sends is one more without time moving.
    assert bench.batch.watch.fan_out == 1


@code
async def of_two(journey: Journey) -> None:
    await journey.wait_all(journey.wait_for("a"), journey.wait_for("b"), timeout="2d")


@code
async def of_three(journey: Journey) -> None:
    await journey.wait_all(journey.wait_for("a"), journey.wait_for("b"), journey.wait_for("c"), timeout="1d")


def test_a_group_that_got_a_member_ends_with_it(path: Path) -> None:
    bench = Bench(path, of_two)
    bench.event("c", 5)
    bench.event("go", 10)
    bench.swap(of_three)
    found, told = bench.move(100)
    assert found.what == "path"
    assert told == [
        moved(100, "path", **{"6": {"timeout": DAY, "members": ["wait:a#0", "wait:b#0", "wait:c#0"]}}),
        ("wait.matched", 100, 7, None, {"count": 1, "first": 1}),
    ]
    assert bench.timer() == [
        ("wait.timeout", 10 + DAY, None, None, {"ended": ["wait:c#0"]}),
        ("wait.closed", 10 + DAY, 9, None, None),
        ("wait.closed", 10 + DAY, 9, None, None),
    ]


@code
async def says(journey: Journey) -> None:
    journey.log("begin")
    await journey.wait_for("a")
    journey.log("hi")
    await journey.wait_for("b")


@code
async def says_more(journey: Journey) -> None:
    journey.log("begin")
    await journey.wait_for("a")
    journey.log("hi")
    journey.log("hi")
    journey.log("ho")
    await journey.wait_for("c")
    journey.log("end")


def test_what_a_pass_has_said_already_is_not_said_again(path: Path) -> None:
    bench = Bench(path, says)
    bench.event("go", 10)
    bench.event("c", 11)
    bench.event("a", 12)
    bench.swap(says_more)
    found, told = bench.move(100)
    assert (found.what, found.recorded) == ("path", 1)
    assert told == [
        moved(100, "path"),
        # It was said once: of the two that the new code says, one is new.
        ("log", 100, 10, None, "hi"),
        ("log", 100, 10, None, "ho"),
        ("wait.matched", 100, 10, None, {"count": 1, "first": 5}),
        ("log", 100, 10, None, "end"),
        ("wait.closed", 100, 10, None, None),
    ]


GOES_OVER = ["journey.moved", "wait.closed", "wait.opened"]


def test_who_is_not_reached_yet_goes_over_before_what_comes_for_them_and_once(path: Path) -> None:
    bench = Bench(path, pays)
    users = ("ada", "bob", "cyd", "dan", "eve")
    for user in users:
        bench.event("go", 10, user)
    bench.swap(pays_twice)
    ada, bob, cyd, dan, _ = bench.journeys()
    move = WorkflowMigration(
        "shop", ada.workflow_id, "", 1, upto=dan.id, waiting=5, announced=True, after=ada.id
    )
    move.ahead.add(bob.id)
    moving = bench.batch.migration = BatchMigration(bench.batch, {move.workflow: move})
    # Of these one was reached, one went ahead, two are left, and one was begun by the new code.
    for user, expected in zip(users, ([], [], GOES_OVER, GOES_OVER, []), strict=True):
        assert [row[0] for row in bench.event("other", 20, user)] == expected
        assert bench.event("other", 20, user) == []
    newest = [row[0] for row in bench.batch.unit.changes.history if row[4] in (cyd.id, dan.id)]
    assert [(mine is move, journey, found.what, seq) for mine, journey, found, seq in moving.done] == [
        (True, cyd.id, "match", newest[2]),
        (True, dan.id, "match", newest[5]),
    ]


def test_one_that_is_the_same_by_the_new_code_gets_no_entry(path: Path) -> None:
    bench = Bench(path, pays)
    bench.event("go", 10)
    bench.swap(pays)
    (ada,) = bench.journeys()
    move = WorkflowMigration("shop", ada.workflow_id, "", 1, upto=ada.id, waiting=1, announced=True)
    moving = bench.batch.migration = BatchMigration(bench.batch, {move.workflow: move})
    assert bench.event("other", 20) == []
    assert [(journey, found.what, newest) for _, journey, found, newest in moving.done] == [
        (ada.id, "same", 0)
    ]


def test_a_deadline_takes_its_journey_over_first_and_comes_when_it_is_still_to_come(path: Path) -> None:
    bench = Bench(path, sleeps_long)
    bench.event("go", 10)
    bench.event("go", 11, "bob")
    for shop, expected in (
        (sleeps_long, ["sleep.done", "event"]),
        # By the new code it sleeps on, from now.
        (sleeps_longer, ["journey.moved"]),
    ):
        bench.swap(shop)
        journeys = {each.id: each for each in bench.journeys()}
        move = WorkflowMigration("shop", 1, "", 1, upto=max(journeys), waiting=2, announced=True)
        move.workflow = journeys[min(journeys)].workflow_id
        bench.batch.migration = BatchMigration(bench.batch, {move.workflow: move})
        assert [row[0] for row in bench.timer()] == expected


@code
async def sleeps_longer(journey: Journey) -> None:
    await journey.sleep("9d")
    await journey.ingest("told")


def test_how_many_are_to_go_over_is_known_and_whether_that_was_told(path: Path) -> None:
    bench = Bench(path, pays)
    for told, expected in (({}, (0, 0, True)), ({"looked_at": 1}, (1, 1, True)), ({}, (1, 1, False))):
        workflow_id = bench.batch.unit.name_id("shop")
        move = _begun(bench.store, Change("shop", workflow_id, "", 7), told)
        assert (move.waiting, move.upto, move.announced) == expected
        assert (move.name, move.workflow, move.loaded, move.after) == ("shop", workflow_id, 7, 0)
        if not move.upto:
            bench.event("go", 10)
            bench.write()


def test_what_does_not_load_is_told_with_what_is_known_of_it(path: Path) -> None:
    bench = Bench(path)
    tell_problem(bench.batch, WorkflowError("it is odd", path="a.py", line=3), 10)
    tell_problem(bench.batch, WorkflowError("it is odd", path="a.py"), 11)
    (_, at, _, _, first), (_, _, _, _, second) = bench.told()
    assert at == 10
    assert (first["file"], first["line"]) == ("a.py", 3)
    assert second.keys() == {"file", "message"}


class NoTurns:
    """Makes batches, and can write none."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.ran: list[list[str]] = []
        self.error: Exception | None = None

    def new_batch(self, *_: Any) -> Any:
        return self.bench.batch

    def commit(self, *_: Any) -> bool:
        self.ran.append(sorted(self.code.workflows))
        if self.error is not None:
            raise self.error
        return False

    code: RunningCode


@pytest.mark.parametrize("error", [None, StoreError("the disk is full")])
def test_as_long_as_other_code_is_not_durable_the_old_runs(path: Path, error: Exception | None) -> None:
    bench = Bench(path, pays)
    code = RunningCode({"shop": pays})
    turns: Any = NoTurns(bench)
    turns.code, turns.error = code, error
    migrations = Migrations(code, VirtualClock(0))
    asked = migrations.ask(Swap({"shop": pays_twice, "other": says}, {}, [], ()))
    watch: Any = None
    for _ in range(2):
        with nullcontext() if error is None else pytest.raises(StoreError):
            migrations.turn(turns, bench.store, watch)
        assert code.workflows == {"shop": pays}
        assert migrations.busy
    assert turns.ran == [["other", "shop"]] * 2
    assert not asked.done()


def test_those_who_are_left_are_those_who_were_not_looked_at(path: Path) -> None:
    migrations = Migrations(RunningCode({}), VirtualClock(0))
    assert migrations.left == 0
    for number, waiting in ((1, 5), (2, 1), (3, 7)):
        move = WorkflowMigration("shop", number, "", 1, upto=9, waiting=waiting, announced=True)
        for _ in range(2):
            move.tally.add(Difference("same"))
        migrations._registered.append(move)
    migrations.registered()
    # Of one more were looked at than had been counted.
    assert migrations.left == 3 + 0 + 5
