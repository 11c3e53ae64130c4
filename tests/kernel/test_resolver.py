"""What a command comes to: decided as values, one by one, each applied before the next; and in the engine."""

from __future__ import annotations

from typing import Any

from studio import Engine, Journey, VirtualClock, workflow
from tests.engine.support import entries, settled
from tests.kernel.conftest import Noted
from tests.kernel.rules import Rules


@workflow(trigger="go", name="looks")
async def looks(journey: Journey) -> None:
    await journey.wait_for("login", match={"n": 1})
    await journey.wait_for("login", match={"n": 1}, timeout="1s")


def test_a_wait_is_answered_by_what_is_there_and_the_next_alike_goes_on_behind_it(decided: Noted) -> None:
    rules = Rules(looks)
    for n in (1, 2, 1):
        rules.event("login", n=n)
    rules.event("go")
    assert decided == [
        ("RecordOutcome", "wait:login#0", "wait.matched", '{"count":2,"first":1,"match":{"n":1}}'),
        ("Open", "wait:login#1", "wait.opened", '{"timeout":1000,"match":{"n":1}}'),
    ]


def test_what_is_recorded_decides_nothing(decided: Noted) -> None:
    rules = Rules(looks)
    rules.event("login", n=1)
    rules.event("go")
    decided.clear()
    rules.timer()
    assert decided == []


@workflow(trigger="go", name="either")
async def either(journey: Journey) -> None:
    await journey.wait_any(journey.wait_for("a"), journey.step("look", print), timeout="1h")


def test_a_group_opens_its_members_then_itself_and_closes_who_has_lost(decided: Noted) -> None:
    rules = Rules(either)
    rules.event("go")
    assert decided == [
        ("Open", "wait:a#0", "wait.opened", '{"group":"any#0"}'),
        ("Open", "step:look#0", "step.started", '{"attempt":1,"start":1,"group":"any#0"}'),
        ("Run", "step:look#0", 1, 4),
        ("Open", "any#0", "wait.opened", '{"members":["wait:a#0","step:look#0"],"timeout":3600000}'),
    ]
    decided.clear()
    rules.event("a")
    assert decided == [
        ("Close", "step:look#0"),
        ("Over", "any#0"),
        ("RecordOutcome", "any#0", "wait.matched", '{"ended":["wait:a#0"]}'),
    ]


@workflow(trigger="go", name="sends")
async def sends(journey: Journey) -> None:
    await journey.ingest("note", id="e1")
    await journey.ingest("note", id="e1")


def test_an_id_that_was_just_sent_is_taken(decided: Noted) -> None:
    Rules(sends).event("go")
    assert decided == [("SendEvent", "note"), ("Repeat", "note")]


# -- in the engine -----------------------------------------------------------------------------


@workflow(trigger=["go", "more"])
async def looks_at_what_is_new(journey: Journey) -> Any:
    if journey.trigger.name == "more":
        return [journey.trigger["n"], journey.pass_number]
    await journey.wait_for("ready")
    await journey.wait_for("more", past=False)
    return None


async def test_a_trigger_that_came_before_a_wait_looked_begins_the_next_pass() -> None:
    async with Engine(looks_at_what_is_new, clock=VirtualClock(0)) as engine:
        await engine.ingest("go", "ann")
        await engine.ingest("more", "ann", {"n": 1})
        await engine.ingest("ready", "ann")
        await engine.ingest("more", "ann", {"n": 2})
        await settled(engine)
        # The second is in the wait's result. The first came while the pass ran, and is in none.
        (completed,) = entries(engine.path, "journey.completed")
    assert completed.data == {"result": [1, 2]}


@workflow(trigger="go")
async def waits_behind_its_own(journey: Journey) -> int:
    await journey.ingest("paid", {"n": 1})
    found = await journey.wait_for("paid", past=False)
    return int(found.first["n"]) if found.first else 0


async def test_an_event_that_a_journey_sent_before_it_waited_ends_no_wait_for_what_is_new() -> None:
    async with Engine(waits_behind_its_own, clock=VirtualClock(0)) as engine:
        await engine.ingest("go", "ann")
        await settled(engine)
        (opened,) = entries(engine.path, "wait.opened")
        await engine.ingest("paid", "ann", {"n": 2})
        await settled(engine)
        (completed,) = entries(engine.path, "journey.completed")
    assert opened.data is not None
    assert "after" in opened.data
    assert completed.data == {"result": 2}
