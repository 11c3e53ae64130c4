"""A user's journeys go over to other code at the beginning of a turn; engine/reload has the engine's."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

import pytest

from studio import Journey, workflow
from studio.clocks.clock import iso
from studio.clocks.durations import parse
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.kernel.partition import Partition
from studio.kernel.partition_dump import dump, load
from studio.kernel.partition_turn import Came, CodeCame, DeadlinesCame, Ran, run_turn
from studio.kernel.triggers import Routes
from studio.language import journey as journeys
from studio.language.definition import Workflow
from studio.language.kinds import Kind
from tests.kernel.partitions import START, event, kinds


def version(timeout: str, name: str = "b", says: str = "hello") -> Workflow:
    @workflow(trigger="go", name="shop")
    async def shop(journey: Journey) -> dict[str, Any]:
        journey.log(says)
        await journey.wait_for("a")
        found = await journey.wait_for(name, timeout=timeout)
        return {"found": bool(found)}

    return shop


def turn(of: Partition, *came: Came, code: CodeCame | None = None) -> Ran:
    watch = ThreadMonitor()
    return run_turn(of, Routes(of.workflows), came, monitor=watch, live=watch.live, code=code)


def going_over(to: Workflow, at: str, *came: Came) -> tuple[Partition, Ran]:
    """Waits by one version for a day, and goes over to another."""
    ada = Partition("ada", {"shop": version("1d")})
    turn(ada, event("go"), event("a", "1s"))
    again = load(dump(ada), {"shop": to})
    return again, turn(again, *came, code=CodeCame({"shop"}, START + parse(at)))


def test_what_says_the_same_leaves_nothing() -> None:
    _, ran = going_over(version("1d", says="hello again"), "1h")
    assert ran.turn.rows == []


def test_another_length_counts_from_when_the_wait_was_opened() -> None:
    ada, ran = going_over(version("2d"), "1h")
    assert kinds(ran.turn.rows) == [Kind.MOVED]
    assert ada.next_due == START + parse("2d") + 1_000
    assert ran.turn.moved == [[ran.turn.first - 1, ada.next_due]]


@pytest.mark.parametrize("other", ["1h", "2h"])
def test_a_length_that_has_passed_is_due_now(other: str) -> None:
    now = START + parse("3h")
    ada, ran = going_over(version(other), "3h", DeadlinesCame(now))
    assert kinds(ran.turn.rows) == [Kind.MOVED, Kind.WAIT_TIMEOUT, Kind.COMPLETED]
    assert [row[1] for row in ran.turn.rows] == [now] * 3
    assert ada.next_due is None


def until(time: str, zone: str = "UTC", *, sleeps: str = "") -> Workflow:
    @workflow(trigger="go", name="shop", timezone=zone)
    async def shop(journey: Journey) -> None:
        await (journey.sleep(sleeps) if sleeps else journey.until(time))

    return shop


def moved_to(to: Workflow, *before: Came) -> tuple[str | None, list[int]]:
    """Waits until 09:00 UTC, and goes over to another version after an hour: until when, and what is told."""
    ada = Partition("ada", {"shop": until("09:00")})
    turn(ada, *before, event("go"))
    again = load(dump(ada), {"shop": to})
    ran = turn(again, code=CodeCame({"shop"}, START + parse("1h")))
    due = again.next_due
    return None if due is None else iso(due)[11:16], kinds(ran.turn.rows)


def test_another_time_of_day_counts_from_when_the_wait_was_opened() -> None:
    assert moved_to(until("09:00")) == ("09:00", [])
    assert moved_to(until("10:30")) == ("10:30", [Kind.MOVED])
    assert moved_to(until("00:30")) == ("01:00", [Kind.MOVED])
    assert moved_to(until("", sleeps="2h")) == ("02:00", [Kind.MOVED])


def test_another_zone_of_the_workflow_moves_those_who_have_none_of_their_own() -> None:
    assert moved_to(until("09:00", "Europe/Berlin")) == ("08:00", [Kind.MOVED])
    own = event("identify", timezone="America/Lima")
    assert moved_to(until("09:00", "Europe/Berlin"), own) == ("14:00", [])


def test_a_newer_database_of_zones_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ada = Partition("ada", {"shop": until("09:00")})
    turn(ada, event("go"))
    monkeypatch.setattr(journeys, "zone_of", lambda name: timezone(timedelta(hours=5)))
    again = load(dump(ada), {"shop": until("09:00")})
    assert turn(again, code=CodeCame({"shop"}, START + parse("1h"))).turn.rows == []
    assert again.next_due == START + parse("9h")


def test_another_way_closes_what_is_not_waited_for() -> None:
    _, ran = going_over(version("1d", "c"), "1h", event("c", "2h"))
    assert kinds(ran.turn.rows) == [
        *(Kind.MOVED, Kind.WAIT_OPENED, Kind.WAIT_CLOSED),
        *(Kind.EVENT, Kind.WAIT_MATCHED, Kind.COMPLETED),
    ]


def test_others_and_those_that_have_ended_stay() -> None:
    ada = Partition("ada", {"shop": version("1d")})
    turn(ada, event("go"), event("a", "1s"))
    assert turn(ada, code=CodeCame({"another"}, START)).turn.rows == []
    turn(ada, event("b", "2s"))
    assert turn(ada, code=CodeCame({"shop"}, START)).turn.rows == []


def test_what_is_said_before_the_first_wait_is_said_once_and_what_is_new_there_now() -> None:
    @workflow(trigger="go", name="shop")
    async def shop(journey: Journey) -> None:
        journey.log("hello")
        journey.log("and welcome")
        await journey.wait_for("other")

    ada = Partition("ada", {"shop": version("1d")})
    turn(ada, event("go"))
    again = load(dump(ada), {"shop": shop})
    rows = turn(again, code=CodeCame({"shop"}, START + 9)).turn.rows
    assert kinds(rows) == [Kind.MOVED, Kind.LOG, Kind.WAIT_OPENED, Kind.WAIT_CLOSED]
    assert (rows[1][13], rows[1][1]) == ("and welcome", START + 9)
