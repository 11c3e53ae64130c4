"""Whether a message goes out; tests/conformance/messages.py has how that looks by every way."""

from __future__ import annotations

from typing import Any

from studio import Journey, channel, workflow
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.kernel.partition import Partition
from studio.kernel.partition_dump import dump, load
from studio.kernel.partition_turn import Came, DeadlinesCame, Ran, StepEnded, run_turn
from studio.kernel.records import StepResult
from studio.kernel.triggers import Routes
from studio.language.kinds import Kind
from tests.kernel.partitions import START, event
from tests.kernel.rules import Rules, kinds

HOUR = 3_600_000
DAY = 24 * HOUR
capped = channel("capped", cap="2 per 24h")
quiet = channel("quiet", quiet_hours="22:00-08:00", jitter="1h")


def send() -> str:
    """Called by nobody here."""
    return "sent"


@workflow(trigger="go", key="n", exit_on="left")
async def many(journey: Journey) -> str:
    first = await journey.message(capped, "hello", send, priority=journey.trigger["priority"])
    return first.reason or "sent"


@workflow(trigger="go", key="n")
async def late(journey: Journey) -> str:
    await journey.sleep("21h")
    return (await journey.message(quiet, "late", send, retries=3)).reason or "sent"


def test_of_a_thousand_journeys_of_one_user_due_at_once_two_send_and_each_other_names_the_last() -> None:
    rules = Rules(many)
    for n in range(1_000):
        rules.transition.event(rules.incoming("go", n=n, priority=n % 10), 0)
    rules.end()
    while rules.unit.due_waits(until=0):
        rules.timer()
    sent = [row for row in rules.unit.history if row[2] == Kind.MESSAGE_STARTED]
    dropped = [row for row in rules.unit.history if row[2] == Kind.MESSAGE_DROPPED]
    assert (len(sent), len(dropped)) == (2, 998)
    # The highest priority, and of these the oldest.
    assert [rules.journey(row[4]).key for row in sent] == ["9", "19"]
    assert all('"winner":{"message":"hello","at":0,"workflow":"many"}' in row[13] for row in dropped)


def test_a_message_that_is_served_at_night_waits_though_it_was_due_by_day() -> None:
    rules = Rules(late)
    rules.event("go", n=1)
    rules.timer()
    told = rules.timer(late=2 * HOUR + HOUR // 2)
    assert kinds(told) == ["message.deferred"]
    assert told[0][1] == 21 * HOUR
    # From eight in the morning on, spread over an hour.
    assert 32 * HOUR <= told[0][1] + told[0][4]["duration"] < 33 * HOUR
    assert kinds(rules.timer()) == ["message.started", "step.started"]


def test_each_attempt_is_judged_anew() -> None:
    rules = Rules(late)
    rules.event("go", n=1)
    rules.timer()
    assert kinds(rules.timer()) == ["message.started", "step.started"]
    assert kinds(rules.result(21 * HOUR, type="E", message="no")) == ["step.retry"]
    (told,) = rules.timer(late=3 * HOUR)
    assert (told[0], told[4]["attempt"]) == ("message.deferred", 2)
    (started,) = rules.timer()
    assert (started[0], started[4]["attempt"]) == ("step.started", 2)


def test_after_its_process_died_it_is_judged_anew_and_counts_once() -> None:
    rules = Rules(late)
    rules.event("go", n=1)
    rules.timer()
    rules.timer()
    rules.dies()
    (wait,) = rules.waits()
    rules.transition.recover(wait, 23 * HOUR)
    (told,) = rules.end()
    assert (told[0], told[4]["start"]) == ("message.deferred", 2)
    (started,) = rules.timer()
    assert (started[0], started[4]["start"]) == ("step.started", 2)


def test_one_that_is_under_way_when_its_journey_exits_is_told_when_it_ends_and_drives_nothing() -> None:
    rules = Rules(many)
    rules.event("go", n=1, priority=5)
    rules.timer()
    assert kinds(rules.event("left", HOUR)) == ["event", "step.failed", "journey.exited"]
    (told,) = rules.result(2 * HOUR, result='"sent"')
    assert told[0] == "message.sent"
    assert told[4] == {"result": "sent", "channel": "capped", "left": True}
    rules.event("go", 3 * HOUR, n=2, priority=5)
    rules.timer()
    rules.event("go", 3 * HOUR, n=3, priority=5)
    assert kinds(rules.timer())[0] == "message.dropped"


def turn(of: Partition, *came: Came) -> Ran:
    watch = ThreadMonitor()
    return run_turn(of, Routes(of.workflows), came, monitor=watch, live=watch.live)


def test_what_a_cap_counts_goes_over_with_a_partition_that_was_made_small() -> None:
    ada = Partition("ada", {"many": many})
    for n in range(2):
        turn(ada, event("go", n=n, priority=5))
        ran = turn(ada, DeadlinesCame(START))
        for launch in ran.launches:
            turn(ada, StepEnded(StepResult(launch, '"sent"'), START))
    ada.compact()
    assert ada.history == []
    again = load(dump(ada), {"many": many})
    turn(again, event("go", "1h", n=7, priority=5))
    ran = turn(again, DeadlinesCame(START + HOUR))
    assert [row[2] for row in ran.turn.rows] == [Kind.MESSAGE_DROPPED, Kind.COMPLETED]
    turn(again, event("go", "24h", n=8, priority=5))
    assert len(turn(again, DeadlinesCame(START + DAY)).launches) == 1


def test_the_last_message_of_a_journey_has_the_credit_for_its_goal() -> None:
    from studio import goal

    @workflow(trigger="go", goal=goal("paid"))
    async def sells(journey: Journey) -> None:
        await journey.message(channel("plain"), "first", send)
        await journey.message(channel("plain"), "second", send)

    rules = Rules(sells)
    rules.event("go")
    told: list[Any] = [rules.event("paid", 1)[1][4]]
    for at in (2, 3):
        rules.timer()
        rules.result(at, result="1")
        told.append(next(each for each in rules.event("paid", at) if each[0] in ("goal.met", "event"))[0])
    assert told[0] == {"took": 1}
    other = Rules(sells)
    other.event("go")
    other.timer()
    other.result(2, result="1")
    assert other.event("paid", 3)[1][4] == {"took": 3, "message": "first", "channel": "plain"}
