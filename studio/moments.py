"""Moments as people write them when time is to go on: "7d", "09:00", "2026-12-01 09:00", "now".

Absolute ones are in local time unless they name a zone. Milliseconds since 1970, UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo

from studio import durations
from studio.clock import to_ms
from studio.errors import ClockError, DurationError

_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")
_DATE = re.compile(r"\d{4}-")
FIX = 'Write "7d", "09:00" or "2026-12-01 09:00".'


def parse(text: str, now: int, zone: tzinfo | None = None) -> int:
    """The moment that a text names.

    Args:
        text: a duration counts from `now`; a time of day is the next of that time; "now" is real time.
        now: the moment at which it is read, ms since 1970.
        zone: of what names none; local time when not given.

    Raises:
        ClockError: it names no moment.
    """
    text = text.strip()
    if text.lower() == "now":
        return to_ms(datetime.now(UTC))
    try:
        if (at := _named(text, now, zone)) is not None:
            return at
    except (ValueError, OverflowError, OSError) as error:
        raise ClockError(f"{text!r} is no moment", fix=FIX) from error
    try:
        return now + durations.parse(text.removeprefix("+"))
    except DurationError as error:
        raise ClockError(f"{text!r} is no moment and no duration", fix=FIX) from error


def parse_past(text: str, now: int, zone: tzinfo | None = None) -> int:
    """The moment since when something is to be looked at.

    Args:
        text: a duration counts back from `now`; a time of day is the latest of that time.
        now: the moment at which it is read, ms since 1970.
        zone: of what names none; local time when not given.

    Raises:
        ClockError: it names no moment.
    """
    text = text.strip()
    try:
        at = _named(text, now, zone, days=-1)
        return at if at is not None else now - durations.parse(text.removeprefix("-"))
    except (ValueError, OverflowError, OSError, DurationError) as error:
        raise ClockError(
            f"{text!r} is no moment and no duration", fix='Write "1h", "09:00" or "2026-12-01 09:00".'
        ) from error


def _named(text: str, now: int, zone: tzinfo | None, days: int = 1) -> int | None:
    """The moment of a date, or of a time of day (see `_next`); None for a text that is neither."""
    if _DATE.match(text):
        return _ms(datetime.fromisoformat(text), zone)
    if _CLOCK.fullmatch(text):
        at = time.fromisoformat(text.rjust(5, "0") if len(text) < 6 else text.rjust(8, "0"))
        return _next(at, now, zone, days)
    return None


def _ms(moment: datetime, zone: tzinfo | None) -> int:
    if moment.tzinfo is None:
        # A moment without a zone is the reader's own, as on the screen.
        moment = moment.astimezone() if zone is None else moment.replace(tzinfo=zone)
    return to_ms(moment)


def _next(at: time, now: int, zone: tzinfo | None, days: int = 1) -> int:
    """The time of day nearest to now, on this day or so many days on: after now, or with -1 up to now."""
    today = datetime.fromtimestamp(now / 1000, zone).date()
    found = _ms(datetime.combine(today, at), zone)
    if (found > now) == (days > 0):
        return found
    return _ms(datetime.combine(today + timedelta(days=days), at), zone)
