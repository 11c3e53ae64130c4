"""Who enters a workflow, and who is held out; tests/conformance/entering.py has how that looks."""

from __future__ import annotations

from collections import Counter

from studio import Event, Journey, User, workflow
from studio.kernel.entering import HELD_OUT, IN, holdout_of, zone_of
from studio.language.kinds import Kind
from tests.kernel.rules import Rules, kinds

DAY = 24 * 3_600_000


def no_guests(user: User, event: Event) -> str | None:
    # What is changed here is changed for nobody else.
    user._journey._reader.profile(0)
    event.data["seen"] = True
    return None if user.get("email") else "a guest"


@workflow(trigger="go", refuse=no_guests, again="30d", timezone="Asia/Tokyo")
async def welcome(journey: Journey) -> bool:
    return "seen" in journey.trigger


@workflow(trigger="go", holdout=25)
async def offer(journey: Journey) -> None:
    await journey.sleep("1d")


def test_the_profile_is_that_of_the_event_which_is_to_begin_the_journey() -> None:
    rules = Rules(welcome)
    assert kinds(rules.event("go")) == ["event", "journey.refused"]
    assert kinds(rules.event("go", email="a@b.c")) == ["event", "journey.started", "journey.completed"]
    assert rules.unit.history[-1][13] == '{"result":false}'


def test_an_event_that_was_refused_says_by_whom_and_why() -> None:
    rules = Rules(welcome)
    told = rules.event("go")
    assert told[1][4] == {"reason": "a guest", "day": "1970-01-01", "until": 15 * 3_600_000}
    assert rules.unit.meta_of(1) == '{"refused":{"welcome":"a guest"}}'
    assert kinds(rules.event("go", 14 * 3_600_000)) == ["event"]
    assert kinds(rules.event("go", 15 * 3_600_000)) == ["event", "journey.refused"]


def test_a_start_that_is_asked_for_is_refused_alike() -> None:
    rules = Rules(welcome)
    assert kinds(rules.event("studio/start/welcome")) == ["event", "journey.refused"]
    rules.event("identify", email="a@b.c")
    assert "journey.started" in kinds(rules.event("studio/start/welcome"))
    refused = rules.event("studio/start/welcome", 29 * DAY)
    assert (refused[1][0], refused[1][4]["again_after"]) == ("journey.refused", 30 * DAY)
    assert "journey.started" in kinds(rules.event("studio/start/welcome", 30 * DAY))


def test_of_so_many_users_so_many_are_held_out() -> None:
    rules = Rules(offer)
    for n in range(1_000):
        rules.event("go", user=f"user{n}")
    drawn = Counter(holdout_of(rules.unit, journey) for journey in rules.unit.journeys)
    assert set(drawn) == {HELD_OUT, IN}
    assert 200 < drawn[HELD_OUT] < 300


def test_who_is_held_out_stays_so() -> None:
    rules = Rules(offer)
    for n in range(20):
        rules.event("go", user=f"user{n}")
    before = [holdout_of(rules.unit, journey) for journey in rules.unit.journeys]
    offer.holdout, kept = 99, offer.holdout
    try:
        for n in range(21):
            rules.event("studio/start/offer", user=f"user{n}")
        assert [holdout_of(rules.unit, journey) for journey in rules.unit.journeys[:20]] == before
        assert sum(row[2] == Kind.SPLIT for row in rules.unit.history) == 21
    finally:
        offer.holdout = kept


def test_the_zone_of_a_user_is_the_profiles_the_workflows_or_utc() -> None:
    rules = Rules(welcome)
    ada, unit = rules.unit.user("ada"), rules.unit
    assert (zone_of(unit, ada, welcome, 9), zone_of(unit, ada, None, 9)) == ("Asia/Tokyo", "UTC")
    rules.event("identify", timezone="America/Lima")
    assert zone_of(unit, ada, welcome, 9) == "America/Lima"
    rules.event("identify", timezone="Mars")
    assert zone_of(unit, ada, welcome, 9) == "Asia/Tokyo"
