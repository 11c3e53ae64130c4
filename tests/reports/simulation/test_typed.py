"""Made-up users send events that fit the types of these."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from studio import Journey, event, workflow
from studio.errors import EventError
from studio.reports.simulation.profile import profile_of
from studio.reports.simulation.simulating import SimulationRun, turns
from studio.reports.simulation.typed import typed
from studio.source.event_door import types_in
from tests.reports.journeys import START_MS


@event("signup")
@dataclass
class Signup:
    plan: str
    number: str


@event("paid")
@dataclass
class Paid:
    amount: int
    cart_id: str


@workflow(trigger=Signup)
async def welcome(journey: Journey) -> dict[str, int | None]:
    paid = await journey.wait_for(Paid, timeout="9d")
    return {"amount": paid.first.amount if paid.first else None}


PROFILE = profile_of(
    {
        "arrivals": {"event": "signup", "over": "1d", "data": {"number": "{number}"}},
        "events": {"paid": {"chance": 1.0, "p50": "1d", "data": {"cart_id": "of {user}"}}},
    },
    "p",
)


def test_what_a_profile_leaves_out_is_the_plainest_that_fits() -> None:
    run = SimulationRun(
        {"welcome": welcome}, PROFILE, 2, START_MS, START_MS + 30 * 86_400_000, "7", lambda step: None
    )
    for turn, person in turns(run):
        assert person.unit is not None
        texts = [str(part) for part in turn.history] if hasattr(turn, "history") else [str(turn)]
        said = " ".join(texts)
        assert '"plan":"plan"' in said
        assert f'"cart_id":"of {person.name}"' in said
        assert '"amount":1' in said
    types = types_in([welcome])
    assert typed(PROFILE, {}) is PROFILE
    assert typed(PROFILE, types).data == {"plan": "plan", "number": "{number}"}


def test_a_profile_that_does_not_fit_is_refused_with_the_field() -> None:
    wrong = replace(PROFILE, data={"number": 7})
    with pytest.raises(EventError, match=r"^the profile: \"signup\".* number: expected str, got int"):
        typed(wrong, types_in([welcome]))
