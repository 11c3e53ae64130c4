"""Moments by the wall clock: laws over zones and instants, and what may be asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.clocks.clock import to_datetime, to_ms
from studio.errors import WorkflowError
from studio.language.local_time import (
    LocalTime,
    ZoneError,
    find,
    is_zone,
    local_time,
    moment,
    read_time,
    read_until,
    read_weekdays,
    shown,
    words,
    zone,
)

PLACE = ("/somewhere/welcome.py", 12)
DAY = 24 * 3_600_000
ZONES = sorted(name for name in available_timezones() if is_zone(name))

zones = st.sampled_from(ZONES).map(zone)
moments = st.integers(to_ms(datetime(1990, 1, 1, tzinfo=UTC)), to_ms(datetime(2040, 1, 1, tzinfo=UTC)))
times = st.times().map(lambda each: each.replace(microsecond=0, fold=0))
weekdays = st.none() | st.sets(st.integers(0, 6), min_size=1).map(lambda each: tuple(sorted(each)))


@given(times, weekdays, moments, zones)
def test_the_next_of_a_time_is_ahead_and_shows_that_time_where_the_day_has_it(
    at: time, on: tuple[int, ...] | None, now: int, where: Any
) -> None:
    found = find(LocalTime(at, on), now, where)
    assert found.at > now
    assert (found.late, found.skipped) == (0, False)
    here = to_datetime(found.at).astimezone(where)
    asked = here.replace(tzinfo=None) - timedelta(milliseconds=found.shifted)
    assert asked.time() == at
    assert on is None or asked.weekday() in on
    if on is None:
        # Somewhere a day was left out of the calendar; else it is within the longest day there is.
        assert found.at - now <= 2 * DAY + found.shifted


@given(times, moments, zones)
def test_one_after_the_other_comes_each_day_once_and_in_order(at: time, now: int, where: Any) -> None:
    days = []
    for _ in range(4):
        found = find(LocalTime(at), now, where)
        assert found.at > now
        now = found.at
        asked = to_datetime(now).astimezone(where).replace(tzinfo=None)
        days.append((asked - timedelta(milliseconds=found.shifted)).date())
    assert days == sorted(set(days))


@given(times, st.integers(0, 400), moments, zones)
def test_days_are_days_of_the_calendar(at: time, days: int, now: int, where: Any) -> None:
    found = find(LocalTime(at, days=days), now, where)
    assert found.at >= now
    meant = to_datetime(now).astimezone(where).date() + timedelta(days=days)
    assert found.at - found.late == moment(meant, at, where)[0]
    assert bool(found.late) == (moment(meant, at, where)[0] < now)


@given(times, st.dates(date(2000, 1, 1), date(2030, 1, 1)), moments, zones)
def test_what_has_passed_is_over_now_or_is_the_next_or_is_skipped(
    at: time, day: date, now: int, where: Any
) -> None:
    found, next_one, skipped = (
        find(LocalTime(at, date=day, if_past=way), now, where) for way in ("now", "next", "skip")
    )
    if moment(day, at, where)[0] >= now:
        assert found == next_one == skipped
        return
    assert (found.at, found.late) == (now, now - moment(day, at, where)[0])
    assert (skipped.at, skipped.late, skipped.skipped) == (found.at, found.late, True)
    assert next_one == find(LocalTime(at), now, where)


@given(times, weekdays, st.none() | st.integers(0, 9), st.sampled_from(("now", "next", "skip")))
def test_what_was_asked_for_reads_back(at: time, on: Any, days: int | None, if_past: Any) -> None:
    wanted = LocalTime(at, on, days, None if days is not None else date(2026, 5, 1), if_past)
    assert local_time(wanted.facts()) == wanted


@pytest.mark.parametrize(
    ("name", "day", "at", "utc", "shifted"),
    [
        ("Europe/Paris", "2026-03-29", "02:30", "2026-03-29T01:30", 60),
        ("Europe/Paris", "2026-10-25", "02:30", "2026-10-25T00:30", 0),
        ("Africa/Cairo", "2026-04-24", "00:00", "2026-04-23T22:00", 60),
        ("Africa/Cairo", "2026-04-24", "01:00", "2026-04-23T22:00", 0),
        ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:45", 30),
        ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04T14:45", 0),
        ("Pacific/Apia", "2011-12-30", "09:00", "2011-12-30T19:00", 24 * 60),
    ],
)
def test_gaps_and_folds(name: str, day: str, at: str, utc: str, shifted: int) -> None:
    found, by = moment(date.fromisoformat(day), read_time(at), zone(name))
    assert (to_datetime(found).strftime("%Y-%m-%dT%H:%M"), by) == (utc, shifted * 60_000)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("thu", (3,)),
        ("mon-fri", (0, 1, 2, 3, 4)),
        ("fri-mon", (0, 4, 5, 6)),
        ("Sat, sun", (5, 6)),
        ("Tuesday-thursday, sun", (1, 2, 3, 6)),
    ],
)
def test_days_of_the_week(text: str, days: tuple[int, ...]) -> None:
    assert read_weekdays(text) == days


@pytest.mark.parametrize("text", ["", "thurd", "tho", "mon-", "-", "mon,,tue", 3, None, "mon-fri-sat", "m"])
def test_what_names_no_days(text: object) -> None:
    with pytest.raises(ValueError, match="no days of the week"):
        read_weekdays(text)


@pytest.mark.parametrize("text", ["9", "24:00", "09:60", "9:5", "09:00 ", 9, None, "noon", "09:00:61"])
def test_what_is_no_time_of_day(text: object) -> None:
    with pytest.raises(ValueError, match="no time of day"):
        read_time(text)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("9 am", None, None, None, "now"), "until has '9 am', which is no time of day"),
        (("09:00", "monday-fryday", None, None, "now"), "names no days of the week"),
        (("09:00", None, -1, None, "now"), "days=-1"),
        (("09:00", None, True, None, "now"), "days=True"),
        (("09:00", None, None, "1st of May", "now"), "date='1st of May', which is no date"),
        (("09:00", None, None, datetime(2026, 5, 1, tzinfo=UTC), "now"), "which is no date"),
        (("09:00", None, 1, "2026-05-01", "now"), "date= and another day besides"),
        (("09:00", "mon", None, "2026-05-01", "now"), "date= and another day besides"),
        (("09:00", None, 0, None, "later"), "if_past='later'"),
        (("09:00", "mon", None, None, "skip"), "the next of a time is never past"),
    ],
)
def test_what_is_no_moment_is_refused_at_its_line(asked: tuple[Any, ...], says: str) -> None:
    at, on, days, day, if_past = asked
    with pytest.raises(WorkflowError, match=says) as refused:
        read_until(at, on, days, day, if_past, PLACE)
    assert "welcome.py:12: " in str(refused.value)


@pytest.mark.parametrize("name", ["", " ", "Mars", "../etc/passwd", "/etc/localtime", None, 7, "a\0b"])
def test_what_is_no_zone(name: Any) -> None:
    assert not is_zone(name)
    with pytest.raises(ZoneError, match="is no time zone"):
        zone(name)


def test_a_zone_that_is_nearly_one_is_named() -> None:
    with pytest.raises(ZoneError, match="did you mean 'Europe/Berlin'"):
        zone("europe/berlin")


def test_a_moment_is_shown_with_its_day_and_zone() -> None:
    at = to_ms(datetime(2026, 3, 3, 8, 0, tzinfo=UTC))
    assert shown(at, "Europe/Berlin") == "Tue 3 Mar 09:00 Europe/Berlin"
    assert shown(at + 15_000, "Asia/Tokyo") == "Tue 3 Mar 17:00:15 Asia/Tokyo"


def test_a_wish_in_words() -> None:
    at = time(9)
    for wanted, told in (
        (LocalTime(at), "09:00"),
        (LocalTime(at, (0, 1, 2, 3, 4)), "09:00 mon-fri"),
        (LocalTime(at, (0, 2)), "09:00 mon, wed"),
        (LocalTime(at, days=0), "09:00 today"),
        (LocalTime(at, (3,), 2), "09:00 in 2 days thu"),
        (LocalTime(at, date=date(2026, 5, 1)), "09:00 on 2026-05-01"),
    ):
        assert words(wanted.facts()) == told
