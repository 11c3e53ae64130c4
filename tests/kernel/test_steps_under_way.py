"""Which starts of steps are being run, as far as the rules must know."""

from __future__ import annotations

from typing import Any

from studio import Journey, workflow
from studio.kernel.steps_under_way import StepsUnderWay
from tests.kernel.rules import Rules

KEY = ("step", "look", 0)


def test_a_start_runs_that_this_process_runs_or_will_run_or_that_waits_for_a_yes() -> None:
    running: set[tuple[int, int, Any, int]] = set()
    steps = StepsUnderWay(running)
    assert not steps.is_running(1, 1, KEY, 3)
    running.add((1, 1, KEY, 3))
    assert steps.is_running(1, 1, KEY, 3)
    assert not steps.is_running(1, 2, KEY, 3)
    assert not steps.is_running(1, 1, KEY, 4)
    steps.on_hold = (4,)
    assert steps.is_running(1, 1, KEY, 4)


def test_a_start_that_is_to_run_once_it_is_durable_counts_as_one_that_runs() -> None:
    @workflow(trigger="go", name="works")
    async def works(journey: Journey) -> None:
        await journey.step("look", print)

    rules = Rules(works)
    rules.event("go")
    steps = StepsUnderWay(frozenset())
    steps.launches += rules.launches
    assert steps.is_running(1, 1, KEY, 3)
