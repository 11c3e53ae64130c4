"""Who moves to another time zone waits for another moment; tests/conformance/untils.py has how that looks."""

from __future__ import annotations

from studio import Event, Journey, workflow
from studio.kernel.zone_changes import may_tell
from tests.kernel.rules import Rules, kinds

HOUR = 3_600_000


@workflow(trigger="go", timezone="Europe/Berlin")
async def morning(journey: Journey) -> str:
    await journey.until("09:00")
    return f"{journey.now():%H:%M}"


@workflow(trigger="go")
async def tells(journey: Journey) -> None:
    """Says itself where its user is."""
    await journey.wait_for("moved")
    await journey.ingest("identify", {"timezone": "America/Lima"})


@workflow(trigger="go")
async def plain(journey: Journey) -> None:
    await journey.sleep("1d")


def test_what_is_waited_for_is_found_anew_as_of_when_it_was_opened() -> None:
    rules = Rules(morning, plain)
    rules.event("go")
    (told, moved) = rules.event("identify", 2 * HOUR, timezone="America/Lima")
    assert told[0] == "event"
    assert moved[:3] == ("wait.moved", 2 * HOUR, 6)
    changed = {"duration": 14 * HOUR, "zone": "America/Lima", "zone_from": "profile"}
    assert moved[4] == {
        "from": "Europe/Berlin",
        "to": "America/Lima",
        "local": {"time": "09:00"},
        "waits": {"3": changed},
    }
    # What lasts for a time, and not until one, stays.
    assert [wait.due for wait in rules.waits()] == [14 * HOUR, 24 * HOUR]
    assert rules.waits()[0].spec["zone"] == "America/Lima"


def test_a_journey_may_tell_the_zone_that_moves_others() -> None:
    rules = Rules(morning, tells)
    rules.event("go")
    assert kinds(rules.event("moved", HOUR)) == ["event", "wait.matched", "event", "wait.moved"]


def test_the_same_zone_and_none_move_nothing() -> None:
    rules = Rules(morning)
    rules.event("identify", timezone="Europe/Berlin")
    rules.event("go")
    for given in ({"timezone": "Europe/Berlin"}, {"plan": "pro"}):
        assert kinds(rules.event("identify", HOUR, **given)) == ["event"]


def test_a_name_that_is_no_zone_is_said_once() -> None:
    rules = Rules(morning)
    rules.event("go")
    _, said = rules.event("identify", HOUR, timezone="Berlin")
    assert said[0] == "log"
    assert kinds(rules.event("identify", HOUR, timezone="Berlin")) == ["event"]
    assert [wait.due for wait in rules.waits()] == [8 * HOUR]


def test_most_events_are_not_looked_at() -> None:
    assert not may_tell(Event("paid", "ada", 0, '{"timezone":"UTC"}'), None)
    assert not may_tell(Event("identify", "ada", 0, '{"plan":"pro"}'), '{"sent_at":1}')
    assert may_tell(Event("identify", "ada", 0, '{"timezone":"UTC"}'), None)
    assert may_tell(Event("paid", "ada", 0), '{"profile":{"timezone":"UTC"}}')
