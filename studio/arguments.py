"""What a workflow author hands to a journey's methods, checked where it is said.

Each refusal names the author's own line; see `calling_place`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

from studio import durations, jsontext
from studio.commands import Place
from studio.errors import DurationError, WorkflowError

Duration = str | int | float | timedelta
"""A text such as "7d", a number of seconds, or a timedelta."""

LONGEST = 1_000 * durations.YEAR
"""Milliseconds that a wait or a sleep may last: its deadline must be a date."""


def calling_place(depth: int = 2) -> Place:
    """Where the author called the method that asks; `depth` counts the frames up from here."""
    frame = sys._getframe(depth)
    return frame.f_code.co_filename, frame.f_lineno


def wrong(place: Place, what: str, fix: str = "") -> WorkflowError:
    """The error to raise for what was written at this place."""
    return WorkflowError(what, path=os.path.basename(place[0]), line=place[1], fix=fix)


def read_duration(value: Duration, what: str, place: Place) -> int:
    """Read a duration as milliseconds.

    Args:
        what: begins the sentence that refuses it: "sleep has duration".

    Raises:
        WorkflowError: it is no duration, or longer than `LONGEST`.
    """
    try:
        ms = durations.parse(value)
        if ms <= LONGEST:
            return ms
        raise wrong(
            place,
            f"{what} {value!r:.80}, which is more than 1,000 years",
            "Leave the timeout out to wait for ever.",
        )
    except DurationError:
        raise WorkflowError(
            f"{what} {value!r:.80}, which is no duration",
            path=os.path.basename(place[0]),
            line=place[1],
            fix='Write it as "90s", "2h30m" or "7d".',
        ) from None


def read_match(match: Mapping[str, Any], name: str, place: Place) -> dict[str, Any]:
    """Copy a match as JSON holds it; `name` is the event that it is for.

    Raises:
        WorkflowError: it is no mapping, or JSON cannot hold it.
    """
    if not isinstance(match, Mapping):
        raise wrong(
            place, f'"{name}" has match of type {type(match).__name__}', 'Write match={"field": value}.'
        )
    try:
        return cast("dict[str, Any]", jsontext.loads(jsontext.dumps(dict(match))))
    except jsontext.NotJson as error:
        raise wrong(place, f'"{name}" has a match that JSON cannot hold: {error}') from None
