"""Moments and spans as people read them: at most seven cells in a row, and never more left than there is."""

from __future__ import annotations

from datetime import datetime

from studio.clocks import durations

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


span = durations.short
"""A span, rounded down: 0.4s 11.8s 4m 05s 3h 12m 6d 23h 41d."""

whole = durations.show
"""A span that someone wrote, exactly: 6s 1h 3d 250ms."""


TIME_CELLS = 7
"""As much as any time on a row takes."""


def total(ms: int) -> str:
    """The length of a wait: as it was written where that is short, else in two units."""
    text = whole(ms)
    return text if len(text) <= TIME_CELLS else span(ms)


OVERDUE_MS = 10 * SECOND
"""A deadline that is past by more should have been served, and was not."""


def left(due_at: int, now: int) -> str:
    """What is left until a deadline: "0.0s" means due in this very moment, "due" that it is late."""
    return past(due_at, now) or span(due_at - now)


def past(due_at: int, now: int) -> str:
    """How a deadline that is past is called: "due" while it may be being served, then "overdue"."""
    if now <= due_at:
        return ""
    return "due" if now - due_at <= OVERDUE_MS else "overdue"


def gap(ms: int) -> str:
    """The time since the entry above: "+1ms", "+2.5s"; nothing when there is none."""
    if ms <= 0:
        return ""
    return f"+{ms}ms" if ms < SECOND else f"+{span(ms)}"


def age(ms: int) -> str:
    """How long ago, in one unit: 0s 41s 12m 5h 3d."""
    ms = max(ms, 0)
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "m")):
        if ms >= unit:
            return f"{ms // unit:,}{name}"
    return f"{ms // SECOND}s"


def took(ms: int) -> str:
    """How long something took: "210 ms", "2.5s"."""
    return f"{ms} ms" if ms < SECOND else span(ms)


def _local(ms: int) -> datetime:
    # Absolute times on the screen are the reader's own; data and copies keep UTC.
    return datetime.fromtimestamp(ms / 1000).astimezone()


def clock(ms: int, millis: bool = False) -> str:
    """A moment in local time: 11:30:06 or 11:30:06.120."""
    text = _local(ms).strftime("%H:%M:%S")
    return f"{text}.{ms % 1000:03d}" if millis else text


def day(ms: int) -> str:
    """The day of a moment: "24 Nov"."""
    return f"{_local(ms):%d %b}".lstrip("0")


DAY_CLOCK_CELLS = 19
"""As much as `day_clock` takes."""


def day_clock(ms: int) -> str:
    """A moment with its day: "Tue 24 Nov 11:30:08"."""
    moment = _local(ms)
    return f"{moment:%a} {moment.day} {moment:%b %H:%M:%S}"


def same_day(one: int, other: int) -> bool:
    """Whether two moments lie on one local day."""
    return _local(one).date() == _local(other).date()
