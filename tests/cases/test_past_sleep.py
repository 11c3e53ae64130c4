"""Times that have passed when they are asked for, and moments to wait until."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from studio import Journey, Workflow, workflow
from studio.store.records import Entry
from studio.testing import Journeys
from tests.cases.results import play

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = 86_400_000


def test_an_end_that_is_near_is_met_as_one_that_is_far() -> None:
    assert play("past-sleep", "events.jsonl") == {"trial/ada": {"ended": "2026-03-02T00:00:00+00:00"}}
    assert play("past-sleep", "late.jsonl") == {"trial/ada": {"ended": "2026-03-20T00:00:00+00:00"}}


def ran(*commands: Callable[[Journey], Any]) -> tuple[list[Entry], Any]:
    """What a journey that awaits these leaves, and its result: when each was over, and how late."""

    @workflow(trigger="go")
    async def flow(journey: Journey) -> list[tuple[str, float]]:
        found = []
        for command in commands:
            await command(journey)
            found.append((journey.now().isoformat(), journey.late.total_seconds()))
        return found

    assert isinstance(flow, Workflow)
    with Journeys(flow) as journeys:
        journeys.send("go", user="ada")
        journeys.finish()
        entries = journeys.entries()
        assert journeys.journey("ada").error is None, journeys.journey("ada").error
        return entries, journeys.journey("ada").result


PASSED = [START - timedelta(days=2), datetime(2025, 12, 30), timedelta(days=-2), -2 * 86_400, -172_800.0]  # noqa: DTZ001


@pytest.mark.parametrize("time", PASSED, ids=repr)
@pytest.mark.parametrize(
    ("make", "ended"),
    [
        (lambda journey, time: journey.sleep(time), "sleep.done"),
        (lambda journey, time: journey.wait_for("x", timeout=time), "wait.timeout"),
        (lambda journey, time: journey.wait_for("x", {"a": 1}, timeout=time, id="mine"), "wait.timeout"),
        (lambda journey, time: journey.wait_any(journey.wait_for("x"), timeout=time), "wait.timeout"),
        (lambda journey, time: journey.wait_all(journey.wait_for("x"), timeout=time), "wait.timeout"),
        (lambda journey, time: journey.wait_any(journey.sleep(time), journey.wait_for("x")), "in group"),
    ],
)
def test_what_has_passed_is_over_at_once_and_says_how_late(make: Any, ended: str, time: Any) -> None:
    entries, result = ran(lambda journey: make(journey, time), lambda journey: journey.sleep("1s"))
    # A group that a member ends is itself in time.
    late = 0.0 if ended == "in group" else 2 * 86_400.0
    assert result == [
        ["2026-01-01T00:00:00+00:00", late],
        ["2026-01-01T00:00:01+00:00", 0.0],
    ]
    (over,) = [e for e in entries if e.late_ms]
    assert (over.kind, over.late_ms) == (ended.replace("in group", "sleep.done"), 2 * DAY)
    assert over.at == int(START.timestamp() * 1000), "no time goes back"
    (opened,) = [e for e in entries if isinstance(e.data, dict) and e.data.get("late")]
    assert opened.message is not None
    assert opened.message.endswith("passed 2d ago")


def test_a_match_of_the_past_is_found_although_the_time_has_passed() -> None:
    @workflow(trigger="go")
    async def flow(journey: Journey) -> bool:
        return bool(await journey.wait_for("seen", timeout=journey.now() - timedelta(hours=1)))

    with Journeys(flow) as journeys:
        journeys.send("seen", user="ada")
        journeys.send("go", user="ada")
        assert journeys.journey("ada").result is True


@pytest.mark.parametrize(
    "until", [START + timedelta(days=3), datetime(2026, 1, 4, 2, tzinfo=UTC) - timedelta(hours=2)]
)
def test_a_moment_is_waited_for(until: datetime) -> None:
    _, result = ran(
        lambda journey: journey.sleep("1d"),
        lambda journey: journey.sleep(until),
        lambda journey: journey.wait_for("x", timeout=until + timedelta(days=1)),
    )
    assert [at for at, _ in result] == [f"2026-01-0{day}T00:00:00+00:00" for day in (2, 4, 5)]


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        ("-2d", "sleep has duration '-2d', which is negative, and no duration is"),
        ("5", "sleep has duration '5', which has no unit"),
        ("", "sleep has duration '', which is empty, and no duration"),
        ("soon", "sleep has duration 'soon', which is not a duration"),
        (True, "sleep has duration True, which is not a duration"),
        (float("nan"), "sleep has duration nan, which is not a duration"),
        (float("-inf"), "sleep has duration -inf, which is not a duration"),
        (date(2026, 1, 4), "sleep has duration datetime.date(2026, 1, 4), which is not a duration"),
        (datetime(9999, 1, 1, tzinfo=UTC), "which is more than 1,000 years"),
    ],
)
def test_a_duration_that_is_refused_keeps_its_reason(time: Any, reason: str) -> None:
    @workflow(trigger="go")
    async def flow(journey: Journey) -> None:
        await journey.sleep(time)

    with Journeys(flow) as journeys:
        journeys.send("go", user="ada")
        assert reason in (journeys.journey("ada").error or "")


def test_a_step_has_no_time_that_has_passed() -> None:
    @workflow(trigger="go")
    async def flow(journey: Journey) -> None:
        await journey.step("s", print, timeout=timedelta(seconds=-1))

    with Journeys(flow) as journeys:
        journeys.send("go", user="ada")
        assert "which is negative, and no duration is" in (journeys.journey("ada").error or "")
