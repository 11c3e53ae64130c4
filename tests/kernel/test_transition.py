"""What a cause comes to, entry by entry, on a history in memory; over SQLite: `test_batch.py`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from studio import Journey, StepFailed, incoming, workflow
from studio.kernel.records import Cause, StepResult
from studio.language.kinds import Kind, Status
from studio.language.names import START
from tests.kernel.rules import Rules, kinds


@workflow(trigger="go", name="waits")
async def waits(journey: Journey) -> Any:
    paid = await journey.wait_for("paid", match={"n": 1}, timeout="1m")
    return {"paid": bool(paid)}


def test_an_event_begins_a_journey_and_ends_its_wait() -> None:
    rules = Rules(waits)
    assert rules.event("go", 10) == [
        ("event", 10, None, None, None),
        ("journey.started", 10, 1, None, None),
        ("wait.opened", 10, 1, None, {"timeout": 60_000, "match": {"n": 1}}),
    ]
    assert kinds(rules.event("paid", 20, n=2)) == ["event"]
    assert rules.event("paid", 30, n=1) == [
        ("event", 30, None, None, {"n": 1}),
        ("wait.matched", 30, 5, None, None),
        ("journey.completed", 30, 5, None, {"result": {"paid": True}}),
    ]
    assert rules.journey().status == Status.COMPLETED
    assert rules.waits() == []


def test_a_deadline_carries_its_own_moment_however_late_it_is_served() -> None:
    rules = Rules(waits)
    rules.event("go", 10)
    assert rules.timer(late=500) == [
        ("wait.timeout", 60_010, None, 500, None),
        ("journey.completed", 60_010, 4, 500, {"result": {"paid": False}}),
    ]


def test_an_event_of_an_id_that_was_taken_changes_nothing() -> None:
    rules = Rules(waits)
    first = rules.transition.event(incoming("go", "ada", {}, id="e1"), 10)
    again = rules.transition.event(incoming("go", "bob", {"other": 1}, id="e1"), 20)
    assert (first.duplicate, again.duplicate, again.seq, again.user) == (False, True, first.seq, "ada")
    assert len(rules.end()) == 3


def test_what_is_sent_is_its_own_cause_and_comes_after_the_drive() -> None:
    @workflow(trigger="go", name="asks")
    async def asks(journey: Journey) -> None:
        await journey.ingest("asked", {"by": 1})
        journey.log("sent")
        await journey.wait_for("never")

    @workflow(trigger="asked", name="answers")
    async def answers(journey: Journey) -> Any:
        return journey.trigger["by"]

    told = Rules(asks, answers).event("go")
    assert kinds(told) == [
        "event", "journey.started", "event", "log", "wait.opened", "journey.started", "journey.completed",
    ]  # fmt: skip
    assert [each[2] for each in told[5:]] == [3, 3]


@workflow(trigger="go", name="steps")
async def steps(journey: Journey) -> Any:
    try:
        return await journey.step("pay", print, retries=1, pause="2s")
    except StepFailed as error:
        return f"gave up: {error.message}"


def test_a_step_is_tried_again_after_its_pause_and_its_last_failure_is_raised() -> None:
    rules = Rules(steps)
    assert kinds(rules.event("go", 0)) == ["event", "journey.started", "step.started"]
    (retry,) = rules.result(100, type="E", message="no")
    assert (retry[0], retry[1], retry[4]["pause"]) == ("step.retry", 100, 2_000)
    assert kinds(rules.timer()) == ["step.started"]
    first, second = rules.launches
    assert (first.info.attempt, second.info.attempt) == (1, 2)
    assert first.info.idempotency_key == second.info.idempotency_key
    failed, completed = rules.result(3_000, type="E", message="still no")
    assert (failed[0], completed[4]) == ("step.failed", {"result": "gave up: still no"})


def test_a_result_counts_only_for_the_start_that_it_answers() -> None:
    rules = Rules(steps)
    rules.event("go")
    stale = rules.launches[0]
    rules.result(1, type="E", message="no")
    rules.timer()
    assert not rules.transition.step_result(StepResult(stale, "1"), 4_000)
    assert rules.end() == []


def test_an_event_that_ends_a_journey_closes_its_waits_first() -> None:
    @workflow(trigger="go", exit_on="left", name="leaves")
    async def leaves(journey: Journey) -> None:
        await journey.wait_any(journey.wait_for("a"), journey.sleep("1d"))

    rules = Rules(leaves)
    rules.event("go")
    told = rules.event("left", 5)
    assert kinds(told) == ["event", "wait.closed", "sleep.closed", "wait.closed", "journey.exited"]
    assert rules.waits() == []


def test_a_journey_that_is_asked_for_begins_with_the_newest_trigger_and_not_twice() -> None:
    rules = Rules(waits)
    assert rules.event(START + "unknown") == [("event", 0, None, None, None)]
    told = rules.event(START + "waits", 5)
    assert [each[:3] for each in told[1:]] == [("journey.started", 5, 2), ("wait.opened", 5, 2)]
    assert rules.journey().trigger == 2
    assert kinds(rules.event(START + "waits", 6)) == ["event"]


def test_a_pause_doubles_up_to_an_hour_and_the_start_before_it_is_over() -> None:
    @workflow(trigger="go", name="patient")
    async def patient(journey: Journey) -> None:
        await journey.step("pay", print, retries=3, pause="50m")

    rules = Rules(patient)
    rules.event("go", 0)
    pauses = []
    for at in (1, 2):
        (retry,) = rules.result(at, type="E", message="no")
        pauses.append(retry[4]["pause"])
        # The retry alone is open: the start that failed is over.
        assert [wait.kind for wait in rules.waits()] == [Kind.STEP_RETRY]
        rules.timer()
    assert pauses == [3_000_000, 3_600_000]


def test_a_wait_whose_workflow_was_missing_is_answered_by_what_came_meanwhile() -> None:
    rules = Rules(waits)
    rules.event("go", 0)
    journey, known = rules.journey(), rules.journey().workflow
    journey.workflow = None
    assert kinds(rules.event("paid", 10, n=1)) == ["event"]
    rules.event("paid", 20, n=1)
    again = Cause(30, 5, again=True)
    rules.transition.look_again(journey, again)
    assert rules.end() == [], "its workflow is still missing"
    journey.workflow = known
    rules.transition.look_again(journey, again)
    matched, completed = rules.end()
    assert (matched[0], matched[4]) == ("wait.matched", {"count": 2, "first": 4, "match": {"n": 1}})
    assert completed[4] == {"result": {"paid": True}}
    rules.transition.look_again(journey, again)
    assert rules.end() == [], "it has ended"


def test_a_sleep_until_a_moment_that_has_passed_says_how_late_it_is() -> None:
    @workflow(trigger="go", name="sleeps")
    async def sleeps(journey: Journey) -> None:
        await journey.sleep(datetime.fromtimestamp(1, UTC))
        await journey.sleep("1s")

    rules = Rules(sleeps)
    opened = rules.event("go", 5_000)[-1]
    assert opened[4] == {"duration": 0, "late": 4_000}
    rules.timer()
    assert rules.waits()[0].spec == {"duration": 1_000}


def test_a_wait_that_looks_again_moves_the_journey_to_where_it_has_looked() -> None:
    @workflow(trigger="go", name="two")
    async def two(journey: Journey) -> Any:
        return [bool(await journey.wait_for(name, timeout="1h")) for name in ("paid", "sent", "late")]

    rules = Rules(two)
    rules.event("go", 0)
    journey, known = rules.journey(), rules.journey().workflow
    journey.workflow = None
    for name in ("sent", "paid", "late"):
        rules.event(name, 10)
    journey.workflow = known
    rules.transition.look_again(journey, Cause(30, 5, again=True))
    # What came up to there is found; what came behind it is not yet.
    assert kinds(rules.end()) == ["wait.matched", "wait.matched", "wait.opened"]
