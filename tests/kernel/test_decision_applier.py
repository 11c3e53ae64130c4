"""What is decided on a command is done, entry by entry, and what has no end fails."""

from __future__ import annotations

import re
from typing import Any

import pytest

from studio import Journey, workflow
from studio.kernel import decision_applier
from studio.kernel.records import Ask
from studio.language.idempotency import step_keys
from studio.language.journey_ids import Parts
from studio.language.kinds import Kind
from tests.kernel.rules import Rules, kinds


@workflow(trigger="go", name="waits")
async def waits(journey: Journey) -> Any:
    await journey.wait_for("paid", match={"n": 1}, timeout="1m")


def test_a_wait_opens_with_the_number_of_its_entry_and_its_deadline_may_come_in_this_batch() -> None:
    rules = Rules(waits)
    rules.transition.event(rules.incoming("go"), 10)
    (wait,) = rules.waits()
    assert (wait.id, wait.kind, wait.due, wait.causation_depth) == (3, Kind.WAIT_OPENED, 60_010, 0)
    assert rules.transition.waits.timers == [(60_010, 3, wait)]


def test_an_event_is_the_outcome_of_sending_it_and_its_id_is_taken_at_once() -> None:
    @workflow(trigger="go", name="sends")
    async def sends(journey: Journey) -> Any:
        await journey.ingest("sent", {"n": 1}, id="e1")
        await journey.ingest("sent", {"n": 2}, id="e1")
        await journey.wait_for("never")

    rules = Rules(sends)
    told = rules.event("go", 5)
    assert kinds(told) == ["event", "journey.started", "event", "event.duplicate", "wait.opened"]
    assert told[3][4] == {"id": "e1", "bound": 3}
    sent, repeated = (rules.journey().outcomes["ingest", "sent", n] for n in (0, 1))
    assert (sent.kind, sent.seq, repeated.kind, repeated.seq) == (Kind.EVENT, 3, Kind.EVENT_DUPLICATE, 4)


def test_what_a_step_is_given_is_settled_before_another_thread_reads_it() -> None:
    @workflow(trigger="go", name="works")
    async def works(journey: Journey) -> Any:
        paid = await journey.wait_for("paid")
        await journey.step("look", print, paid, user=journey.user)

    rules = Rules(works)
    rules.event("go")
    rules.event("paid", n=7)
    (launch,) = rules.launches
    ((event,),) = (given.result for given in launch.command.args)
    assert (event["n"], launch.command.kwargs) == (7, {"user": {"id": "ada"}})
    assert (launch.start, launch.info.attempt, launch.keys.own) == (6, 1, launch.info.idempotency_key)


def test_a_wait_asks_elsewhere_for_what_it_waits_for() -> None:
    rules = Rules(waits, ask=True)
    rules.transition.event(rules.incoming("go"), 0)
    assert rules.transition.asks == [Ask(3, "ada", ("paid",), {"n": 1})]


@workflow(trigger="ping", again=True, name="pong")
async def pong(journey: Journey) -> int:
    await journey.ingest("ping")
    return 1


def test_events_in_answer_to_one_another_without_end_fail_with_their_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decision_applier, "MAX_CAUSATION_DEPTH", 5)
    rules = Rules(pong)
    told = rules.event("ping")
    assert kinds(told).count("event") == 6
    assert told[-1][0] == "journey.failed"
    what = r"test_decision_applier\.py:\d+: runaway: 5 events were sent one after another"
    assert re.match(what, told[-1][4]["message"])


def test_steps_without_time_moving_lengthen_the_chain_by_one_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision_applier, "MAX_CAUSATION_DEPTH", 7)

    @workflow(trigger="ping", again=True, name="works")
    async def works(journey: Journey) -> int:
        await journey.step("look", print)
        await journey.ingest("ping")
        return 1

    rules = Rules(works)
    told = rules.event("ping", 5)
    rounds = 0
    while told[-1][0] == "step.started":
        told = rules.result(5, result="1")
        rounds += 1
    assert told[-1][0] == "journey.failed"
    # A step and an event in each round.
    assert rounds == 4
    # Time that passes begins anew.
    rules = Rules(works)
    rules.event("ping", 5)
    for at in range(6, 30):
        assert rules.result(at, result="1")[-1][0] == "step.started"


def test_events_that_branch_without_end_fail_before_their_chain_is_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decision_applier, "MAX_FAN_OUT", 20)
    monkeypatch.setattr(decision_applier, "MAX_CAUSATION_DEPTH", 10)

    @workflow(trigger="ping", again=True, name="pongs")
    async def pongs(journey: Journey) -> int:
        await journey.ingest("ping")
        await journey.ingest("ping")
        return 1

    rules = Rules(pongs)
    told = rules.event("ping")
    failed = [each for each in told if each[0] == "journey.failed"]
    assert "runaway: 20 events were sent in answer to one another" in failed[0][4]["message"]
    # The first two were sent in answer to what came from outside.
    assert kinds(told).count("event") == 1 + 2 + 20


def test_a_user_is_known_by_what_their_own_journey_sends() -> None:
    @workflow(trigger="go", name="tells")
    async def tells(journey: Journey) -> Any:
        await journey.ingest("identify", {"plan": "pro"})
        return journey.user["plan"]

    assert Rules(tells).event("go")[-1][4] == {"result": "pro"}


@pytest.mark.parametrize("name", ["look", "look/up", "look~up"])
def test_the_key_of_a_step_is_made_from_its_parts_whatever_marks_its_name_holds(name: str) -> None:
    @workflow(trigger="go", name="works")
    async def works(journey: Journey) -> Any:
        await journey.step(name, print)

    rules = Rules(works)
    rules.event("go")
    (launch,) = rules.launches
    parts = Parts("works", "ada", "", 1)
    assert launch.keys == step_keys("s", parts, True, 1, f"step:{name}#0", False, mixed=False)
