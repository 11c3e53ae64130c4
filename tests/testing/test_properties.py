"""Event sequences from a workflow's map, and invariants that find what is wrong."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import find, given, settings

from studio import Journey, workflow
from studio.design.outline.flow_reader import read
from studio.errors import StudioError
from studio.source.loader import load
from studio.store.records import Entry
from studio.testing import (
    Happening,
    Journeys,
    Pause,
    Send,
    always_ends,
    check,
    event_sequences,
    never_more_than,
    no_message_after_exit,
)
from studio.testing.vocabulary import vocabulary

ROOT = Path(__file__).parent.parent.parent
CART = load(ROOT / "workflows" / "cart.py").workflows["cart"]


async def send(to: str) -> int:
    """Never called: steps are stubbed."""
    raise AssertionError("a step's own function was called")


@workflow(trigger="signup", exit_on="left")
async def good(journey: Journey) -> dict[str, Any]:
    """At most three messages, and always an end."""
    for _ in range(3):
        paid = await journey.wait_for("paid", match={"plan": "pro", "by": journey.user.id}, timeout="7d")
        if paid:
            return {"paid": True}
        await journey.step("send reminder", send, journey.user.id)
    return {"paid": False}


@workflow(trigger=["go", "app/*"])
async def endless(journey: Journey) -> dict[str, Any]:
    """Waits for ever once somebody answered too late."""
    if not await journey.wait_for("answer", timeout="1d"):
        await journey.wait_for("answer")
    return {}


def test_a_vocabulary_is_read_from_the_map() -> None:
    words = vocabulary(good, read(good))
    assert words.triggers == ("signup",)
    assert words.events == ("signup", "paid", "left", "something/else")
    assert words.pauses == ("1s", "2s", "7d", "7d1s")
    assert words.fields("paid", "ada") == {"plan": ["pro", "ada", "a", "b"], "by": ["ada", "a", "b"]}
    assert words.fields("left", "ada") == {}
    words = vocabulary(endless, read(endless))
    assert words.triggers == ("go", "app/other")
    words = vocabulary(CART, read(CART))
    assert words.triggers == ("cart/created",)
    assert set(words.events) == {
        "cart/created",
        "cart/checked_out",
        "cart/emptied",
        "user/unsubscribed",
        "something/else",
    }
    assert words.fields("cart/emptied", "ada")["cart_id"] == ["a", "b"]


@given(event_sequences(good, users=("ada", "bob")))
def test_a_sequence_begins_with_a_trigger(happenings: list[Happening]) -> None:
    first, *rest = happenings
    assert isinstance(first, Send)
    assert first.event == "signup"
    assert all(each.user in ("ada", "bob") for each in rest if isinstance(each, Send))
    assert all(each.by in ("1s", "2s", "7d", "7d1s") for each in rest if isinstance(each, Pause))


@settings(max_examples=20)
@given(event_sequences(good))
def test_what_holds_holds(happenings: list[Happening]) -> None:
    check(good, happenings, never_more_than(3, "send *"), always_ends(), no_message_after_exit())


@settings(max_examples=10)
@given(event_sequences(CART, most=6))
def test_the_example_of_the_carts_keeps_its_word(happenings: list[Happening]) -> None:
    check(CART, happenings, never_more_than(3, "send reminder"), always_ends(), no_message_after_exit())


def test_a_sequence_is_found_that_breaks_what_does_not_hold() -> None:
    def breaks(happenings: list[Happening]) -> bool:
        try:
            check(endless, happenings, always_ends())
        except AssertionError:
            return True
        return False

    found = find(event_sequences(endless, most=2), breaks, settings=settings(max_examples=50, database=None))
    assert found == [Send("go", "user1")]
    with pytest.raises(AssertionError, match="endless/user1 does not end: it is waiting") as caught:
        check(endless, found, always_ends())
    assert "+1d      ◷ waits for answer" in str(caught.value)


def test_too_many_messages_are_told_with_the_timeline() -> None:
    with pytest.raises(AssertionError, match=r"good/ada came to more than 2 of 'send \*'") as caught:
        check(good, [Send("signup", "ada")], never_more_than(2, "send *"))
    assert "+21d      ■ send reminder" in str(caught.value)
    check(good, [Send("signup", "ada")], never_more_than(2, "mail *"))


def test_a_message_after_the_exit_is_told() -> None:
    @workflow(trigger="go", exit_on="left", key="n")
    async def keyed(journey: Journey) -> dict[str, Any]:
        await journey.sleep("1d")
        await journey.ingest("mail/sent")
        return {}

    happenings = [Send("go", "ada", {"n": 1}), Send("left", "ada"), Send("go", "ada", {"n": 2})]
    # What begins anew may speak anew.
    check(keyed, happenings, no_message_after_exit())
    # The other goes on, when the exit names one.
    both = [Send("go", "ada", {"n": 1}), Send("go", "ada", {"n": 2}), Send("left", "ada", {"n": 1})]
    check(keyed, both, no_message_after_exit())

    @workflow(trigger="go", exit_on="left")
    async def early(journey: Journey) -> dict[str, Any]:
        await journey.ingest("mail/sent")
        await journey.sleep("1d")
        return {}

    class Restless(Journeys):
        """As if a journey went on after its exit, which the engine never lets one do."""

        def entries(self, user: str | None = None) -> list[Entry]:
            return sorted(super().entries(user), key=lambda e: e.kind != "journey.exited")

    with Restless(early) as journeys:
        journeys.send("go", "ada")
        no_message_after_exit()(journeys)
        journeys.send("left", "ada")
        no_message_after_exit("other/*")(journeys)
        with pytest.raises(AssertionError, match="early/ada came to 'mail/sent' after its exit"):
            no_message_after_exit()(journeys)


def test_results_of_steps_can_be_given() -> None:
    @workflow(trigger="go")
    async def asks(journey: Journey) -> dict[str, Any]:
        price = await journey.step("ask price", send, "shop")
        return {"price": price + 1}

    check(asks, [Send("go", "ada")], always_ends(), stubs={"ask price": 41})
    with pytest.raises(AssertionError, match="asks/ada does not end: it is failed"):
        check(asks, [Send("go", "ada")], always_ends())


def test_without_hypothesis_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(StudioError, match=r"is not installed\. pip install hypothesis"):
        event_sequences(good)
