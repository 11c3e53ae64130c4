"""The kernel's rules hold on each path: what the explorer decides is only which cause comes next."""

from __future__ import annotations

from typing import Any

from studio import Journey, StepFailed, workflow
from studio.clocks import durations
from studio.design.explorer.samples import Samples
from studio.design.explorer.search import Bounds, explore
from tests.design.explorer.odd import charge
from tests.design.explorer.playing import play, told

HOUR = durations.parse("1h")


@workflow(trigger="go")
async def pays_or_gives_up(journey: Journey) -> Any:
    try:
        step = journey.step("charge", charge, "u", retries=2, pause="1h")
        paid, slept = await journey.wait_any(step, journey.sleep("30m", "slept"))
    except StepFailed:
        return "failed"
    return "paid" if paid is not None else slept


def test_while_a_failed_step_pauses_other_deadlines_come() -> None:
    paid, paused = explore(pays_or_gives_up).paths
    assert (paid.end.result, paid.time) == ("paid", 0)
    assert (paused.end.result, paused.time) == ("slept", HOUR // 2)
    assert [each.outcome for each in paused.steps[0].members] == ["open", "done"]


@workflow(trigger="go")
async def asks_twice(journey: Journey) -> list[bool]:
    asked = journey.wait_for("a", timeout="1d")
    one, _ = await journey.wait_any(asked, journey.sleep("1h"))
    return [bool(one), bool(await asked)]


async def test_a_member_of_a_group_that_is_over_may_be_awaited_again() -> None:
    found = explore(asks_twice)
    assert [path.end.result for path in found.paths] == [[True, True], [False, True], [False, False]]
    for path in found.paths:
        assert await play(asks_twice, path, Samples()) == told(path), path.choices


@workflow(trigger="cart/created", key="cart_id")
async def carts(journey: Journey) -> str:
    if journey.trigger["cart_id"] == "second":
        journey.log("mine is another")
        await journey.sleep("30m")
        await journey.ingest("seen")
        return "second"
    await journey.ingest("cart/created", {"cart_id": "second"})
    seen = await journey.wait_for("seen", timeout="1h")
    return "seen" if seen else "not seen"


def test_a_journey_that_is_begun_on_the_way_goes_its_own_and_may_be_heard_of() -> None:
    by_hand, by_the_other = explore(carts).paths
    assert (by_hand.end.result, by_hand.time) == ("seen", 0)
    assert (by_the_other.end.result, by_the_other.time) == ("seen", HOUR // 2)
    for path in (by_hand, by_the_other):
        assert [step.kind for step in path.steps] == ["send", "wait"]
        assert path.passes == 1


@workflow(trigger="go")
async def invites(journey: Journey) -> str:
    if journey.user.id != "guest":
        await journey.ingest("go", user="guest")
        return "invited"
    await journey.wait_for("never")
    return "guest"


def test_what_another_user_gets_is_no_part_of_the_way() -> None:
    (path,) = explore(invites).paths
    assert (path.end.result, [step.user for step in path.steps]) == ("invited", ["guest"])
    assert [name for _, name, _ in path.events] == ["go"]


@workflow(trigger="order", key="order_id")
async def looks_at_all(journey: Journey) -> Any:
    paid = await journey.wait_for("paid", {"order_id": "another"}, "1d", past="ever")
    return bool(paid)


def test_an_event_for_another_key_ends_no_wait_whatever_past_it_looks_at() -> None:
    found = explore(looks_at_all)
    assert [path.end.result for path in found.paths] == [False]
    assert ["another order_id" in each.why for each in found.impossible] == [True]


@workflow(trigger="go")
async def never_leaves(journey: Journey) -> None:
    while True:
        try:
            await journey.wait_for("x")
        except BaseException:
            continue


def test_a_function_that_does_not_let_itself_be_left_fails_with_its_line() -> None:
    (path,) = explore(never_leaves).paths
    assert path.end.kind == "failed"
    assert "catches the engine's own Suspended" in path.end.text
    assert path.end.line.startswith("test_rules.py:")


@workflow(trigger="go")
async def three_waits(journey: Journey) -> list[bool]:
    return [bool(await journey.wait_for(name, timeout="1h")) for name in ("a", "b", "c")]


async def test_ways_that_part_late_have_the_same_beginning_and_disturb_each_other_nowhere() -> None:
    found = explore(three_waits)
    assert [path.end.result for path in found.paths] == [
        [bool(n & 4), bool(n & 2), bool(n & 1)] for n in range(7, -1, -1)
    ]
    for path in found.paths:
        assert await play(three_waits, path, Samples()) == told(path), path.choices


def test_journeys_that_go_on_for_ever_beside_it_end_the_way_by_its_bound() -> None:
    @workflow(trigger="tick", key="n")
    async def ticks(journey: Journey) -> str | None:
        if journey.trigger["n"] == "other":
            await journey.sleep("1s")
            await journey.new_pass()
        await journey.ingest("tick", {"n": "other"})
        await journey.sleep("365d")
        return "a year"

    (path,) = explore(ticks, bounds=Bounds(seconds=60)).paths
    assert (path.end.kind, path.end.text) == ("bound reached", "2,000 causes")
