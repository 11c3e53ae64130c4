"""What is recorded gives each command its outcome again, and nothing is decided or written."""

from __future__ import annotations

from typing import Any

import pytest

from studio import Journey, StepFailed, workflow
from studio.kernel.drive import Blocked, Ended, Outcome, drive
from studio.kernel.journey_reader import JourneyReader
from studio.kernel.replay import Replay
from studio.language.commands import Command, key_text
from tests.kernel.rules import Rules


def replayed(rules: Rules) -> tuple[Any, list[str]]:
    """Drive the journey once more by what is recorded: how that ends, and what was asked for."""
    state, asked = rules.journey(), []
    assert state.workflow is not None
    reader = JourneyReader(rules.unit, state)
    journey = Journey(
        "id", "ada", reader.trigger, reader, lambda *_: True, "s", state.pass_no, *state.start, None
    )
    replay = Replay(rules.unit, state, journey)

    def answer(command: Command[Any]) -> Outcome | None:
        asked.append(key_text(command.key))
        record = state.outcomes.get(command.key)
        return None if record is None else replay.recorded(command, record)

    before = len(rules.unit.history)
    end = drive(state.workflow, journey, answer)
    assert len(rules.unit.history) == before
    return end, asked


@workflow(trigger="go", name="long")
async def long(journey: Journey) -> Any:
    login = await journey.wait_for("login")
    missed = await journey.wait_for("missed", timeout="1s")
    slept = await journey.sleep("1s", {"foo": "bar"})
    try:
        await journey.step("pay", print)
    except StepFailed as error:
        why = str(error.message)
    first, second = await journey.wait_any(journey.wait_for("a"), journey.wait_for("b"))
    await journey.wait_for("last", past=False)
    return [
        len(login),
        login.first and login.first["n"],
        bool(missed),
        slept,
        why,
        bool(first),
        second.first["n"],
    ]


def test_each_kind_of_command_has_the_outcome_that_it_had() -> None:
    rules = Rules(long)
    for n in (1, 2):
        rules.event("login", n=n)
    rules.event("go")
    rules.timer()
    rules.timer()
    rules.result(2_000, type="E", message="no money")
    rules.event("b", 2_001, n=7)
    end, asked = replayed(rules)
    assert isinstance(end, Blocked)
    assert asked == [
        "wait:login#0", "wait:missed#0", "sleep#0", "step:pay#0", "any#0", "wait:last#0",
    ]  # fmt: skip
    told = rules.event("last", 2_002)
    result = told[-1][4]["result"]
    assert result == [2, 1, False, {"foo": "bar"}, "no money", False, 7]
    again, _ = replayed(rules)
    assert again == Ended(result)


@pytest.mark.parametrize("given", [None, "mine"])
def test_a_step_that_runs_once_has_its_result_in_every_pass(given: str | None) -> None:
    @workflow(trigger="go", name="twice")
    async def twice(journey: Journey) -> None:
        await journey.step("pay", print, once=True, id=given)
        await journey.wait_for("never")

    rules = Rules(twice)
    rules.event("go")
    rules.result(1, result="7")
    state = rules.journey()
    found: list[Any] = []

    @workflow(trigger="go", name="twice")
    async def again(journey: Journey) -> None:
        await journey.step("pay", print, once=True, id=given)

    reader = JourneyReader(rules.unit, state)
    journey = Journey("id", "ada", reader.trigger, reader, lambda *_: True, "s", 2, 50, 60, 0, None)
    replay = Replay(rules.unit, state, journey)

    def answer(command: Any) -> Outcome | None:
        found.append(replay.once(command))
        return None

    drive(again, journey, answer)
    # Its own moment and position are of a pass that is over: this one is where it was.
    assert (found[0].at, found[0].bound, found[0].json()["result"]) == (50, 60, 7)


def test_a_result_loads_the_first_alone_where_that_is_enough() -> None:
    @workflow(trigger="go", name="reads")
    async def reads(journey: Journey) -> Any:
        login = await journey.wait_for("login", match={"n": 1})
        assert login.first is not None
        return [len(login), login.first["seq"], [event["seq"] for event in login]]

    rules = Rules(reads)
    for seq, n in ((1, 2), (2, 1), (3, 2), (4, 1)):
        rules.event("login", n=n, seq=seq)
    assert rules.event("go")[-1][4] == {"result": [2, 2, [2, 4]]}
    # What came since is in no result.
    rules.event("login", n=1, seq=5)
    read: list[str] = []
    event, events = rules.unit.event, rules.unit.events
    rules.unit.event = lambda seq: read.append("event") or event(seq)  # type: ignore[method-assign, func-returns-value]
    rules.unit.events = lambda *more: read.append("events") or events(*more)  # type: ignore[method-assign, func-returns-value]
    end, _ = replayed(rules)
    assert end == Ended([2, 2, [2, 4]])
    assert read[-2:] == ["event", "events"]


def test_a_result_of_one_reads_that_one(monkeypatch: pytest.MonkeyPatch) -> None:
    @workflow(trigger="go", name="reads")
    async def reads(journey: Journey) -> Any:
        login = await journey.wait_for("login")
        return [event["n"] for event in login]

    rules = Rules(reads)
    rules.event("login", n=1)
    rules.event("go")
    monkeypatch.setattr(rules.unit, "events", None)
    assert replayed(rules)[0] == Ended([1])


def test_a_step_that_runs_once_is_told_from_others_of_its_name() -> None:
    @workflow(trigger="go", name="many")
    async def many(journey: Journey) -> None:
        await journey.step("pay", print, once=True)
        await journey.step("pay", print, once=True, id="mine")
        await journey.step("pay", print)
        await journey.step("pay", print, once=True)
        await journey.wait_for("never")

    rules = Rules(many)
    rules.event("go")
    for result in ("1", "2", "3", "4"):
        rules.result(int(result), result=result)
    found: list[Any] = []

    @workflow(trigger="go", name="many")
    async def asks(journey: Journey) -> None:
        await journey.wait_all(
            journey.step("pay", print, once=True),
            journey.step("pay", print, once=True, id="mine"),
            journey.step("pay", print, once=True, id="other"),
            journey.step("pay", print, once=True),
            journey.step("pay", print, once=True),
        )

    state = rules.journey()
    reader = JourneyReader(rules.unit, state)
    journey = Journey("id", "ada", reader.trigger, reader, lambda *_: True, "s", 2, 50, 60, 0, None)
    replay = Replay(rules.unit, state, journey)

    def answer(command: Any) -> Outcome | None:
        for member in command.members:
            record = replay.once(member)
            found.append(None if record is None else record.json()["result"])
        return None

    drive(asks, journey, answer)
    assert found == [1, 2, None, 4, None]
