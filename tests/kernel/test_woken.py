"""Which waits an event ends, asked before it comes."""

from __future__ import annotations

from typing import Any

from studio import Journey, workflow
from studio.kernel.memory import MemoryUnit
from studio.kernel.state import JourneyState, WaitState
from studio.kernel.woken import ended_by, first_of_each
from studio.language.event import Event
from studio.language.kinds import Kind
from studio.text import json_text


@workflow(trigger="go", name="errand", key="shop")
async def errand(journey: Journey) -> None:
    """Only looked up here."""


def begin(unit: MemoryUnit, key: str = "") -> JourneyState:
    return unit.add_journey(unit.user("ada"), errand, unit.name_id("errand"), key, 1, unit.seq, unit.seq)


def wait(unit: MemoryUnit, journey: JourneyState, name: str, n: int = 0, **spec: Any) -> WaitState:
    label, data = unit.name_id(name), json_text.dumps(spec) if spec else None
    seq = unit.append(0, Kind.WAIT_OPENED, journey.user.id, journey, label, n, data=data)
    number = 0 if "events" in spec else label
    return unit.open_wait(
        journey, seq, Kind.WAIT_OPENED, number, None, ("wait", name, n), data, None, label, None
    )


def event(unit: MemoryUnit, name: str, data: dict[str, Any] | None = None) -> Event:
    return Event(name, "ada", 0, json_text.dumps(data or {}), None, unit.seq)


def test_an_event_ends_the_waits_whose_names_and_matches_it_meets() -> None:
    unit = MemoryUnit({"errand": errand})
    journey = begin(unit)
    pattern = wait(unit, journey, "pa*", events=["pa*"])
    paid = wait(unit, journey, "paid")
    much = wait(unit, journey, "paid", 1, match={"much": True})
    assert ended_by(unit, journey, event(unit, "paid")) == [pattern, paid]
    assert ended_by(unit, journey, event(unit, "paid", {"much": True})) == [pattern, paid, much]
    assert ended_by(unit, journey, event(unit, "parted")) == [pattern]
    assert ended_by(unit, journey, event(unit, "left")) == []


def test_those_of_other_journeys_and_for_other_keys_are_left_out() -> None:
    unit = MemoryUnit({"errand": errand})
    one, two = begin(unit, '"a"'), begin(unit, '"b"')
    mine = wait(unit, one, "paid")
    wait(unit, two, "paid")
    assert ended_by(unit, one, event(unit, "paid")) == [mine]
    assert ended_by(unit, one, event(unit, "paid", {"shop": "b"})) == []


def test_what_came_before_a_wait_was_opened_does_not_end_it() -> None:
    unit = MemoryUnit({"errand": errand})
    journey = begin(unit)
    before = event(unit, "paid")
    wait(unit, journey, "paid")
    assert ended_by(unit, journey, before) == []


def test_of_waits_for_the_same_only_the_first_ends() -> None:
    unit = MemoryUnit({"errand": errand})
    journey = begin(unit)
    first, second = wait(unit, journey, "paid"), wait(unit, journey, "paid", 1)
    other = wait(unit, journey, "paid", 2, match={"n": 1})
    assert first_of_each([first, second, other]) == [first, other]
    assert first_of_each([second]) == [second]
    assert first_of_each([]) == []
