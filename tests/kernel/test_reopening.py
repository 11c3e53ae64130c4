"""Who has finished goes on from the end when they are asked to, and who does not."""

from __future__ import annotations

from typing import Any

import pytest

from studio import Journey, workflow
from studio.kernel.reopening import GONE, why_not
from studio.language.definition import Workflow
from studio.language.kinds import Status
from tests.kernel.rules import Rules, kinds

REOPEN = "studio/reopen/series"


def series(**given: Any) -> tuple[Workflow, Workflow]:
    """A workflow, and the same with a step more."""

    @workflow(trigger="go", name="series", **given)
    async def short(journey: Journey) -> Any:
        await journey.sleep("1s")
        journey.log("slept")
        return "over"

    @workflow(trigger="go", name="series", **given)
    async def long(journey: Journey) -> Any:
        await journey.sleep("1s")
        journey.log("slept")
        came = await journey.wait_for("paid", timeout="1m")
        return [bool(came), journey.now().timestamp()]

    return short, long


def finished(**given: Any) -> Rules:
    """Somebody who came to the end of the shorter one, under the longer one."""
    short, long = series(**given)
    rules = Rules(short)
    rules.event("go", id="a")
    assert kinds(rules.timer()) == ["sleep.done", "log", "journey.completed"]
    rules.journey().workflow = long
    rules.use(long)
    return rules


def test_it_keeps_what_it_did_and_stands_before_the_first_that_is_new_at_the_moment_of_asking() -> None:
    rules = finished()
    told = rules.event(REOPEN, 60_000)
    assert kinds(told) == ["event", "journey.reopened", "wait.opened"]
    # What follows is of the event's cause; the log is not said again.
    assert told[1][1:4] == (60_000, 7, None)
    assert rules.journey().status == Status.WAITING
    assert rules.waits()[0].due == 120_000
    (_, completed) = rules.timer()
    assert completed[4] == {"result": [False, 120.0]}


def test_what_came_before_is_seen_by_what_is_new() -> None:
    rules = finished()
    rules.event("paid", 2_000)
    told = rules.event(REOPEN, 60_000)
    assert kinds(told) == ["event", "journey.reopened", "wait.matched", "journey.completed"]


def test_it_comes_once_and_only_of_who_has_finished() -> None:
    rules = finished()
    assert kinds(rules.event(REOPEN, 60_000, user="bob")) == ["event"]
    rules.event(REOPEN, 60_000)
    assert kinds(rules.event(REOPEN, 60_000)) == ["event"]
    assert kinds(rules.event("studio/reopen/other", 60_000)) == ["event"]


def test_who_ends_again_without_anything_new_has_ended_twice() -> None:
    short, _ = series()
    rules = Rules(short)
    rules.event("go")
    rules.timer()
    assert kinds(rules.event(REOPEN, 9_000)) == ["event", "journey.reopened", "journey.completed"]


def test_one_that_is_idle_goes_on_in_its_pass() -> None:
    @workflow(trigger="go", name="series")
    async def short(journey: Journey) -> None:
        await journey.sleep("1s")

    rules = Rules(short)
    rules.event("go")
    rules.timer()
    assert rules.journey().status == Status.IDLE
    _, long = series()
    rules.journey().workflow = long
    rules.use(long)
    assert kinds(rules.event(REOPEN, 9_000)) == ["event", "journey.reopened", "log", "wait.opened"]


def test_with_a_key_the_event_says_which() -> None:
    rules = finished(key="id")
    assert kinds(rules.event(REOPEN, 9_000, id="b")) == ["event"]
    assert kinds(rules.event(REOPEN, 9_000, id="a")) == ["event", "journey.reopened", "wait.opened"]


def test_of_several_the_newest_goes_on() -> None:
    rules = finished(again=True)
    rules.event("go", 5_000)
    # A newer one is under way.
    assert kinds(rules.event(REOPEN, 5_500)) == ["event"]


def test_who_would_have_left_since_stays_where_they_are() -> None:
    rules = finished(exit_on="left")
    rules.event("left", 9_000)
    assert kinds(rules.event(REOPEN, 10_000)) == ["event"]
    assert why_not(rules.unit, rules.journey(), rules.unit.seq) == "left came since"


def test_one_of_which_nothing_is_known_any_more_does_not_begin_anew() -> None:
    rules = finished()
    journey = rules.journey()
    kept, journey.outcomes = journey.outcomes, {}
    assert why_not(rules.unit, journey, rules.unit.seq) == GONE
    journey.outcomes = kept
    assert why_not(rules.unit, journey, rules.unit.seq) is None
    row = rules.unit.history[-1]
    rules.unit.history[-1] = (*row[:13], '{"result":"over","pruned":true}', *row[14:])
    assert why_not(rules.unit, journey, rules.unit.seq) == GONE
    rules.unit.history[-1] = (*row[:13], '{"result":{"pruned":true}}', *row[14:])
    assert why_not(rules.unit, journey, rules.unit.seq) is None
    rules.unit.history.pop()
    assert why_not(rules.unit, journey, rules.unit.seq) == GONE


@pytest.mark.parametrize("status", [Status.WAITING, Status.FAILED, Status.EXITED, Status.CANCELLED])
def test_nobody_else_has_finished(status: int) -> None:
    rules = finished()
    rules.journey().status = status
    assert (why_not(rules.unit, rules.journey(), 9) or "").startswith("it is ")
    rules.journey().status, rules.journey().workflow = Status.COMPLETED, None
    assert why_not(rules.unit, rules.journey(), 9) == "its workflow is not loaded"
