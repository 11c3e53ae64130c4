from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from studio.clocks import moments
from studio.clocks.clock import to_ms
from studio.errors import ClockError

DAY = 86_400_000
NOW = to_ms(datetime(2026, 11, 24, 11, 30, tzinfo=UTC))


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time is two hours ahead of UTC."""
    monkeypatch.setenv("TZ", "EET-2")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> int:
    return to_ms(datetime(year, month, day, hour, minute, second, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("7d", NOW + 7 * DAY),
        (" +2h30m ", NOW + 9_000_000),
        ("90s", NOW + 90_000),
        ("2026-12-01", utc(2026, 11, 30, 22)),
        ("2026-12-01 09:00", utc(2026, 12, 1, 7)),
        ("2026-12-01T09:00:30", utc(2026, 12, 1, 7, 0, 30)),
        ("2026-12-01T09:00Z", utc(2026, 12, 1, 9)),
        ("14:00", utc(2026, 11, 24, 12)),
        ("9:05", utc(2026, 11, 25, 7, 5)),
        ("13:30", utc(2026, 11, 25, 11, 30)),
        ("13:30:01", utc(2026, 11, 24, 11, 30, 1)),
    ],
)
def test_a_moment_is_read_from_where_the_reader_stands(text: str, moment: int) -> None:
    assert moments.parse(text, NOW) == moment


def test_now_is_real_time() -> None:
    assert abs(moments.parse("now", NOW) - time.time() * 1000) < 5_000


@pytest.mark.parametrize(
    "text", ["", "soon", "7", "2026-13-01", "2026-02-30 09:00", "25:00", "12:99", "2026-", "9" * 400 + "d"]
)
def test_what_names_no_moment_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ClockError, match='Write "7d", "09:00" or'):
        moments.parse(text, NOW)


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize(
    ("now", "text", "meant"),
    [
        # 02:30 comes at 00:30 UTC, and again at 01:30 UTC.
        ("2026-10-24T23:00", "02:30", "2026-10-25T00:30"),
        ("2026-10-25T00:30", "02:30", "2026-10-25T01:30"),
        ("2026-10-25T00:45", "02:30", "2026-10-25T01:30"),
        ("2026-10-25T01:30", "02:30", "2026-10-26T01:30"),
        ("2026-10-25T00:45", "2026-10-25 02:30", "2026-10-25T01:30"),
        ("2026-10-25T00:15", "2026-10-25 02:30", "2026-10-25T00:30"),
        # At 01:00 UTC the clock goes from 02:00 to 03:00.
        ("2026-03-29T00:30", "02:30", "2026-03-29T01:00"),
        ("2026-03-29T00:30", "2:00:00", "2026-03-29T01:00"),
        ("2026-03-29T01:00", "02:30", "2026-03-30T00:30"),
        ("2026-03-28T02:00", "02:30", "2026-03-29T01:00"),
        ("2026-03-28T02:00", "2026-03-29 02:59:59", "2026-03-29T01:00"),
        ("2026-03-29T00:30", "03:00", "2026-03-29T01:00"),
    ],
)
def test_a_time_of_day_where_clocks_are_turned(
    now: str, text: str, meant: str, local: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    start, end = (to_ms(datetime.fromisoformat(each).replace(tzinfo=UTC)) for each in (now, meant))
    assert moments.parse(text, start, None if local else BERLIN) == end


def test_a_time_of_day_that_is_past_where_clocks_are_turned() -> None:
    def at(text: str) -> int:
        return to_ms(datetime.fromisoformat(text).replace(tzinfo=UTC))

    for now, text, meant in (
        ("2026-10-25T02:00", "02:30", "2026-10-25T01:30"),
        ("2026-10-25T01:29", "02:30", "2026-10-25T00:30"),
        ("2026-10-25T02:00", "2026-10-25 02:30", "2026-10-25T00:30"),
        ("2026-03-29T02:00", "02:30", "2026-03-29T01:00"),
        ("2026-03-29T00:59", "02:30", "2026-03-28T01:30"),
    ):
        assert moments.parse_past(text, at(now), BERLIN) == at(meant), (now, text)


def test_a_day_that_a_calendar_lacks_holds_up_nobody() -> None:
    """Samoa went from the 29th of December 2011 to the 31st."""
    apia = ZoneInfo("Pacific/Apia")
    now = to_ms(datetime(2011, 12, 29, 12, tzinfo=apia))
    assert moments.parse("09:00", now, apia) == to_ms(datetime(2011, 12, 31, tzinfo=apia))
    assert moments.parse_past("13:00", now, apia) == to_ms(datetime(2011, 12, 28, 13, tzinfo=apia))


def test_what_is_past_counts_back() -> None:
    def at(text: str) -> int:
        return to_ms(datetime.fromisoformat(text).replace(tzinfo=UTC))

    now = at("2026-03-10T12:00")
    for text, meant in (
        ("1h", "2026-03-10T11:00"),
        ("-1h", "2026-03-10T11:00"),
        ("09:00", "2026-03-10T09:00"),
        ("12:00", "2026-03-10T12:00"),
        ("12:01", "2026-03-09T12:01"),
        ("2026-03-01", "2026-03-01T00:00"),
        ("2026-03-01T07:00", "2026-03-01T07:00"),
    ):
        assert moments.parse_past(text, now, UTC) == at(meant), text
    assert moments.parse_past("2026-03-01T08:00+01:00", now) == at("2026-03-01T07:00")
    assert moments.parse_past("14:00", now) == at("2026-03-10T12:00"), "local time"


@pytest.mark.parametrize("text", ["", "soon", "25:00", "3x", "2026-99-01"])
def test_what_names_no_moment_of_the_past_is_refused(text: str) -> None:
    with pytest.raises(ClockError, match=r"is neither a date nor a duration. Write .1h."):
        moments.parse_past(text, 0, UTC)
