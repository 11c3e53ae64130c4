"""Moments as people write them when time is to go on: "7d", "09:00", "2026-12-01 09:00", "now".

Absolute ones are in local time unless they name a zone. Milliseconds since 1970, UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo

from studio.clocks import durations
from studio.clocks.clock import to_ms
from studio.errors import ClockError, DurationError

_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")
_DATE = re.compile(r"\d{4}-")
FIX = 'Write "7d", "09:00" or "2026-12-01 09:00".'


def parse(text: str, now: int, zone: tzinfo | None = None) -> int:
    """The moment that a text names.

    Args:
        text: a duration counts from `now`; a time of day is the next of that time; "now" is real time.
            What comes twice where clocks are turned back is its next occurrence, what does not come where
            they are put forward is the moment after the gap.
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
        raise ClockError(f"{text!r} is not a date or time", fix=FIX) from error
    try:
        return now + durations.parse(text.removeprefix("+"))
    except DurationError as error:
        why = f": it {error.reason}" if error.reason != "is not a duration" else ""
        raise ClockError(f"{text!r} is neither a date nor a duration{why}", fix=FIX) from error


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
            f"{text!r} is neither a date nor a duration", fix='Write "1h", "09:00" or "2026-12-01 09:00".'
        ) from error


def _named(text: str, now: int, zone: tzinfo | None, days: int = 1) -> int | None:
    """The moment of a date, or of a time of day (see `_next`); None for a text that is neither."""
    if _DATE.match(text):
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return to_ms(moment)
        # A moment without a zone is the reader's own, as on the screen.
        first, *second = _moments(moment, zone)
        return second[0] if second and days > 0 and first <= now else first
    if _CLOCK.fullmatch(text):
        at = time.fromisoformat(text.rjust(5, "0") if len(text) < 6 else text.rjust(8, "0"))
        return _next(at, now, zone, days)
    return None


def _next(at: time, now: int, zone: tzinfo | None, days: int = 1) -> int:
    """The time of day nearest to now: after now, or with days=-1 up to now.

    Where clocks are turned a time of day may come twice in a day, and each counts; one that does not
    come is the moment after the gap.
    """
    today = datetime.fromtimestamp(now / 1000, zone).date()
    # One lies on either side of now, also where a calendar lacks a day (Samoa, 2011).
    found = [
        moment
        for day in range(-2, 3)
        for moment in _moments(datetime.combine(today + timedelta(days=day), at), zone)
    ]
    return min(m for m in found if m > now) if days > 0 else max(m for m in found if m <= now)


def _moments(wall: datetime, zone: tzinfo | None) -> list[int]:
    """When clocks show this: once, twice where they are turned back; of a gap its end."""
    first, second = (_ms(wall.replace(fold=fold), zone) for fold in (0, 1))
    if first == second:
        return [first]
    if first < second:
        return [first, second]
    # Clocks are put forward between the two, and never show it: `second` is before the gap, `first` behind.
    before, after = second, first
    while after - before > 1:
        middle = (before + after) // 2
        shown = datetime.fromtimestamp(middle / 1000, zone).replace(tzinfo=None)
        before, after = (before, middle) if shown > wall else (middle, after)
    return [after]


def _ms(wall: datetime, zone: tzinfo | None) -> int:
    if zone is not None:
        return to_ms(wall.replace(tzinfo=zone))
    # `astimezone` would give the offset behind a gap and the hour before it.
    seconds = round(wall.replace(microsecond=0).timestamp())
    return seconds * 1000 + wall.microsecond // 1000
