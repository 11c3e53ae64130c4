"""Which attempt of a step or a message begins; `test_message_rules.py` has whether a message goes out."""

from __future__ import annotations

from studio import Journey, channel, workflow
from studio.kernel.attempt_resolver import MAX_STARTS
from tests.kernel.conftest import Noted
from tests.kernel.rules import Rules

plain = channel("plain")
quiet = channel("quiet", quiet_hours="22:00-08:00")


@workflow(trigger="go", name="works")
async def works(journey: Journey) -> None:
    await journey.step("look", print, once=True)


def test_a_step_whose_process_is_gone_is_started_again_and_given_up_in_the_end(decided: Noted) -> None:
    rules = Rules(works)
    rules.event("go")
    for start in range(2, MAX_STARTS + 1):
        decided.clear()
        rules.dies()
        rules.transition.recover(rules.waits()[0], at=start)
        rules.end()
        data = f'{{"attempt":1,"start":{start},"once":true}}'
        assert decided[:2] == [("Over", "once:look#0"), ("Open", "once:look#0", "step.started", data)]
    decided.clear()
    rules.dies()
    rules.transition.recover(rules.waits()[0], at=9)
    assert decided == [("Interrupt", "once:look#0")]
    failed, ended = rules.end()
    assert (failed[0], failed[4]["type"], ended[0]) == ("step.failed", "interrupted", "journey.failed")


def test_a_step_that_runs_is_left_alone(decided: Noted) -> None:
    rules = Rules(works)
    rules.event("go")
    decided.clear()
    rules.transition.recover(rules.waits()[0], at=1)
    assert decided == []


@workflow(trigger="go", name="tells")
async def tells(journey: Journey) -> None:
    await journey.message(plain, "hello", print)


@workflow(trigger="go", name="tells_by_night")
async def tells_by_night(journey: Journey) -> None:
    await journey.message(quiet, "hello", print)


def test_a_message_is_asked_for_and_at_its_moment_counts_and_is_handed_over(decided: Noted) -> None:
    rules = Rules(tells)
    rules.event("go")
    assert decided == [("Open", "message:hello#0", "message.asked", '{"channel":"plain","duration":0}')]
    decided.clear()
    rules.timer()
    started = '{"channel":"plain","asked":0,"attempt":1,"start":1}'
    assert decided == [
        ("Over", "message:hello#0"),
        ("HandOver", "message:hello#0", '{"channel":"plain"}'),
        ("Open", "message:hello#0", "step.started", started),
        ("Run", "message:hello#0", 1, 5),
    ]


def test_a_message_that_is_put_off_is_no_attempt(decided: Noted) -> None:
    rules = Rules(tells_by_night)
    rules.event("go")
    decided.clear()
    rules.timer()
    over, (_, key, kind, data) = decided
    assert over == ("Over", "message:hello#0")
    assert (key, kind) == ("message:hello#0", "message.deferred")
    assert '"duration":28800000,"reason":"quiet hours 22:00-08:00' in data
