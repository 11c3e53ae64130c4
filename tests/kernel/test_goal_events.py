"""Which journeys meet their goal; tests/conformance/goals.py has how that looks by every way."""

from __future__ import annotations

from typing import Any

from studio import Journey, goal, workflow
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.kernel.goal_events import had_already
from studio.kernel.partition import Partition
from studio.kernel.partition_dump import dump, load
from studio.kernel.partition_turn import Came, Ran, run_turn
from studio.kernel.triggers import Routes
from studio.language.kinds import Kind
from tests.kernel.partitions import event
from tests.kernel.rules import Rules, kinds

HOUR = 3_600_000


@workflow(trigger="go", goal=goal("paid", within="2h"), again=True)
async def brief(journey: Journey) -> str:
    return "over"


def met(rules: Rules, at: int, **data: Any) -> list[Any]:
    return [each[4] for each in rules.event("paid", at, **data) if each[0] == "goal.met"]


def test_each_journey_whose_window_is_open_meets_it_once() -> None:
    rules = Rules(brief)
    rules.event("go", 0)
    rules.event("go", HOUR)
    window = {"within": 2 * HOUR}
    assert met(rules, HOUR + 1) == [{"took": HOUR + 1, **window}, {"took": 1, **window}]
    rules.event("go", 2 * HOUR)
    assert met(rules, 4 * HOUR) == [{"took": 2 * HOUR, **window}]
    assert met(rules, 4 * HOUR) == []


def turn(of: Partition, *came: Came) -> Ran:
    watch = ThreadMonitor()
    return run_turn(of, Routes(of.workflows), came, monitor=watch, live=watch.live)


def test_a_partition_made_small_keeps_ended_journeys_until_their_windows_are_over() -> None:
    ada = Partition("ada", {"brief": brief})
    turn(ada, event("go"), event("go", "1h"), event("go", "90m"))
    ada.compact()
    assert len(ada.journeys) == 3
    again = load(dump(ada), {"brief": brief})
    told = turn(again, event("paid", "2h30m")).turn
    assert sum(row[2] == Kind.GOAL for row in told.rows) == 2
    again.compact()
    # The newest stays, so that another may follow it.
    assert len(again.journeys) == 1


def test_a_goal_is_met_before_the_event_does_anything_else() -> None:
    @workflow(trigger="paid", goal=goal("paid"), again=True)
    async def chain(journey: Journey) -> str:
        return "over"

    rules = Rules(chain)
    assert kinds(rules.event("paid")) == ["event", "journey.started", "journey.completed"]
    assert kinds(rules.event("paid")) == ["event", "goal.met", "journey.started", "journey.completed"]


def test_who_had_the_goal_event_before_had_the_newest_that_fits() -> None:
    @workflow(trigger="go", goal=goal("paid", match={"n": 1}))
    async def first(journey: Journey) -> None:
        await journey.wait_for("never")

    @workflow(trigger="go", goal=goal("paid"))
    async def any_one(journey: Journey) -> None:
        await journey.wait_for("never")

    @workflow(trigger="go")
    async def none(journey: Journey) -> None:
        await journey.wait_for("never")

    rules = Rules(first, any_one, none)
    for at, n in ((1, 1), (2, 2)):
        rules.event("paid", at, n=n)
    user, unit = rules.unit.user("ada"), rules.unit
    assert had_already(unit, user, first, 10) == {"event": "paid", "at": 1}
    assert had_already(unit, user, any_one, 10) == {"event": "paid", "at": 2}
    assert had_already(unit, user, any_one, 1) == {"event": "paid", "at": 1}
    assert had_already(unit, user, any_one, 0) is None
    assert had_already(unit, user, none, 10) is None


def test_a_journey_with_a_key_meets_its_goal_by_events_of_its_own_value_and_by_those_without() -> None:
    @workflow(trigger="go", key="cart", goal=goal(["paid", "left"]))
    async def carts(journey: Journey) -> str:
        return "over"

    rules = Rules(carts)
    for cart in (1, 2, 3):
        rules.event("go", cart=cart)
    assert kinds(rules.event("paid", 5, cart=2)) == ["event", "goal.met"]
    assert rules.unit.marks(rules.unit.user("ada"), Kind.GOAL)[0].journey == 2
    assert kinds(rules.event("left", 6)) == ["event", "goal.met", "goal.met"]


def test_what_was_sent_before_a_journey_began_is_not_its_goal() -> None:
    @workflow(trigger="go")
    async def a_sender(journey: Journey) -> None:
        await journey.ingest("paid")

    @workflow(trigger="go", goal=goal("paid"))
    async def begins_after(journey: Journey) -> None:
        await journey.wait_for("never")

    rules = Rules(a_sender, begins_after)
    assert "goal.met" not in kinds(rules.event("go"))
    assert kinds(rules.event("paid", 1)) == ["event", "goal.met"]


def test_the_last_message_that_a_journey_has_sent_is_credited() -> None:
    rules = Rules(brief)
    for at in range(4):
        rules.event("go", at)
    unit, user = rules.unit, rules.unit.user("ada")
    sent: tuple[tuple[int, str | None, str | None], ...] = (
        (1, "welcome", '{"channel":"sms"}'),
        (2, "reminder", "{}"),
        (1, "offer", '{"channel":"email"}'),
        (3, None, '{"channel":"push"}'),
    )
    for n, name, data in sent:
        label = None if name is None else unit.name_id(name)
        unit.append(5, Kind.MESSAGE_SENT, user.id, rules.journey(n), label, data=data)
    assert [{**each, "took": None, "within": None} for each in met(rules, 10)] == [
        {"took": None, "within": None, **told}
        for told in ({"message": "offer", "channel": "email"}, {"message": "reminder"}, {}, {})
    ]
