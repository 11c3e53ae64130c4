"""A history of samples: it says what it has not, and can be forked, to go on from there another way."""

from __future__ import annotations

import pytest

from studio import Journey, workflow
from studio.design.explorer.sampled import SampledHistory
from studio.language.kinds import Kind
from studio.language.names import names
from tests.kernel.test_ports import AT, begin, fill, send


@workflow(trigger="go", name="errand")
async def errand(journey: Journey) -> None:
    """Only looked up here."""


def nobody(field_name: str, source: str) -> None:
    """Whom nothing is told."""


def unit() -> SampledHistory:
    return SampledHistory({"errand": errand}, nobody, "s")


def test_what_happens_to_a_copy_does_not_happen_to_the_original() -> None:
    mine = unit()
    fill(mine)
    other = mine.fork(nobody)
    ada, name = other.user("ada"), other.name_id("paid")
    (wait,) = other.waits_for(ada, name)
    assert wait.journey is other.journeys[wait.journey.id - 1]
    assert wait.journey.user is ada
    other.end_wait(wait)
    send(other, "ada", "identify", {"plan": "team"})
    begin(other, "bob", '"other"', 1, 4)
    other.append(AT, Kind.LOG, ada.id, wait.journey, data="only here")
    assert other.waits_for(ada, name) == []
    assert other.profile(ada, other.seq)["plan"] == "team"

    user = mine.user("ada")
    assert [each.key for each in mine.waits_for(user, mine.name_id("paid"))] == [("wait", "paid", 0)]
    assert mine.profile(user, 1_000)["plan"] == "pro"
    assert (len(mine.journeys), len(other.journeys)) == (3, 4)
    assert mine.said(mine.journeys[1], 0) == []


def test_the_deadline_that_comes_first() -> None:
    made = unit()
    assert made.first_due() is None
    fill(made)
    first = made.first_due()
    assert first is not None
    assert (first.due, first.key) == (AT, ("wait", "paid", 0))


def test_what_is_asked_for_and_not_there_is_told_to_who_goes_on_with_it() -> None:
    told: list[tuple[str, str]] = []
    mine = unit()
    send(mine, "ada", "paid", {"plan": {"name": "pro"}, "items": [{"sku": 1}]})
    other = mine.fork(lambda *what: told.append(what))
    (event,) = other.events(other.user("ada"), names("paid"), None, 0, 10)
    assert (event["plan"]["name"], event.get("none")) == ("pro", None)
    with pytest.raises(KeyError):
        _ = event["plan"]["price"]
    with pytest.raises(KeyError):
        _ = event["items"][0]["n"]
    with pytest.raises(KeyError):
        _ = event["code"]
    with pytest.raises(KeyError):
        _ = other.profile(other.user("ada"), 10)["phone"]
    assert told == [
        ("none", "paid"),
        ("plan.price", "paid"),
        ("items.0.n", "paid"),
        ("code", "paid"),
        ("phone", "the user"),
    ]
