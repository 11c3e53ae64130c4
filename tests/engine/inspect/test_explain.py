"""Why an event triggered nothing, and what a wait still waits for, on the real engine."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from studio import Engine, Journey, VirtualClock, workflow
from studio.engine.inspect.explain import explain
from studio.engine.inspect.explanation import Proposal, Why
from studio.kernel.matching import MISSING, FieldMismatch
from studio.language.definition import Workflow
from studio.store.views import Views
from tests.store.build import START, Builder


@workflow(trigger="app/signup")
async def welcome(journey: Journey) -> dict[str, bool]:
    await journey.wait_for("app/email.verified", match={"userId": journey.user.id, "ok": True}, timeout="1h")
    return {"ok": True}


@workflow(trigger="cart/created", key="cart_id", again=True)
async def cart(journey: Journey) -> dict[str, bool]:
    paid, left = await journey.wait_any(
        journey.wait_for("order/paid"), journey.wait_for(["cart/*"], past=False)
    )
    return {"paid": bool(paid), "left": bool(left)}


class World:
    """An engine, and a look at what it did."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def send(self, event: str, user: str = "user1", **data: Any) -> int:
        return (await self.engine.ingest(event, user=user, data=data)).seq

    def why(self, seq: int) -> Why:
        with Views(self.engine.path) as views:
            found = explain(views, seq, self.engine.workflows)
        assert found is not None
        return found

    def wait_of(self, user: str = "user1") -> int:
        with Views(self.engine.path) as views:
            return next(row.seq for row in views.waits(user=user) if row.kind == "wait")


@pytest.fixture
async def world(tmp_path: Path) -> Any:
    async with Engine([welcome, cart], store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
        yield World(engine)


async def test_an_event_that_started_something_says_so(world: World) -> None:
    why = world.why(await world.send("app/signup"))
    assert why.woke
    assert why.findings[0].what == "started welcome"


async def test_an_event_that_answered_a_wait_says_so(world: World) -> None:
    await world.send("app/signup")
    why = world.why(await world.send("app/email.verified", userId="user1", ok=True))
    assert why.findings[0].what == "answered welcome's wait for app/email.verified"


async def test_the_field_that_differed_is_named_and_mended(world: World) -> None:
    await world.send("app/signup")
    why = world.why(await world.send("app/email.verified", userId="user-1", ok=True, more=3))
    assert not why.woke
    (near,) = [each for each in why.findings if each.kind == "near"]
    assert near.differences == (FieldMismatch("userId", "user1", "user-1"),)
    assert near.line is not None
    assert near.line.startswith("test_explain.py:")
    assert why.proposal == Proposal("app/email.verified", "user1", {"userId": "user1", "ok": True, "more": 3})


async def test_a_field_that_is_not_there_is_missing(world: World) -> None:
    await world.send("app/signup")
    why = world.why(await world.send("app/email.verified", userId="user1"))
    assert why.findings[0].differences == (FieldMismatch("ok", True, MISSING),)


async def test_an_event_that_a_later_wait_took_from_the_past_did_something(world: World) -> None:
    seq = await world.send("app/email.verified", userId="user1", ok=True)
    other = await world.send("app/email.verified", userId="user2", ok=True)
    assert not world.why(seq).woke
    await world.send("app/signup")
    why = world.why(seq)
    assert why.woke
    assert why.findings[0].what == "was matched later by welcome's wait for app/email.verified"
    assert not world.why(other).woke


async def test_a_near_name_is_hinted_at(world: World) -> None:
    await world.send("app/signup")
    why = world.why(await world.send("app/email.verifed", userId="user1", ok=True))
    assert why.findings[0].hint == "did you mean app/email.verified? 1 letter differs"
    assert why.proposal == Proposal("app/email.verified", "user1", {"userId": "user1", "ok": True})


async def test_a_near_trigger_is_hinted_at(world: World) -> None:
    why = world.why(await world.send("app/sign-up"))
    assert why.findings[0].kind == "trigger"
    assert why.findings[0].hint == "did you mean app/signup? differs only in punctuation"
    assert why.proposal == Proposal("app/signup", "user1", {})


async def test_a_near_user_who_waits_for_just_this_is_found(world: World) -> None:
    await world.send("app/signup")
    why = world.why(await world.send("app/email.verified", "user-1", userId="user1", ok=True))
    assert why.findings[0].kind == "user"
    assert why.findings[0].what == "user1 waits for it in welcome"
    assert why.proposal == Proposal("app/email.verified", "user1", {"userId": "user1", "ok": True})


async def test_a_user_named_in_the_data_is_looked_at(world: World) -> None:
    await world.send("app/signup", "ann")
    why = world.why(await world.send("app/email.verified", "somebody", userId="ann", ok=True))
    assert why.findings[0].hint == "this user is named in the data"


async def test_a_wait_that_had_timed_out_is_named(world: World) -> None:
    await world.send("app/signup")
    await world.engine.forward("2h")
    why = world.why(await world.send("app/email.verified", userId="user1", ok=True))
    assert "welcome's wait for app/email.verified had timed out" in [each.what for each in why.findings]


async def test_a_journey_that_ended_for_good_starts_no_other(world: World) -> None:
    await world.send("app/signup")
    await world.send("app/email.verified", userId="user1", ok=True)
    why = world.why(await world.send("app/signup"))
    (trigger,) = [each for each in why.findings if each.kind == "trigger"]
    assert "completed for good: @workflow(again=True)" in trigger.hint
    assert trigger.far == 15


async def test_a_journey_that_was_asked_for_and_did_not_begin_says_why(world: World) -> None:
    assert world.why(await world.send("studio/start/welcome")).findings[0].what == "started welcome"
    (found,) = world.why(await world.send("studio/start/welcome")).findings
    assert (found.what, found.hint) == ("welcome was asked to start", "its journey already exists")
    (found,) = world.why(await world.send("studio/start/welcom")).findings
    assert found.what == "there is no workflow welcom"


async def test_a_journey_under_way_takes_no_second_trigger(world: World) -> None:
    await world.send("app/signup")
    why = world.why(await world.send("app/signup"))
    (trigger,) = [each for each in why.findings if each.kind == "trigger"]
    assert re.match(r"inside since 20\d\d-\d\d-\d\d \d\d:\d\d, at app/email.verified", trigger.hint)
    # With the entry at which it stands; what is as it should be comes last.
    assert (trigger.seq, trigger.far) == (world.wait_of(), 40)


async def test_journeys_with_a_key_are_told_apart(world: World) -> None:
    await world.send("cart/created", cart_id="a")
    why = world.why(await world.send("order/paid", "user1", cart_id="a"))
    assert why.woke
    assert world.why(await world.send("cart/created", cart_id="b")).woke


async def test_a_wait_tells_its_near_misses_and_what_would_answer_it(world: World) -> None:
    await world.send("app/email.verified", userId="user1", ok=True, early=True)
    await world.send("app/signup", "ann")
    await world.send("app/email.verified", "ann", userId="bob", ok=True)
    await world.send("app/email.verifed", "ann", userId="ann", ok=True)
    await world.send("app/email.verified", "an", userId="ann", ok=True)
    why = world.why(world.wait_of("ann"))
    assert why.open
    assert why.answer == Proposal("app/email.verified", "ann", {"userId": "ann", "ok": True})
    kinds = [(each.kind, each.what, each.hint) for each in why.findings]
    assert ("near", "app/email.verified", "") in kinds
    assert ("near", "app/email.verifed", "did you mean app/email.verified? 1 letter differs") in kinds
    assert ("user", "app/email.verified", "it was sent to user an: 1 letter differs") in kinds


async def test_a_wait_that_is_over_tells_how(world: World) -> None:
    await world.send("app/signup")
    seq = world.wait_of()
    await world.send("app/email.verified", userId="x", ok=True)
    await world.send("app/email.verified", userId="user1", ok=True)
    why = world.why(seq)
    assert not why.open
    assert why.answer is None
    assert [each.what for each in why.findings] == ["matched", "app/email.verified"]


async def test_a_wait_that_timed_out_says_so_and_what_journeys_send_is_no_slip(tmp_path: Path) -> None:
    @workflow(trigger="app/signup")
    async def remind(journey: Journey) -> dict[str, bool]:
        await journey.wait_for("app/account.created", timeout="1h")
        await journey.ingest("reminder/account.created", {})
        return {"ok": True}

    async with Engine(remind, store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
        world = World(engine)
        await world.send("app/signup")
        seq = world.wait_of()
        await engine.forward("2h")
        why = world.why(seq)
        assert [(each.kind, each.what) for each in why.findings] == [("over", "timed out")]
        with Views(engine.path) as views:
            (sent,) = [each for each in views.entries(kinds=["event"]) if each.journey]
        assert world.why(sent.seq).findings == ()


async def test_other_entries_name_what_brought_them_about(world: World) -> None:
    seq = await world.send("app/signup")
    why = world.why(seq + 1)
    assert why.findings[0].what == "caused by event app/signup"
    with Views(world.engine.path) as views:
        assert explain(views, 1_000_000, {}) is None


async def test_hostile_data_breaks_nothing(world: World) -> None:
    await world.send("app/signup")
    deep: Any = "user1"
    for _ in range(45):
        deep = [{"a": deep, "\x1b[31m": "\u202e"}]
    why = world.why(await world.send("app/email.verified", "u" * 400, userId=deep))
    assert isinstance(why, Why)


def test_a_user_with_very_much_is_explained_at_once(tmp_path: Path) -> None:
    import time

    b = Builder(tmp_path / "s.db")
    for i in range(5_000):
        seq = b.event(f"e{i % 700}", "ada", i, {"n": i})
        journey = b.journey("welcome", "ada", seq, i, key=i)
        opened = b.wait(journey, "x", i, 1_000 + i, match={"n": 1})
    for i in range(20_000):
        seq = b.event("x", "ada", i, {"n": 2})
    named: dict[str, Workflow] = {"welcome": welcome, "cart": cart}
    with Views(b.done()) as views:
        began = time.thread_time()
        event, wait = explain(views, seq, named), explain(views, opened, named)
        took = time.thread_time() - began
    assert event is not None
    assert wait is not None
    assert len(json.dumps([each.what for each in event.findings])) < 10_000
    # A generous bound on a busy machine: what is meant is "no walk over everything".
    assert took < 2.0


async def test_what_identify_does_is_said_of_it_and_of_nothing_else(world: World) -> None:
    (said,) = world.why(await world.send("identify", plan="pro")).facts
    assert said.startswith("identify changes the user's profile")
    assert world.why(await world.send("app/other")).facts == ()


async def test_of_waits_for_one_name_that_are_over_the_newest_is_named(tmp_path: Path) -> None:
    @workflow(trigger="go")
    async def twice(journey: Journey) -> None:
        for _ in range(2):
            await journey.wait_for("paid", timeout="1h")
        await journey.wait_for("never")

    async with Engine(twice, store=tmp_path / "s.db", clock=VirtualClock(START)) as engine:
        world = World(engine)
        await world.send("go")
        await engine.forward("3h")
        with Views(engine.path) as views:
            ends = [each.seq for each in views.entries(kinds=["wait.timeout"])]
        why = world.why(await world.send("paid"))
    assert [each.seq for each in why.findings if each.kind == "over"] == ends[-1:]
    assert len(ends) == 2
