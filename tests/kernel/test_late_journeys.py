"""Whose deadline has passed while nothing moved, and who was answered before it."""

from __future__ import annotations

from typing import Any

import pytest

from studio import Journey, workflow
from studio.clocks.durations import parse
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.kernel.late_journeys import answered_in_time, deadline_of, last_moment
from studio.kernel.partition import Partition
from studio.kernel.partition_dump import dump, load
from studio.kernel.partition_turn import Came, run_turn
from studio.kernel.state import JourneyState
from studio.kernel.triggers import Routes
from studio.language.definition import Workflow
from tests.kernel.partitions import START, event

DAY = 86_400_000


@workflow(trigger="go")
async def waits(journey: Journey) -> Any:
    return await journey.wait_for(["x", "z/*"], {"n": 1}, timeout="1d")


@workflow(trigger="go")
async def either(journey: Journey) -> Any:
    return await journey.wait_any(journey.wait_for("x"), journey.sleep("2h"), timeout="1d")


@workflow(trigger="go")
async def both(journey: Journey) -> Any:
    return await journey.wait_all(journey.wait_for("x"), journey.wait_for("y", timeout="2h"), timeout="1d")


@workflow(trigger="go")
async def sleeps(journey: Journey) -> Any:
    return await journey.sleep("3h")


@workflow(trigger="go")
async def forever(journey: Journey) -> Any:
    return await journey.wait_for("x")


def held(code: Workflow, *came: Came) -> tuple[Partition, JourneyState]:
    """A journey waits; then its code is away while something comes."""
    ada = Partition("ada", {code.name: code})
    _turn(ada, event("go"))
    away = load(dump(ada), {})
    for each in came:
        _turn(away, each)
    away = load(dump(away), {code.name: code})
    journey = away.journey_by_id(1)
    assert journey is not None
    away.load_passes((journey,))
    return away, journey


def _turn(of: Partition, *came: Came) -> None:
    watch = ThreadMonitor()
    run_turn(of, Routes(of.workflows), came, monitor=watch, live=watch.live)


def test_the_next_deadline_is_the_nearest_of_all_that_it_waits_for() -> None:
    assert [deadline_of(held(code)[1]) for code in (waits, either, both, sleeps, forever)] == [
        START + DAY,
        START + parse("2h"),
        START + parse("2h"),
        START + parse("3h"),
        None,
    ]


def test_a_wait_of_a_group_is_over_with_its_group_and_with_a_sleep_beside_it() -> None:
    def moments(code: Workflow) -> dict[str, int | None]:
        _, journey = held(code)
        return {wait.key[1]: last_moment(wait) for wait in journey.opened.values() if wait.key[0] == "wait"}

    assert moments(either) == {"x": START + parse("2h")}
    assert moments(both) == {"x": START + DAY, "y": START + parse("2h")}
    assert moments(forever) == {"x": None}


@pytest.mark.parametrize(
    ("code", "name", "at", "answered"),
    [
        (waits, "x", "1d", True),
        (waits, "z/1", "1h", True),
        (waits, "x", "25h", False),
        (waits, "y", "1h", False),
        (either, "x", "1h", True),
        (either, "x", "3h", False),
        (both, "y", "3h", False),
        (both, "x", "3h", True),
        (sleeps, "x", "1h", False),
        (forever, "x", "400d", True),
    ],
)
def test_who_was_answered_before_time_would_have_ended_the_wait_is_not_late(
    code: Workflow, name: str, at: str, answered: bool
) -> None:
    ada, journey = held(code, event(name, at, n=1))
    assert answered_in_time(ada, journey, ada.seq) is answered


def test_an_event_that_does_not_agree_answers_nothing() -> None:
    ada, journey = held(waits, event("x", "1h", n=2))
    assert not answered_in_time(ada, journey, ada.seq)
