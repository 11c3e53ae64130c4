"""Moments by the wall clock of a user: "the next 09:00 on a weekday, in Berlin". Pure.

Days are days of the zone. A time that a day does not have (02:30 where clocks are put forward) is later by
what is left out, as in RFC 5545; one that a day has twice is its first. What stands in the history are
moments in UTC: a newer database of zones changes none of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Literal, NamedTuple, cast
from zoneinfo import ZoneInfo, available_timezones

from studio.clocks.clock import to_datetime, to_ms
from studio.errors import WorkflowError
from studio.language.arguments import wrong
from studio.language.commands import Place
from studio.text.fuzzy_match import most_similar

IfPast = Literal["now", "next", "skip"]
IF_PAST: tuple[IfPast, ...] = ("now", "next", "skip")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DEFAULT_ZONE = "UTC"
EXAMPLE = 'Write journey.until("09:00"), with on="mon-fri", days=1 or date="2026-05-01" where that is meant.'

_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_LONGEST_DAYS = 366_000
"""Days that a moment may lie ahead: about a thousand years."""


class ZoneError(ValueError):
    """A text that names no time zone; the message says what is near it."""


@lru_cache(maxsize=1024)
def _load(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name and name.strip() == name else None
    except (KeyError, ValueError, OSError):
        # A file of this name is read: what it raises depends on what stands there.
        return None


def zone(name: object) -> ZoneInfo:
    """The time zone of a name such as "Europe/Berlin".

    Raises:
        ZoneError: there is no such zone.
    """
    found = _load(name) if isinstance(name, str) else None
    if found is None:
        raise ZoneError(f"{name!r:.80} is no time zone{_near(name)}")
    return found


def is_zone(name: object) -> bool:
    """Whether it names a time zone."""
    return isinstance(name, str) and _load(name) is not None


def _near(name: object) -> str:
    if not isinstance(name, str) or not name:
        return ""
    near = most_similar(name, available_timezones())
    return "" if near is None else f"; did you mean {near!r}?"


def read_time(text: object) -> time:
    """A time of day, "09:00" or "21:30:15".

    Raises:
        ValueError: it is none; the message says what it is.
    """
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    try:
        if found is not None:
            return time(int(found[1]), int(found[2]), int(found[3] or 0))
    except ValueError:
        pass
    raise ValueError(f"{text!r:.80}, which is no time of day")


def read_weekdays(text: object) -> tuple[int, ...]:
    """Days of the week, Monday 0: "thu", "mon-fri", "sat,sun", "fri-mon".

    Raises:
        ValueError: it names none.
    """
    found: set[int] = set()
    for part in text.split(",") if isinstance(text, str) else [""]:
        ends = [_weekday(word.strip().lower()) for word in part.split("-")]
        if None in ends or len(ends) > 2:
            raise ValueError(f"{text!r:.80}, which names no days of the week")
        first, last = ends[0] or 0, ends[-1] or 0
        found.update((first + n) % 7 for n in range((last - first) % 7 + 1))
    return tuple(sorted(found))


def _weekday(word: str) -> int | None:
    """Of a day's name, or its first letters, three at the least."""
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return next((at for at, name in enumerate(names) if len(word) > 2 and name.startswith(word)), None)


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A moment by the wall clock, as it was asked for."""

    time: time
    on: tuple[int, ...] | None = None
    """Days of the week on which it may be, Monday 0."""
    days: int | None = None
    """Days from the day of the position: 0 is that day itself."""
    date: date | None = None
    if_past: IfPast = "now"

    def facts(self) -> dict[str, Any]:
        """It as JSON holds it; what was not asked for is left out."""
        found: dict[str, Any] = {"time": self.time.isoformat("seconds").removesuffix(":00")}
        if self.on is not None:
            found["on"] = [WEEKDAYS[day] for day in self.on]
        if self.days is not None:
            found["days"] = self.days
        if self.date is not None:
            found["date"] = self.date.isoformat()
        if self.if_past != "now":
            found["if_past"] = self.if_past
        return found


def local_time(facts: dict[str, Any]) -> LocalTime:
    """What `LocalTime.facts` gave."""
    on, day = facts.get("on"), facts.get("date")
    return LocalTime(
        read_time(facts["time"]),
        None if on is None else tuple(WEEKDAYS.index(each) for each in on),
        facts.get("days"),
        None if day is None else date.fromisoformat(day),
        cast("IfPast", facts.get("if_past", "now")),
    )


class Found(NamedTuple):
    """A moment that was found."""

    at: int
    """Milliseconds since 1970, UTC; never before the moment from which it was looked for."""
    late: int = 0
    """Milliseconds since the moment that was meant, when it had passed."""
    skipped: bool = False
    """It had passed, and is not to be waited for."""
    shifted: int = 0
    """Milliseconds by which it is later on the clock than asked for: the day does not have the time."""


def find(wanted: LocalTime, now: int, where: ZoneInfo) -> Found:
    """The moment that is meant.

    Args:
        now: the moment of the position, milliseconds since 1970, UTC.

    Raises:
        OverflowError: it lies behind the year 9999.
    """
    today = to_datetime(now).astimezone(where).date()
    if wanted.date is None and wanted.days is None:
        return _next(wanted, now, today, where)
    first = wanted.date if wanted.date is not None else today + timedelta(days=wanted.days or 0)
    day = first
    while wanted.on is not None and day.weekday() not in wanted.on:
        day += timedelta(days=1)
    at, shifted = moment(day, wanted.time, where)
    if at >= now:
        return Found(at, shifted=shifted)
    if wanted.if_past == "next":
        return _next(wanted, now, today, where)
    return Found(now, now - at, wanted.if_past == "skip", shifted)


def _next(wanted: LocalTime, now: int, today: date, where: ZoneInfo) -> Found:
    """The next of this time of day that is strictly after now."""
    # A time that yesterday did not have may have been moved to today.
    day = today - timedelta(days=1)
    for _ in range(_LONGEST_DAYS):
        if wanted.on is None or day.weekday() in wanted.on:
            at, shifted = moment(day, wanted.time, where)
            if at > now:
                return Found(at, shifted=shifted)
        day += timedelta(days=1)
    raise OverflowError("there is no such moment")


def moment(day: date, at: time, where: ZoneInfo) -> tuple[int, int]:
    """The moment of a day and a time of day: ms since 1970, UTC; and by how many ms it was put later."""
    # fold=0: before a gap its offset is that from before it, and of a time that comes twice it is the first.
    meant = datetime.combine(day, at, tzinfo=where)
    found = meant.astimezone(UTC)
    shown = found.astimezone(where).replace(tzinfo=None)
    shifted = shown - meant.replace(tzinfo=None)
    return to_ms(found), int(shifted / timedelta(milliseconds=1))


def day_of(at: int, where: ZoneInfo) -> tuple[str, int]:
    """The day of a moment, "2026-03-02", and the moment at which the next one begins."""
    day = to_datetime(at).astimezone(where).date()
    return day.isoformat(), moment(day + timedelta(days=1), time(), where)[0]


def read_until(at: object, on: object, days: object, day: object, if_past: object, place: Place) -> LocalTime:
    """Check what `journey.until` is asked for.

    Raises:
        WorkflowError: it is no moment, or says two things at once.
    """

    def refuse(what: str, fix: str = EXAMPLE) -> WorkflowError:
        return wrong(place, f"until has {what}", fix)

    try:
        found = at if isinstance(at, time) and at.tzinfo is None else read_time(at)
        weekdays = None if on is None else read_weekdays(on)
    except ValueError as error:
        raise refuse(str(error)) from None
    if days is not None and (isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= 366_000):
        raise refuse(f"days={days!r:.40}", "Use a whole number: 0 for the same day, 1 for the next.")
    if isinstance(day, str):
        try:
            day = date.fromisoformat(day)
        except ValueError:
            raise refuse(f"date={day!r:.40}, which is no date") from None
    if day is not None and (not isinstance(day, date) or isinstance(day, datetime)):
        raise refuse(f"date={day!r:.40}, which is no date")
    if day is not None and (days is not None or weekdays is not None):
        raise refuse("date= and another day besides", "A date is one day: leave out on= and days=.")
    if if_past not in IF_PAST:
        raise refuse(f"if_past={if_past!r:.40}", 'Use "now", "next" or "skip".')
    if if_past != "now" and days is None and day is None:
        raise refuse(f"if_past={if_past!r}, and the next of a time is never past", "Leave it out.")
    return LocalTime(found.replace(microsecond=0, fold=0), weekdays, days, day, if_past)


def shown(at: int, name: str) -> str:
    """A moment as its zone shows it: "Tue 3 Mar 09:00 Europe/Berlin"."""
    moment = to_datetime(at).astimezone(zone(name) if is_zone(name) else UTC)
    seconds = f"{moment:%H:%M:%S}".removesuffix(":00")
    return f"{moment:%a} {moment.day} {moment:%b} {seconds} {name}"


def words(facts: dict[str, Any]) -> str:
    """What was asked for: "09:00", "09:00 mon, tue", "09:00 in 2 days", "09:00 on 2026-05-01"."""
    text = str(facts.get("time"))
    if "date" in facts:
        text += f" on {facts['date']}"
    if "days" in facts:
        days = facts["days"]
        text += {0: " today", 1: " tomorrow"}.get(days, f" in {days} days")
    if "on" in facts:
        text += f" {weekday_words(facts['on'])}"
    return text


def weekday_words(days: list[str]) -> str:
    """Days of the week, in a row where they are one: "mon-fri"."""
    at = [WEEKDAYS.index(day) for day in days if day in WEEKDAYS]
    if len(at) > 2 and at == list(range(at[0], at[-1] + 1)):
        return f"{WEEKDAYS[at[0]]}-{WEEKDAYS[at[-1]]}"
    return ", ".join(days)
