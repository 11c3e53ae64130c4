"""What events say of their user (rule 13)."""

from __future__ import annotations

from typing import Any

import pytest

from studio.kernel.profiles import learned, tells
from studio.language.event import Event
from studio.text import json_text


def event(name: str = "signup", **data: Any) -> Event:
    return Event(name, "ada", 0, json_text.dumps(data) if data else None, None, 1)


@pytest.mark.parametrize(
    ("known", "told", "profile"),
    [
        ({}, event(email="a@b.c"), {"email": "a@b.c"}),
        # The first wins; one in `identify` replaces it.
        ({"email": "a@b.c"}, event(email="x@y.z"), {"email": "a@b.c"}),
        ({"email": "a@b.c"}, event("identify", email="x@y.z", plan="pro"), {"email": "x@y.z", "plan": "pro"}),
        ({}, event(email=7), {}),
        ({}, event(plan="pro"), {}),
        ({}, event("identify", id="other", plan="pro"), {"plan": "pro"}),
    ],
)
def test_a_profile_after_an_event(known: dict[str, Any], told: Event, profile: dict[str, Any]) -> None:
    before = dict(known)
    assert learned(known, told, None) == profile
    assert known == before


def test_a_profile_that_came_beside_the_data_is_merged_before_the_data() -> None:
    meta = '{"profile":{"plan":"pro","email":"m@m.m","id":"x"}}'
    assert learned({"plan": "free"}, event(email="a@b.c"), meta) == {"plan": "pro", "email": "m@m.m"}
    assert learned({}, event("identify", plan="team"), meta) == {"plan": "team", "email": "m@m.m"}


def test_most_events_say_nothing_and_are_seen_to_at_a_glance() -> None:
    assert not tells(event(), None)
    assert not tells(event(plan="pro"), '{"sent_at":1}')
    assert tells(event("identify"), None)
    assert tells(event(email="a@b.c"), None)
    assert tells(event(), '{"profile":{}}')
