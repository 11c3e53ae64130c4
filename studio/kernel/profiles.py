"""What events say of their user (DESIGN rule 13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.language.event import Event
from studio.language.names import IDENTIFY
from studio.text import json_text as jsontext


def tells(event: Event, meta: str | None) -> bool:
    """Whether an event may say anything of its user: a quick look, before the profile is read."""
    if event.name == IDENTIFY or (meta is not None and '"profile":' in meta):
        return True
    return event._text is not None and '"email":' in event._text


def learned(known: Mapping[str, Any], event: Event, meta: str | None) -> dict[str, Any]:
    """The profile after an event. The first e-mail wins; one in `identify` replaces it.

    Args:
        known: the profile before it.
        meta: what came beside the event's data, as JSON: "profile" among it.
    """
    profile = {**known}
    if not tells(event, meta):
        return profile
    given = jsontext.loads(meta).get("profile") if meta and '"profile":' in meta else None
    profile.update(given or {})
    if event.name == IDENTIFY:
        profile.update(event.data)
    elif "email" not in profile and isinstance(event.data.get("email"), str):
        profile["email"] = event.data["email"]
    profile.pop("id", None)
    return profile
