"""Channels of messages: when they are quiet, how many messages a user gets, what becomes of the others. Pure.

A channel is part of the code, in a module that workflows import. What it asks is asked of the moment at
which a message is handed over, by the clock of the user.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from studio.clocks import durations
from studio.clocks.clock import to_datetime
from studio.errors import DurationError, WorkflowError
from studio.language.arguments import Duration, calling_place, read_duration, wrong
from studio.language.commands import Place
from studio.language.local_time import moment, read_time, read_weekdays
from studio.language.names import fault

CALENDAR = ("day", "week", "month")
LONGEST = {"day": 2, "week": 9, "month": 33}
"""Days that a period of the calendar takes at the most, with what a zone may add."""
DAY = 86_400_000
_CAP = re.compile(r"(\d+) per (.+)")
_QUIET = re.compile(r"(?:(\S+(?: ?, ?\S+)*) )?(\d{1,2}:\d{2}) ?- ?(\d{1,2}:\d{2})")


@dataclass(frozen=True, slots=True)
class Cap:
    """How many messages a user gets in a time."""

    text: str
    count: int
    window: int | None
    """Milliseconds, of a time that rolls on."""
    period: str = ""
    """Of the user's calendar: "day", "week" or "month"."""

    @property
    def longest(self) -> int:
        """Milliseconds for which a message may count, at the most."""
        return self.window if self.window is not None else LONGEST[self.period] * DAY

    def free_at(self, sent: Sequence[int], now: int, where: ZoneInfo) -> int | None:
        """When there is room for one more; None: now.

        Args:
            sent: when messages were handed over, oldest first.
        """
        if self.window is not None:
            counted = [at for at in sent if at > now - self.window]
            return None if len(counted) < self.count else counted[-self.count] + self.window
        first, next_one = self._period(now, where)
        counted = [at for at in sent if at >= first]
        return None if len(counted) < self.count else next_one

    def _period(self, now: int, where: ZoneInfo) -> tuple[int, int]:
        """Where the present day, week or month begins, and the next."""
        day = to_datetime(now).astimezone(where).date()
        if self.period == "week":
            day -= timedelta(days=day.weekday())
        elif self.period == "month":
            day = day.replace(day=1)
        after = {"day": 1, "week": 7, "month": 32}[self.period]
        behind = day + timedelta(days=after)
        behind = behind.replace(day=1) if self.period == "month" else behind
        return _begin(day, where), _begin(behind, where)


def _begin(day: date, where: ZoneInfo) -> int:
    return moment(day, time(), where)[0]


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which nothing is sent: from the one, up to the other and without it."""

    text: str
    start: time
    end: time
    on: tuple[int, ...] | None = None
    """Days of the week on which it begins, Monday 0."""

    def ends(self, now: int, where: ZoneInfo) -> int | None:
        """When it is over, of hours that last now; None: they do not."""
        today = to_datetime(now).astimezone(where).date()
        for back in (1, 0):
            day = today - timedelta(days=back)
            if self.on is not None and day.weekday() not in self.on:
                continue
            last = day if self.end > self.start else day + timedelta(days=1)
            end = moment(last, self.end, where)[0]
            if moment(day, self.start, where)[0] <= now < end:
                return end
        return None


@dataclass(frozen=True, slots=True)
class Channel:
    """A way by which users get messages, and what holds for all that go by it."""

    name: str
    quiet_hours: tuple[Quiet, ...] = ()
    caps: tuple[Cap, ...] = ()
    hold: int | None = None
    """Milliseconds for which what is over a cap waits for room; None: it is dropped."""
    jitter: int = 0
    """Milliseconds over which the messages are spread that quiet hours have held up."""
    place: Place = field(default=("", 0), compare=False)

    @property
    def counts(self) -> int:
        """Milliseconds for which a message may count against a cap, at the most."""
        return max((cap.longest for cap in self.caps), default=0)

    def quiet_until(self, now: int, where: ZoneInfo) -> tuple[int, str] | None:
        """When it is no longer quiet, and the hours that last now; None: it is not quiet."""
        found: tuple[int, str] | None = None
        while True:
            at = now if found is None else found[0]
            ends = [
                (end, each.text) for each in self.quiet_hours if (end := each.ends(at, where)) is not None
            ]
            if not ends:
                return found
            latest = max(ends)
            found = (latest[0], latest[1] if found is None else found[1])

    def full_until(self, sent: Sequence[int], now: int, where: ZoneInfo) -> tuple[int, str] | None:
        """When all caps have room again, and the cap that is full; None: there is room."""
        full = [(at, cap.text) for cap in self.caps if (at := cap.free_at(sent, now, where)) is not None]
        return max(full, default=None)


def channel(
    name: str,
    *,
    quiet_hours: str | Sequence[str] | None = None,
    cap: str | Sequence[str] | None = None,
    over: str = "drop",
    jitter: Duration | None = None,
) -> Channel:
    """A way by which users get messages: `channel("email", quiet_hours="22:00-08:00", cap="2 per 24h")`.

    Args:
        name: what it is called; two of one name must be alike.
        quiet_hours: when nothing is sent, by the user's clock: "22:00-08:00", "fri 20:00-10:00"; or a list.
        cap: how many a user gets: "2 per 24h" rolls, "1 per day" (week, month) is the calendar's; or a list.
        over: what becomes of more: "drop", or "hold 2d", which waits so long for room.
        jitter: over which time the messages are spread that quiet hours have held up.

    Raises:
        WorkflowError: one of them makes no sense.
    """
    place = calling_place()
    if why := fault(name):
        raise wrong(place, f"the channel's name {why}", 'Write channel("email", …).')
    what = f'channel "{name}"'
    quiet = [_read_quiet(text, what, place) for text in _several(quiet_hours, "quiet_hours", what, place)]
    caps = [_read_cap(text, what, place) for text in _several(cap, "cap", what, place)]
    spread = 0 if jitter is None else read_duration(jitter, f"{what} has jitter", place)
    return Channel(name, tuple(quiet), tuple(caps), _read_over(over, what, place), spread, place)


def _several(given: object, name: str, what: str, place: Place) -> list[str]:
    parts = [] if given is None else [given] if isinstance(given, str) else given
    if not isinstance(parts, list | tuple) or not all(isinstance(each, str) for each in parts):
        raise wrong(place, f"{what} has {name}={given!r:.80}", "Give a text, or a list of texts.")
    return list(parts)


def _read_cap(text: str, what: str, place: Place) -> Cap:
    found = _CAP.fullmatch(text.strip())
    if found is None or int(found[1]) < 1:
        raise _no_cap(text, what, place)
    count, per = int(found[1]), found[2].strip()
    if per in CALENDAR:
        return Cap(text.strip(), count, None, per)
    try:
        window = durations.parse(per)
    except DurationError:
        raise _no_cap(text, what, place) from None
    if window <= 0:
        raise _no_cap(text, what, place)
    return Cap(text.strip(), count, window)


def _no_cap(text: str, what: str, place: Place) -> WorkflowError:
    fix = 'Write "2 per 24h", which rolls, or "1 per day", "week" or "month" of the user\'s calendar.'
    return wrong(place, f"{what} has the cap {text!r:.80}, which nobody understands", fix)


def _read_quiet(text: str, what: str, place: Place) -> Quiet:
    fix = 'Write "22:00-08:00", or "fri-sun 20:00-10:00" where it begins on these days only.'
    found = _QUIET.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError(f"{text!r:.80}")
        on = None if found[1] is None else read_weekdays(found[1])
        start, end = read_time(found[2]), read_time(found[3])
    except ValueError as error:
        raise wrong(place, f"{what} has the quiet hours {error}, which are none", fix) from None
    if start == end:
        raise wrong(place, f"{what} has the quiet hours {text!r:.80}, which begin as they end", fix)
    return Quiet(text.strip(), start, end, on)


def _read_over(over: object, what: str, place: Place) -> int | None:
    if over == "drop":
        return None
    if isinstance(over, str) and over.startswith("hold "):
        return read_duration(over.removeprefix("hold ").strip(), f"{what} has over=hold", place)
    raise wrong(place, f"{what} has over={over!r:.80}", 'Write "drop", or "hold 2d".')
