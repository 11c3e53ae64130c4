"""Events of made-up users where these have types: what a profile leaves out is the plainest that fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from studio.events.schema_samples import sample_of
from studio.language.incoming import incoming
from studio.reports.simulation.profile import Profile
from studio.source.event_door import Types, misfit, refusal

SOMEBODY = {"{user}": "user1", "{number}": "1"}


def typed(profile: Profile, types: Types) -> Profile:
    """The profile with data that fits the types of its events.

    Raises:
        EventError: what it says of an event does not fit.
    """
    if not types:
        return profile
    habits = tuple(replace(each, data=_fitting(each.event, each.data, types)) for each in profile.habits)
    return replace(profile, data=_fitting(profile.event, profile.data, types), habits=habits)


def _fitting(name: str, data: Mapping[str, Any], types: Types) -> Mapping[str, Any]:
    if (own := types.get(name)) is None:
        return data
    sample = sample_of(own.schema)
    whole = {**(sample if isinstance(sample, dict) else {}), **data}
    event = incoming(name, "user1", {field: _filled(value) for field, value in whole.items()})
    if (found := misfit(types, event)) is not None:
        raise refusal(event, found, types, "the profile")
    return whole


def _filled(value: Any) -> Any:
    if isinstance(value, str):
        for mark, text in SOMEBODY.items():
            value = value.replace(mark, text)
    return value
