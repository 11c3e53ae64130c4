"""What a workflow author hands to a journey's methods, checked where it is said.

Each refusal names the author's own line; see `calling_place`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from studio.clocks import durations
from studio.clocks.clock import to_ms
from studio.errors import DurationError, WorkflowError
from studio.language.commands import Place
from studio.language.names import fault
from studio.text import json_text as jsontext

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
        return _bounded(durations.parse(value), value, what, place)
    except DurationError as error:
        raise wrong(place, f"{what} {value!r:.80}, which {error.reason}", error.fix) from None


def read_time(value: Duration | datetime, what: str, place: Place, now: int) -> tuple[int, int]:
    """Read how long to wait, a moment to wait until included: milliseconds, and those that it is late.

    A moment that is over, and a number or timedelta below zero, which is what is left until one, is
    over at once. A text below zero is a slip.

    Args:
        what: begins the sentence that refuses it: "sleep has duration".
        now: the moment of the position, ms since 1970; a datetime without a zone is in UTC.

    Raises:
        WorkflowError: it is no duration, or longer than `LONGEST`.
    """
    if type(value) is str:
        return read_duration(value, what, place), 0
    try:
        ms = to_ms(value) - now if isinstance(value, datetime) else durations.parse_signed(value)
    except DurationError as error:
        raise wrong(place, f"{what} {value!r:.80}, which {error.reason}", error.fix) from None
    return max(0, _bounded(ms, value, what, place)), max(0, -ms)


def _bounded(ms: int, value: object, what: str, place: Place) -> int:
    if ms <= LONGEST:
        return ms
    raise wrong(
        place,
        f"{what} {value!r:.80}, which is more than 1,000 years",
        "Leave the timeout out to wait for ever.",
    )


def read_collect(
    name: str, quiet: object, at_most: object, count: object, place: Place
) -> tuple[int | None, int | None, int | None]:
    """Check what ends a collection: the two times in milliseconds, and the number of events.

    Raises:
        WorkflowError: one of them makes no sense, or there is none.
    """
    what = f'collect("{name}") has'
    if quiet is None and at_most is None and count is None:
        raise wrong(
            place,
            f'collect("{name}") has nothing that ends it',
            'Give quiet="10m", at_most="1h" or count=50.',
        )
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
        raise wrong(place, f"{what} count={count!r:.40}", "Use a whole number, 1 or more.")
    times = [
        None if value is None else read_duration(cast("Duration", value), f"{what} {title}", place)
        for title, value in (("quiet", quiet), ("at_most", at_most))
    ]
    return times[0], times[1], count


PRIORITY = 5
"""Of a message of which nothing else is said."""


def read_message(name: object, priority: object, valid_for: object, retries: object, place: Place) -> None:
    """Check what a message is asked for.

    Raises:
        WorkflowError: it makes no sense.
    """
    if why := fault(name):
        raise wrong(place, f"the message's name {why}", 'Write journey.message(email, "day 1", send, …).')
    if isinstance(priority, bool) or not isinstance(priority, int) or not 0 <= priority <= 100:
        raise wrong(
            place, f'message "{name}" has priority={priority!r:.40}', "Use a whole number from 0 to 100."
        )
    if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
        raise wrong(place, f'message "{name}" has retries={retries!r:.40}', "Use a whole number, 0 or more.")
    if valid_for is not None:
        read_duration(cast("Duration", valid_for), f'message "{name}" has valid_for', place)


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
