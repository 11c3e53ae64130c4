"""Events as they are written by hand: one draft, the same for many users, and what was pasted. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio.errors import EventError
from studio.events.adapters import events, is_event, parse_line
from studio.language.incoming import Incoming
from studio.text import json_text as jsontext
from studio.tui.session.pasted_curl import curl_events, is_curl


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the three fields."""

    event: str
    user: str
    data: str


@dataclass(frozen=True, slots=True)
class Edited:
    """What was written, on one line, and whether it is to be sent."""

    text: str
    send: bool


def for_user(data: Any, user: str, number: str) -> Any:
    """The data for one of many users: `{user}` and `{n}` in its texts become the id and the number."""
    if isinstance(data, str):
        return data.replace("{user}", user).replace("{n}", number)
    if isinstance(data, Mapping):
        return {name: for_user(value, user, number) for name, value in data.items()}
    if isinstance(data, list):
        return [for_user(value, user, number) for value in data]
    return data


def pasted_events(text: str, now: int) -> list[Incoming] | None:
    """The events of a pasted event object, a list of them, JSON lines or a curl; None for something else.

    They may be written in any shape that `adapters` reads.

    Args:
        now: what an offset in `at` counts from, milliseconds since 1970, UTC.

    Raises:
        EventError: it begins as events do, and one of them is wrong.
    """
    if is_curl(text):
        return curl_events(text, now)
    start = text.lstrip("\ufeff \t\r\n")
    if not start.startswith(("{", "[", "#")):
        return None
    try:
        value = jsontext.loads_event(text)
    except jsontext.KeyTwice as error:
        raise EventError(str(error), where="what was pasted", fix="Leave out one of the two.") from None
    except jsontext.NotJson:
        return _pasted_lines(text, now)
    given = value if isinstance(value, list) else [value]
    if not given or not all(is_event(each) for each in given):
        return None
    return [event for number, each in enumerate(given, 1) for event in events(each, f"event {number}", now)]


def _pasted_lines(text: str, now: int) -> list[Incoming] | None:
    lines = text.splitlines()
    first = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
    try:
        if not is_event(jsontext.loads(first)):
            return None
    except jsontext.NotJson:
        return None
    return [
        event for number, line in enumerate(lines, 1) for event in parse_line(line, f"line {number}", now)
    ]


def plain_draft(event: Incoming) -> Draft | None:
    """The event as a draft; None when it holds more than the three fields can."""
    if event.id is not None or event.profile is not None or event.extra is not None:
        return None
    if event.sent_at is not None:
        return None
    text = json.dumps(jsontext.loads(event.text), ensure_ascii=False)
    return Draft(event.name, event.user, "" if text == "{}" else text)
