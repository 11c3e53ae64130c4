"""The moment that a play begins at, as people name it: "2026-03-02T09:00", with a time zone if they like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from studio.clocks import moments
from studio.clocks.clock import LAST_MOMENT
from studio.errors import ClockError, EventError
from studio.language.local_time import ZoneError, zone

START = "start"
TIMEZONE = "timezone"
SEED = "seed"
FIX = 'Write {"start": "2026-03-02T09:00", "timezone": "Europe/Berlin"}.'
_KNOWN = (START, TIMEZONE, SEED)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def is_start_line(fields: Mapping[str, Any]) -> bool:
    """Whether a line of an event file says when the file begins, and is no event."""
    return START in fields and not any(name in fields for name in ("event", "expect", "user", "name", "type"))


def read_start_line(fields: Mapping[str, Any], where: str) -> int:
    """The moment that such a line names, milliseconds since 1970, UTC.

    Raises:
        EventError: it names none, or says something else too.
    """
    for field in fields:
        if field not in _KNOWN:
            raise EventError(f"the field {field} has no meaning beside start", where=where, fix=FIX)
    try:
        return read_start(fields[START], fields.get(TIMEZONE))
    except EventError as error:
        raise EventError(error.what, where=where, fix=FIX) from None


def read_start(start: object, timezone: object = None) -> int:
    """The moment that is named, milliseconds since 1970, UTC.

    Args:
        start: a date with or without a time of day, in UTC unless it has an offset.
        timezone: the name of the zone whose clocks show it.

    Raises:
        EventError: it is none.
    """
    if not isinstance(start, str) or _DATE.match(start.strip()) is None:
        raise EventError(f"start is {start!r:.60}, which is no date", fix='Write "2026-03-02T09:00".')
    text = start.strip()
    try:
        where = UTC if timezone is None else zone(timezone)
        if timezone is not None and datetime.fromisoformat(text).tzinfo is not None:
            raise EventError(
                f"start is {text!r:.60}, which has an offset, and timezone is given too",
                fix="Leave out one of the two.",
            )
        found = moments.parse(text, 0, where)
    except ZoneError as error:
        raise EventError(f"timezone: {error}", fix='Write a name such as "Europe/Berlin".') from None
    except (ValueError, ClockError):
        raise EventError(
            f"start is {text!r:.60}, which is no date", fix='Write "2026-03-02T09:00".'
        ) from None
    if not 0 <= found <= LAST_MOMENT:
        raise EventError(f"start is {text!r:.60}, which lies outside the years 1970 to 9999")
    return found
