"""What a driven journey may look up, as of where it stands."""

from __future__ import annotations

from typing import Any

from studio import Journey, workflow
from studio.kernel.journey_reader import JourneyReader
from studio.language.names import names
from tests.kernel.rules import Rules


@workflow(trigger="go", name="plain")
async def plain(journey: Journey) -> None:
    await journey.wait_for("never")


@workflow(trigger="go", key="k", name="keyed")
async def keyed(journey: Journey) -> None:
    await journey.wait_for("never")


def seen(
    reader: JourneyReader, wanted: str, match: Any = None, past: Any = True, bound: int = 99
) -> list[int]:
    return [event.seq for event in reader.events(names(wanted), match, past, bound)]


def test_events_are_seen_up_to_the_bound_and_by_their_match() -> None:
    rules = Rules(plain)
    rules.event("note", n=1)
    rules.event("go")
    rules.event("note", n=1)
    rules.event("note", n=2)
    reader = JourneyReader(rules.unit, rules.journey())
    assert seen(reader, "note") == [1, 5, 6]
    assert seen(reader, "note", {"n": 1}) == [1, 5]
    assert seen(reader, "note", bound=5) == [1, 5]
    assert seen(reader, "*") == [1, 2, 5, 6]


def test_a_journey_of_a_key_sees_what_concerns_it_since_its_trigger_unless_it_asks_for_ever() -> None:
    rules = Rules(keyed)
    rules.event("note", k="a")
    rules.event("go", k="a")
    for k in ("a", "b"):
        rules.event("note", k=k)
    rules.event("note")
    reader = JourneyReader(rules.unit, rules.journey())
    assert seen(reader, "note") == [5, 7]
    assert seen(reader, "note", past="ever") == [1, 5, 6, 7]


def test_what_an_author_changes_is_changed_for_nobody_else() -> None:
    rules = Rules(plain)
    rules.event("identify", tags=["a"])
    rules.event("go", deep={"n": 1})
    reader, other = (JourneyReader(rules.unit, rules.journey()) for _ in range(2))
    profile: Any = reader.profile(99)
    profile["tags"].append("b")
    # Within one drive it stays as the author has left it.
    assert reader.profile(99) is profile
    assert other.profile(99) == {"tags": ["a"]}
    assert reader.profile(0) == {}
    trigger: Any = reader.trigger()
    trigger.data["deep"]["n"] = 2
    assert reader.trigger()["deep"] == {"n": 1}


def test_a_journey_with_a_key_sees_from_its_own_trigger_on() -> None:
    rules = Rules(keyed)
    rules.event("go", k=2)
    rules.event("note")
    rules.event("go", k=1)
    reader = JourneyReader(rules.unit, rules.journey(2))
    trigger = rules.journey(2).trigger
    rules.event("note")
    assert seen(reader, "go") == [trigger]
    assert seen(reader, "note") == [len(rules.unit.history)]
    assert seen(reader, "go", past="ever") == [1, trigger]
