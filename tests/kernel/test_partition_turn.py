"""A turn: what came is carried out in order, and says what came of it."""

from __future__ import annotations

from studio import Journey, workflow
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.errors import JourneyError
from studio.kernel.partition import Partition
from studio.kernel.partition_turn import ActCame, journey_named, run_turn
from studio.kernel.triggers import Routes
from studio.language.kinds import Kind, Status
from tests.kernel.partitions import START, event, kinds, partition, time, turn


def test_several_that_came_are_the_history_of_several_turns() -> None:
    ada, bob = partition(), partition()
    together = turn(ada, event("signup"), event("active", "1h", n=1), event("active", "2h", n=2)).turn
    one_by_one = [
        row
        for came in (event("signup"), event("active", "1h", n=1), event("active", "2h", n=2))
        for row in turn(bob, came).turn.rows
    ]
    assert kinds(together.rows) == kinds(one_by_one)
    assert [row[0] for row in together.rows] == [row[0] for row in one_by_one]


def test_a_deadline_that_is_served_late_says_so() -> None:
    ada = partition()
    turn(ada, event("signup"))
    late = time("7d")._replace(now=START + 8 * 86_400_000)
    rows = turn(ada, late).turn.rows
    assert (rows[0][2], rows[0][1], rows[0][11]) == (Kind.WAIT_TIMEOUT, time("7d").until, 86_400_000)


def test_acts_are_done_or_refused_and_what_follows_goes_on() -> None:
    ada = partition()
    turn(ada, event("signup"))
    ran = turn(
        ada,
        ActCame("resume", "welcome/ada", START),
        ActCame("cancel", "nobody/ada", START),
        ActCame("time_out", 4, START),
        ActCame("cancel", "welcome/ada", START),
    )
    refused, unknown, *rest = ran.answers
    assert isinstance(refused, JourneyError)
    assert "only a failed journey" in str(refused)
    assert "no such journey" in str(unknown)
    assert rest == [None, None]
    assert kinds(ran.turn.rows)[0] == Kind.WAIT_TIMEOUT
    assert kinds(ran.turn.rows)[-1] == Kind.CANCELLED
    assert ran.turn.journeys[0][4] == Status.CANCELLED
    assert ran.turn.ended == [4]


def test_nothing_stands_when_a_turn_is_over() -> None:
    left: list[str] = []

    @workflow(trigger="go", name="ticks")
    async def ticks(journey: Journey) -> None:
        try:
            for _ in range(5):
                await journey.wait_for("tick", past=False)
        finally:
            left.append("left")

    ada, watch = Partition("ada", {"ticks": ticks}), ThreadMonitor()
    came = (event("go"), event("tick"), event("tick"))
    run_turn(ada, Routes(ada.workflows), came, monitor=watch, live=watch.live)
    # After its first drive, and at the end.
    assert (left, watch.live.standing()) == (["left"] * 2, [])


def test_an_act_on_an_id_that_two_journeys_have_names_both() -> None:
    @workflow(trigger="go", key="k", name="keyed")
    async def keyed(journey: Journey) -> None:
        await journey.wait_for("tick")

    ada, watch = Partition("ada", {"keyed": keyed}), ThreadMonitor()
    # A text and a number that read alike.
    came = (event("go", k=7), event("go", k="7"), ActCame("cancel", "keyed/ada/7", START))
    ran = run_turn(ada, Routes(ada.workflows), came, monitor=watch, live=watch.live)
    assert isinstance(ran.answers[-1], JourneyError)
    assert Kind.CANCELLED not in kinds(ran.turn.rows)
    assert journey_named(ada, 'keyed//ada/"7"').key == '"7"'
