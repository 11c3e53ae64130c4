"""Waits that end, are left and are tried again, each with the entry that says so."""

from __future__ import annotations

from typing import Any

import pytest

from studio import Journey, workflow
from studio.kernel.records import Cause
from studio.kernel.state import WaitState
from studio.kernel.wait_changes import WaitChanges
from studio.language.kinds import Kind
from tests.kernel.rules import Rules, kinds


@workflow(trigger="go", name="many")
async def many(journey: Journey) -> Any:
    await journey.wait_any(
        journey.wait_for("a", id="mine"), journey.sleep("1h"), journey.step("pay", print, once=True)
    )


@pytest.fixture
def rules() -> Rules:
    made = Rules(many)
    made.event("go", 10)
    return made


def opened(rules: Rules) -> dict[int, WaitState]:
    return {wait.kind: wait for wait in rules.waits()}


def test_an_end_is_the_outcome_of_the_command_and_new_to_its_drive(rules: Rules) -> None:
    wait = opened(rules)[Kind.SLEEP_OPENED]
    seq = WaitChanges(rules.unit).end(wait, Kind.SLEEP_DONE, Cause(20, 3), None, late=5)
    assert rules.end() == [("sleep.done", 20, 3, 5, None)]
    record = rules.journey().outcomes[wait.key]
    assert (record.seq, record.at, record.bound, record.late) == (seq, 20, 3, 5)
    assert (wait.key in rules.journey().fresh, wait.open) == (True, False)


def test_what_is_left_has_no_outcome_and_says_by_which_id_it_was_known(rules: Rules) -> None:
    changes = WaitChanges(rules.unit)
    for kind in (Kind.WAIT_OPENED, Kind.STEP_STARTED, Kind.SLEEP_OPENED):
        changes.close(opened(rules)[kind], Cause(20, 3))
    assert [(told[0], told[4]) for told in rules.end()] == [
        ("wait.closed", {"id": "mine"}),
        ("step.failed", {"type": "closed", "message": "the journey went on without it", "once": True}),
        ("sleep.closed", None),
    ]
    assert rules.journey().outcomes == {}


def test_all_are_left_in_the_order_in_which_they_were_opened(rules: Rules) -> None:
    WaitChanges(rules.unit).close_all(rules.journey(), Cause(20, 3))
    assert kinds(rules.end()) == ["wait.closed", "sleep.closed", "step.failed", "wait.closed"]
    assert rules.waits() == []


def test_a_command_that_is_open_keeps_itself_and_its_members_and_nothing_else(rules: Rules) -> None:
    rules.transition.journeys.drive(rules.journey(), Cause(20, 3))
    assert rules.end() == []
    launched = rules.launches[0].command
    WaitChanges(rules.unit).close_strays(rules.journey(), launched, Cause(20, 3))
    assert kinds(rules.end()) == ["wait.closed", "sleep.closed", "wait.closed"]
    assert [wait.key for wait in rules.waits()] == [launched.key]


def test_the_pause_before_another_attempt_is_open_in_place_of_the_one_that_failed(rules: Rules) -> None:
    wait = opened(rules)[Kind.STEP_STARTED]
    changes = WaitChanges(rules.unit)
    changes.retry_step(wait, 100, {"attempt": 1, "pause": 2_000})
    (timer,) = changes.timers
    assert (timer[0], timer[2].kind, timer[2].key) == (2_100, Kind.STEP_RETRY, wait.key)
    assert rules.end() == [("step.retry", 100, wait.id, None, {"attempt": 1, "pause": 2_000})]


def test_a_step_under_which_processes_died_is_given_up(rules: Rules) -> None:
    wait = opened(rules)[Kind.STEP_STARTED]
    WaitChanges(rules.unit).interrupt_step(wait, Cause(50, 3))
    ((kind, at, cause, _, data),) = rules.end()
    assert (kind, at, cause, data["type"], data["once"]) == ("step.failed", 50, None, "interrupted", True)


def test_deadlines_come_in_their_order(rules: Rules) -> None:
    changes, (wait, *_) = WaitChanges(rules.unit), rules.waits()
    for due in (30, 10, 20):
        wait.due = due
        changes.add_timer(wait)
    assert changes.timers[0][0] == 10
    wait.due = None
    with pytest.raises(AssertionError):
        changes.add_timer(wait)
