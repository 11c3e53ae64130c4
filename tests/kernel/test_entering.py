"""Who enters a workflow, and who is held out; tests/conformance/entering.py has how that looks."""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from studio import Event, Journey, User, workflow
from studio.kernel.drive import Abandoned
from studio.kernel.entering import HELD_OUT, IN, MAX_REASON, holdout_of, zone_of
from studio.kernel.memory import MemoryUnit
from studio.language.kinds import Kind
from studio.language.splits import HOLDOUT
from studio.text import json_text
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


class Odd:
    """Cannot be compared, as what numerical libraries compare cannot be taken for true or false."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("the truth of it is not known")

    __hash__ = None  # type: ignore[assignment]


def entry_after(said: Any) -> dict[str, Any] | None:
    """What the entry says when a workflow's `refuse=` has given this; None: the user enters."""

    def refuse(user: User, event: Event) -> Any:
        return said

    @workflow(trigger="go", refuse=refuse)
    async def asks(journey: Journey) -> bool:
        return True

    told = Rules(asks).event("go")
    if kinds(told) == ["event", "journey.started", "journey.completed"]:
        return None
    assert kinds(told) == ["event", "journey.refused"]
    facts: dict[str, Any] = told[1][4]
    line = facts.pop("broken", None)
    assert line in (None, f"{Path(__file__).name}:{refuse.__code__.co_firstlineno}")
    return {"reason": facts["reason"], "is_broken": line is not None}


@pytest.mark.parametrize("said", [None, "", False])
def test_who_is_not_refused_enters(said: Any) -> None:
    assert entry_after(said) is None


@pytest.mark.parametrize(
    ("said", "reason", "is_broken"),
    [
        ("a guest", "a guest", False),
        (" a\nguest,\t of  two\ud800 ", "a guest, of two\\ud800", False),
        (True, "refuse= gave bool in place of a reason", True),
        (0, "refuse= gave int in place of a reason", True),
        (["a guest"], "refuse= gave list in place of a reason", True),
        (Odd(), "refuse= gave Odd in place of a reason", True),
    ],
)
def test_the_reason_is_one_line_and_what_is_none_is_said(said: Any, reason: str, is_broken: bool) -> None:
    assert entry_after(said) == {"reason": reason, "is_broken": is_broken}


def test_a_long_reason_is_shortened() -> None:
    facts = entry_after("x" * 5_000)
    assert facts is not None
    assert facts["reason"] == "x" * MAX_REASON + "…"


def test_one_that_is_broken_lets_nobody_in_and_says_where_it_broke() -> None:
    plans: dict[str, str] = {}

    def looks_up(user: User) -> str:
        return plans[user.id]

    def refuse(user: User, event: Event) -> str:
        return looks_up(user)

    @workflow(trigger="go", refuse=refuse)
    async def asks(journey: Journey) -> bool:
        return True

    facts = Rules(asks).event("go")[1][4]
    assert facts["reason"] == "refuse= failed: KeyError: 'ada'"
    assert facts["broken"] == f"{Path(__file__).name}:{looks_up.__code__.co_firstlineno + 1}"


class Mute(Exception):
    """One whose text cannot be made."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SystemExit(3), "refuse= failed: SystemExit: 3"),
        (KeyboardInterrupt(), "refuse= failed: KeyboardInterrupt: "),
        (Mute(), "refuse= failed: Mute: (its text cannot be made: RuntimeError)"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_one_that_would_end_the_engine_ends_nothing(error: BaseException, reason: str) -> None:
    def refuse(user: User, event: Event) -> str:
        raise error

    @workflow(trigger="go", refuse=refuse)
    async def asks(journey: Journey) -> bool:
        return True

    assert Rules(asks).event("go")[1][4]["reason"] == reason.strip()


def test_a_thread_that_was_given_up_does_not_go_on_to_refuse() -> None:
    def refuse(user: User, event: Event) -> str:
        raise Abandoned

    @workflow(trigger="go", refuse=refuse)
    async def asks(journey: Journey) -> bool:
        return True

    with pytest.raises(Abandoned):
        Rules(asks).event("go")


def test_of_what_is_no_function_no_line_is_named() -> None:
    def of_plan(plan: int, user: User, event: Event) -> int:
        return plan

    @workflow(trigger="go", refuse=functools.partial(of_plan, 5))  # type: ignore[arg-type]
    async def asks(journey: Journey) -> bool:
        return True

    facts = Rules(asks).event("go")[1][4]
    assert (facts["reason"], facts["broken"]) == ("refuse= gave int in place of a reason", "")


def test_two_workflows_that_refuse_an_event_both_say_so() -> None:
    def no(user: User, event: Event) -> str:
        return "nobody today"

    @workflow(trigger="go", refuse=no)
    async def one(journey: Journey) -> bool:
        return True

    @workflow(trigger="go", refuse=no)
    async def two(journey: Journey) -> bool:
        return True

    rules = Rules(one, two)
    assert kinds(rules.event("go")) == ["event", "journey.refused", "journey.refused"]
    assert json_text.loads(rules.unit.meta_of(1) or "") == {
        "refused": {"one": "nobody today", "two": "nobody today"}
    }
    assert kinds(rules.event("go", 1)) == ["event"]


def test_a_day_of_twenty_five_hours_has_one_entry() -> None:
    def no(user: User, event: Event) -> str:
        return str(event.data.get("why", "nobody today"))

    @workflow(trigger="go", refuse=no, timezone="America/New_York")
    async def asks(journey: Journey) -> bool:
        return True

    rules = Rules(asks)
    # 2026-11-01 in New York: from 04:00 UTC to 05:00 UTC of the next day.
    midnight = 1_793_505_600_000
    assert rules.event("go", midnight)[1][4]["day"] == "2026-11-01"
    last = midnight + 25 * 3_600_000 - 1
    assert kinds(rules.event("go", last)) == ["event"]
    assert kinds(rules.event("go", last, why="another")) == ["event", "journey.refused"]
    assert rules.event("go", last + 1)[1][4]["day"] == "2026-11-02"


def test_how_long_one_stays_out_is_counted_for_each_key() -> None:
    @workflow(trigger="go", key="cart", again="30d")
    async def carts(journey: Journey) -> bool:
        return True

    rules = Rules(carts)
    for cart in (1, 2):
        assert "journey.started" in kinds(rules.event("go", cart * DAY, cart=cart))
    refused = rules.event("go", 31 * DAY - 1, cart=1)[1]
    assert refused[0] == "journey.refused"
    assert refused[4]["reason"] == "entered too short a time ago"
    assert "journey.started" in kinds(rules.event("go", 31 * DAY, cart=1))
    assert "journey.refused" in kinds(rules.event("go", 31 * DAY, cart=2))
    # Of what was cut off nobody knows when it began.
    rules.journey(2).entered = None
    assert "journey.started" in kinds(rules.event("go", 31 * DAY, cart=2))


def test_one_may_enter_again_at_once_where_no_time_is_asked_for() -> None:
    @workflow(trigger="go", again=True)
    async def at_once(journey: Journey) -> bool:
        return True

    rules = Rules(at_once)
    for _ in range(3):
        assert kinds(rules.event("go")) == ["event", "journey.started", "journey.completed"]


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


def test_testers_are_in_no_draw() -> None:
    rules = Rules(offer)
    for user, test in (("ada", True), ("bob", 1), ("eve", False)):
        rules.event("identify", user=user, test=test)
        rules.event("go", user=user)
    drawn = [row for row in rules.unit.history if row[2] == Kind.SPLIT]
    assert [row[3] for row in drawn] == [rules.unit.user(name).id for name in ("bob", "eve")]
    assert json_text.loads(drawn[0][13])["of"] == {HELD_OUT: 25, IN: 75}


def test_each_workflow_holds_out_for_itself() -> None:
    @workflow(trigger="go", holdout=50)
    async def other(journey: Journey) -> None:
        await journey.sleep("1d")

    rules = Rules(other, offer)
    rules.event("go")
    of_other, of_offer = rules.unit.journeys
    assert sum(row[2] == Kind.SPLIT for row in rules.unit.history) == 2
    user, unit = rules.unit.user("ada"), MemoryUnit({})
    for journey, name, arm in (
        (of_other, HOLDOUT, IN),
        (of_offer, "price", "a"),
        (of_offer, HOLDOUT, HELD_OUT),
        (of_offer, HOLDOUT, IN),
    ):
        unit.journeys = [of_other, of_offer]
        unit.append(0, Kind.SPLIT, user.id, journey, unit.name_id(name), data=json_text.dumps({"arm": arm}))
    assert holdout_of(unit, of_other) == IN
    assert holdout_of(unit, of_offer) == HELD_OUT


def test_the_zone_of_a_user_is_the_profiles_the_workflows_or_utc() -> None:
    rules = Rules(welcome)
    ada, unit = rules.unit.user("ada"), rules.unit
    assert (zone_of(unit, ada, welcome, 9), zone_of(unit, ada, None, 9)) == ("Asia/Tokyo", "UTC")
    rules.event("identify", timezone="America/Lima")
    assert zone_of(unit, ada, welcome, 9) == "America/Lima"
    rules.event("identify", timezone="Mars")
    assert zone_of(unit, ada, welcome, 9) == "Asia/Tokyo"
