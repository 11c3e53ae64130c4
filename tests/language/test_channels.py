"""Channels: what may be asked for, quiet hours by the wall clock, caps that roll or follow the calendar."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio import channel
from studio.clocks.clock import to_datetime, to_ms
from studio.errors import WorkflowError
from studio.language.local_time import zone
from tests.language.test_local_time import moments, zones

HOUR = 3_600_000
DAY = 24 * HOUR
BERLIN = zone("Europe/Berlin")
UTC_ZONE = zone("UTC")


def at(text: str) -> int:
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=UTC))


@given(
    moments,
    zones,
    st.sampled_from(["22:00-08:00", "00:30-02:30", "13:00-14:00", "fri-sun 20:00-10:00", "mon 00:00-23:59"]),
)
def test_nothing_is_sent_inside_a_window_and_what_waits_goes_at_its_end(
    now: int, where: Any, text: str
) -> None:
    made = channel("c", quiet_hours=[text, "03:00-03:30"])
    found = made.quiet_until(now, where)
    if found is None:
        return
    end, _ = found
    assert now < end <= now + 4 * DAY
    assert made.quiet_until(end, where) is None
    assert made.quiet_until(end - 1, where) is not None


@given(moments, zones)
def test_by_day_it_is_not_quiet(now: int, where: Any) -> None:
    here = to_datetime(now).astimezone(where)
    is_quiet = channel("c", quiet_hours="22:00-08:00").quiet_until(now, where) is not None
    offsets = {
        (here.utcoffset(), to_datetime(now + h * HOUR).astimezone(where).utcoffset()) for h in (-12, 12)
    }
    if all(one == other for one, other in offsets):
        assert is_quiet == (here.hour >= 22 or here.hour < 8)


@pytest.mark.parametrize(
    ("now", "end"),
    [
        # 22:00-06:00 is 7 hours long in the night in which clocks are put forward, 9 when they are put back.
        ("2026-03-28T21:00", "2026-03-29T04:00"),
        ("2026-10-24T20:00", "2026-10-25T05:00"),
        ("2026-03-27T21:00", "2026-03-28T05:00"),
        ("2026-03-29T03:59", "2026-03-29T04:00"),
        ("2026-03-29T04:00", None),
        ("2026-03-28T20:59", None),
    ],
)
def test_the_end_is_by_the_wall_clock(now: str, end: str | None) -> None:
    found = channel("c", quiet_hours="22:00-06:00").quiet_until(at(now), BERLIN)
    assert (None if found is None else found[0]) == (None if end is None else at(end))


def test_days_are_those_on_which_the_hours_begin() -> None:
    made = channel("c", quiet_hours="fri 22:00-08:00")
    # 2026-01-02 is a Friday.
    assert made.quiet_until(at("2026-01-02T07:00"), UTC_ZONE) is None
    assert made.quiet_until(at("2026-01-02T22:00"), UTC_ZONE) == (at("2026-01-03T08:00"), "fri 22:00-08:00")
    assert made.quiet_until(at("2026-01-03T07:59"), UTC_ZONE) is not None
    assert made.quiet_until(at("2026-01-03T23:00"), UTC_ZONE) is None


def test_hours_that_follow_one_another_are_one() -> None:
    made = channel("c", quiet_hours=["22:00-08:00", "08:00-09:30"])
    assert made.quiet_until(at("2026-01-02T23:00"), UTC_ZONE) == (at("2026-01-03T09:30"), "22:00-08:00")


@pytest.mark.parametrize(
    ("cap", "sent", "now", "free"),
    [
        ("2 per 24h", ["2026-01-01T10:00"], "2026-01-01T11:00", None),
        ("2 per 24h", ["2026-01-01T10:00", "2026-01-01T10:30"], "2026-01-01T11:00", "2026-01-02T10:00"),
        ("2 per 24h", ["2026-01-01T10:00", "2026-01-01T10:30"], "2026-01-02T10:00", None),
        ("1 per day", ["2026-01-01T22:30"], "2026-01-01T22:59", "2026-01-01T23:00"),
        ("1 per day", ["2026-01-01T22:30"], "2026-01-01T23:01", None),
        ("1 per day", ["2026-03-28T23:30"], "2026-03-29T10:00", "2026-03-29T22:00"),
        ("1 per week", ["2026-01-01T10:00"], "2026-01-04T22:59", "2026-01-04T23:00"),
        ("1 per month", ["2026-02-01T10:00"], "2026-02-28T10:00", "2026-02-28T23:00"),
        ("1 per month", ["2025-12-31T22:59"], "2026-01-01T10:00", None),
        # What went out before time was taken back still counts, though it lies ahead now.
        ("1 per 24h", ["2026-01-05T10:00"], "2026-01-01T10:00", "2026-01-06T10:00"),
    ],
)
def test_caps(cap: str, sent: list[str], now: str, free: str | None) -> None:
    found = channel("c", cap=cap).full_until([at(each) for each in sent], at(now), BERLIN)
    assert found == (None if free is None else (at(free), cap))


def test_of_several_caps_the_one_that_is_full_longest_is_told() -> None:
    made = channel("c", cap=["1 per 1h", "1 per day"])
    sent = [at("2026-01-01T10:00")]
    assert made.full_until(sent, at("2026-01-01T10:30"), UTC_ZONE) == (at("2026-01-02T00:00"), "1 per day")
    assert made.counts == 2 * DAY


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"cap": "lots per day"}, "has the cap 'lots per day', which nobody understands"),
        ({"cap": ["1 per day", "0 per day"]}, "has the cap '0 per day'"),
        ({"cap": "1 per fortnight"}, "has the cap '1 per fortnight'"),
        ({"cap": 3}, "has cap=3"),
        ({"quiet_hours": "22-08"}, "has the quiet hours '22-08', which are none"),
        ({"quiet_hours": "25:00-08:00"}, "no time of day"),
        ({"quiet_hours": "08:00-08:00"}, "which begin as they end"),
        ({"quiet_hours": "someday 22:00-08:00"}, "names no days"),
        ({"over": "later"}, "has over='later'"),
        ({"over": "hold on"}, "has over=hold 'on'"),
        ({"jitter": "a bit"}, "has jitter 'a bit'"),
    ],
)
def test_what_makes_no_channel_is_told_with_its_line(given: dict[str, Any], says: str) -> None:
    with pytest.raises(WorkflowError, match=says) as refused:
        channel("c", **given)
    assert "test_channels.py:" in str(refused.value)


def test_two_that_say_the_same_are_alike_wherever_they_stand() -> None:
    one = channel("c", cap="1 per day", quiet_hours="22:00-08:00", over="hold 2d", jitter="10m")
    other = channel("c", cap=["1 per day"], quiet_hours=["22:00-08:00"], over="hold 48h", jitter=600)
    assert one == other
    assert one.place != other.place
    assert one != channel("c", cap="2 per day", quiet_hours="22:00-08:00", over="hold 2d", jitter="10m")
