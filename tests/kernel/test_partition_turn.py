"""A turn: what came is carried out in order, and says what came of it."""

from __future__ import annotations

from studio.errors import JourneyError
from studio.kernel.partition_turn import ActCame
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
