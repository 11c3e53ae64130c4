"""Journeys begin, go as far as they go, and end."""

from __future__ import annotations

import re
from typing import Any

import pytest

from studio import Journey, workflow
from studio.kernel import journey_driver
from studio.kernel.operator_commands import resume
from studio.kernel.records import Cause
from studio.kernel.resolver import CommandResolver
from studio.kernel.state import JourneyState
from studio.language.kinds import Status
from tests.kernel.rules import Rules, kinds


def test_a_result_ends_a_journey_and_none_ends_its_pass() -> None:
    @workflow(trigger="go", name="thrice")
    async def thrice(journey: Journey) -> Any:
        return journey.trigger.get("result")

    rules = Rules(thrice)
    assert kinds(rules.event("go")) == ["event", "journey.started"]
    assert rules.journey().status == Status.IDLE
    assert kinds(rules.event("go")) == ["event", "journey.pass"]
    assert kinds(rules.event("go", result=1)) == ["event", "journey.pass", "journey.completed"]
    assert kinds(rules.event("go", result=1)) == ["event"]


def test_a_trigger_that_came_during_the_pass_begins_the_next_at_once() -> None:
    @workflow(trigger="*", name="hears")
    async def hears(journey: Journey) -> Any:
        if journey.trigger.name == "go":
            await journey.wait_for("paid")

    rules = Rules(hears)
    rules.event("go", 1)
    rules.event("other", 2)
    told = rules.event("paid", 3)
    # "paid" is in a result of the pass, and begins none; "other" is in no result.
    assert kinds(told) == ["event", "wait.matched", "journey.pass"]
    assert (told[-1][4], rules.journey().trigger) == ({"trigger": 4}, 4)


def test_a_result_that_cannot_be_stored_fails_the_journey_at_its_function() -> None:
    @workflow(trigger="go", name="odd")
    async def odd(journey: Journey) -> Any:
        return {1, 2}

    failed = Rules(odd).event("go")[-1]
    assert failed[0] == "journey.failed"
    assert "it returned what cannot be stored" in failed[4]["message"]


def test_an_act_stands_behind_the_waits_that_it_ends() -> None:
    @workflow(trigger="go", name="two")
    async def two(journey: Journey) -> Any:
        await journey.wait_all(journey.wait_for("a"), journey.wait_for("b"))

    rules = Rules(two)
    rules.event("go")
    driver, journey = rules.transition.journeys, rules.journey()
    act = Cause(9, None, outside=True)
    assert driver.to_come(act, journey).seq == rules.unit.seq + 3
    assert driver.to_come(Cause(9, 4), journey).seq == 4


def test_another_may_resolve_the_commands_of_one_drive() -> None:
    @workflow(trigger="go", name="waits")
    async def waits(journey: Journey) -> Any:
        await journey.wait_for("a")

    made: list[str] = []

    def make(*given: Any) -> Any:
        made.append(given[1].user.name)
        return CommandResolver(*given)

    rules = Rules(waits)
    rules.event("go")
    rules.transition.journeys.drive(rules.journey(), Cause(1, 1), make)
    rules.transition.journeys.drive(rules.journey(), Cause(1, 1))
    assert made == ["ada"]


def test_passes_without_time_moving_fail_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journey_driver, "MAX_PASSES", 4)

    @workflow(trigger="go", name="spins")
    async def spins(journey: Journey) -> None:
        await journey.new_pass()

    told = Rules(spins).event("go")
    assert kinds(told).count("journey.pass") == 4
    assert told[-1][4]["message"] == "runaway: 4 passes without time moving"


def test_a_failure_stands_at_its_line() -> None:
    @workflow(trigger="go", name="breaks")
    async def breaks(journey: Journey) -> None:
        raise KeyError("id")

    rules = Rules(breaks)
    (failed,) = rules.event("go")[2:]
    row = rules.unit.history[-1]
    assert re.fullmatch(r"test_journey_driver\.py:\d+", failed[4]["line"])
    assert rules.unit.name_text(row[8]) == failed[4]["line"]


def test_a_resumed_journey_is_late_for_nothing() -> None:
    @workflow(trigger="go", name="fails")
    async def fails(journey: Journey) -> Any:
        await journey.sleep("1m")
        late = journey.late
        if fail:
            raise KeyError
        await journey.ingest("note")
        return [late.total_seconds(), journey.late.total_seconds()]

    fail = True
    rules = Rules(fails)
    rules.event("go", 0)
    rules.timer(late=500)
    assert rules.journey().status == Status.FAILED
    fail = False
    resume(rules.transition, rules.journey(), 90_000)
    assert rules.end()[-1][4] == {"result": [0.5, 0.0]}


def test_a_journey_is_not_late_when_it_begins() -> None:
    @workflow(trigger="go", name="begins")
    async def begins(journey: Journey) -> float:
        return journey.late.total_seconds()

    assert Rules(begins).event("go", 7)[-1][4] == {"result": 0.0}


def test_a_function_that_stands_is_left_before_the_step_runs_that_it_has_come_to() -> None:
    left: list[str] = []

    @workflow(trigger="go", name="works")
    async def works(journey: Journey) -> Any:
        await journey.wait_for("tick", past=False)
        try:
            return await journey.step("look", print)
        finally:
            left.append("left")

    rules = Rules(works)
    # Two drives in one batch: after the second it would stand.
    rules.transition.event(rules.incoming("go"), 0)
    rules.transition.event(rules.incoming("tick"), 0)
    assert (left, rules.monitor.live.standing()) == (["left"], [])
    assert kinds(rules.end())[-1] == "step.started"
    assert rules.result(0, result="7")[-1][4] == {"result": 7}


def test_one_that_does_not_let_itself_be_left_for_a_step_fails() -> None:
    @workflow(trigger="go", name="clings")
    async def clings(journey: Journey) -> Any:
        await journey.wait_for("tick", past=False)
        while True:
            try:
                await journey.step("look", print)
            except BaseException:
                continue

    rules = Rules(clings)
    rules.transition.event(rules.incoming("go"), 0)
    rules.transition.event(rules.incoming("tick"), 0)
    assert kinds(rules.end())[-1] == "journey.failed"


def test_what_comes_for_one_whose_workflow_is_missing_is_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @workflow(trigger="go", name="steps")
    async def steps(journey: Journey) -> None:
        await journey.step("slow", print)

    rules = Rules(steps)
    rules.event("go")
    missed: list[JourneyState] = []
    monkeypatch.setattr(rules.unit, "missed", missed.append)
    rules.journey().workflow = None
    assert kinds(rules.result(5, result="1")) == ["step.done"]
    assert missed == [rules.journey()]
