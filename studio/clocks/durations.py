"""Durations as people write them: "90s", "2h30m", "7d".

Whole milliseconds inside the program, text at its edges: `parse` on the way in,
`show` on the way out, and `parse(show(ms)) == ms` for every ms >= 0.

Reads all that pytimeparse reads, and what it lacks: milliseconds, months (30 days),
years (365 days). Clock forms ("4:13:02") are pytimeparse's. Number+unit pairs are added
up here, exactly: pytimeparse drops the fraction of a second from "0.01m" and gives 0.
"""

from __future__ import annotations

import math
import re
from datetime import timedelta
from fractions import Fraction
from functools import lru_cache

from pytimeparse.timeparse import timeparse

from studio.errors import DurationError

__all__ = ["parse", "parse_signed", "short", "show"]

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
YEAR = 365 * DAY

_FIX = 'Write it as "90s", "2h30m" or "7d".'
_MAX_LENGTH = 200

# Biggest first, as they must be written. "m" is a minute, as in pytimeparse, in capitals too.
_DATE_UNITS = {
    "years": (YEAR, "y|yrs?|years?"),
    "months": (30 * DAY, "mos?|mths?|months?"),
    "weeks": (7 * DAY, "w|wks?|weeks?"),
    "days": (DAY, "d|dys?|days?"),
}
_TIME_UNITS = {
    "hours": (HOUR, "h|hrs?|hours?"),
    "minutes": (MINUTE, "m|mins?|minutes?"),
    "seconds": (SECOND, "s|secs?|seconds?"),
    "milliseconds": (1, "ms|msecs?|millis|milliseconds?"),
}
_UNITS = {name: ms for name, (ms, _) in {**_DATE_UNITS, **_TIME_UNITS}.items()}


def _pairs(units: dict[str, tuple[int, str]]) -> str:
    # No two neighbours may match the same text: a long nonsense must not take quadratic time.
    return "".join(
        rf"(?:(?P<{name}>\d+(?:\.\d*)?|\.\d+)\s*(?:{words})\s*(?:[,/]\s*)?)?"
        for name, (_, words) in units.items()
    )


_DURATION = re.compile(
    rf"\s*(?P<sign>[+-]?)\s*{_pairs(_DATE_UNITS)}(?:{_pairs(_TIME_UNITS)}|(?P<clock>[\d:][\d:.-]*)\s*)",
    re.IGNORECASE,
)


def parse(value: str | int | float | timedelta) -> int:
    """Read a duration as milliseconds, rounded to the nearest.

    Args:
        value: number+unit pairs, biggest unit first ("7d", "2h30m", "1 month 2 days", "1.5s"),
            a clock ("4:13" is minutes and seconds, "4:13:02", "2 days, 4:13:02"),
            a number of seconds, or a timedelta.

    Raises:
        DurationError: it is empty, negative or endless, a number in a text has no unit,
            or a unit stands twice or out of order.
    """
    if isinstance(value, str):
        return _parse_text(value)
    ms = parse_signed(value)
    # Also what rounds to nothing.
    shown = value.total_seconds() if isinstance(value, timedelta) else value
    if shown < 0:
        raise DurationError(f"{shown} seconds", "is negative, and no duration is", fix=_FIX)
    return ms


def parse_signed(value: str | int | float | timedelta) -> int:
    """As `parse`; a number or a timedelta may be negative: what is left until a moment that is over."""
    if isinstance(value, str):
        return _parse_text(value)
    if isinstance(value, bool):
        raise DurationError(f"{value}", fix=_FIX)
    if isinstance(value, int):
        return value * SECOND
    if isinstance(value, float):
        if not math.isfinite(value * SECOND):
            raise DurationError(f"{value}", fix=_FIX)
        return round(value * SECOND)
    if isinstance(value, timedelta):
        return value.days * DAY + value.seconds * SECOND + round(value.microseconds / 1_000)
    raise DurationError(f"a value of type {type(value).__name__}", fix=_FIX)


# A workflow says the same few texts over and over, and each replay reads them again.
@lru_cache(maxsize=1_024)
def _parse_text(text: str) -> int:
    found = _DURATION.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    ms = None if found is None else _add_up(found)
    if found is None or ms is None:
        raise DurationError(_quote(text), _fault(text), fix=_FIX)
    if ms and found["sign"] == "-":
        raise DurationError(_quote(text), "is negative, and no duration is", fix=_FIX)
    return round(ms)


def _add_up(found: re.Match[str]) -> Fraction | None:
    pairs = [Fraction(found[name]) * ms for name, ms in _UNITS.items() if found[name]]
    if clock := found["clock"]:
        # Behind days only the long clock counts ("4:13:02"), and pytimeparse knows it there.
        seconds = timeparse(f"0d {clock}" if pairs else clock)
        if seconds is None:
            return None
        pairs.append(Fraction(str(seconds)) * SECOND)
    return sum(pairs, Fraction()) if pairs else None


def _fault(text: str) -> str:
    if not text.strip():
        return "is empty, and no duration"
    if re.fullmatch(r"\s*[+-]?[\d.]+\s*", text):
        return "has no unit"
    return "is not a duration"


def _quote(text: str) -> str:
    if len(text) > 60:
        text = f"{text[:59]}…"
    # An error is shown in terminals: what could steer one is spelled out.
    return '"' + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text) + '"'


def show(ms: int) -> str:
    """Write a duration so that `parse` reads back the very same: "2h30m", "7d", "1.5s", "40ms".

    Days are the biggest unit, since months and years are a matter of agreement; a part that
    is zero is left out.
    """
    if ms < 0:
        raise ValueError(f"a duration of {ms} ms")
    days, rest = divmod(ms, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    parts = [f"{amount}{unit}" for amount, unit in ((days, "d"), (hours, "h"), (minutes, "m")) if amount]
    seconds, rest = divmod(rest, SECOND)
    if seconds and rest:
        parts.append(f"{seconds}.{rest:03}".rstrip("0") + "s")
    elif rest:
        parts.append(f"{rest}ms")
    elif seconds or not parts:
        parts.append(f"{seconds}s")
    return "".join(parts)


def short(ms: int) -> str:
    """Write what is left of a duration for a narrow column: "11.8s", "4m 05s", "6d 23h", "41d".

    At most 7 cells. Rounds down, so that "0.0s" means due; what is overdue is "0.0s" as well.
    """
    if ms < MINUTE:
        tenths = max(ms, 0) // 100
        return f"{tenths // 10}.{tenths % 10}s"
    if ms < HOUR:
        return f"{ms // MINUTE}m {ms % MINUTE // SECOND:02}s"
    if ms < DAY:
        return f"{ms // HOUR}h {ms % HOUR // MINUTE:02}m"
    if ms < 14 * DAY:
        return f"{ms // DAY}d {ms % DAY // HOUR}h"
    if ms < 1_000_000 * DAY:
        return f"{ms // DAY}d"
    # Nobody waits for these; the column still may not burst.
    return f"{min(ms // YEAR, 999_999)}y"
