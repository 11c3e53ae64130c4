"""What steps and questions are known by, so that an answer finds whom it is for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from studio import Journey, workflow
from studio.kernel.records import Ask
from tests.kernel.rules import Rules


@workflow(trigger="go", name="works")
async def works(journey: Journey) -> Any:
    return await journey.step("look", print)


def test_a_launch_is_the_start_that_it_runs_and_no_other() -> None:
    rules = Rules(works)
    rules.event("go", 5)
    (launch,) = rules.launches
    assert launch.which == (1, 1, ("step", "look", 0), 3)
    assert (launch.at, launch.causation_depth, launch.epoch) == (5, 0, 0)
    assert replace(launch, start=4).which != launch.which
    assert replace(launch, epoch=1, at=9).which == launch.which


def test_questions_stand_in_the_order_of_their_waits() -> None:
    asks = [Ask(seq, "ada", ("paid",), None) for seq in (9, 10, 1 << 62)]
    keys = [ask.key for ask in asks]
    assert keys == sorted(keys)
    assert [int(key.removeprefix("ask/")) for key in keys] == [9, 10, 1 << 62]
