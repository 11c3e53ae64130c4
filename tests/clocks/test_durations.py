from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytimeparse.timeparse import timeparse

from studio.clocks.durations import parse, short, show
from studio.errors import DurationError, StudioError

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("90s", 90 * SECOND),
        ("2h30m", 150 * MINUTE),
        ("7d", 7 * DAY),
        ("0s", 0),
        ("500ms", 500),
        ("1 millisecond", 1),
        ("250 milliseconds", 250),
        ("1s 20ms", 1_020),
        ("5s, 20ms", 5_020),
        ("1.5ms", 2),
        ("1 month", 30 * DAY),
        ("2 months", 60 * DAY),
        ("1mo", 30 * DAY),
        ("1 month 2 days", 32 * DAY),
        ("1 year", 365 * DAY),
        ("2years", 730 * DAY),
        ("1y6mo", (365 + 180) * DAY),
        ("1y 1mo 1w 1d 1h 1m 1s 1ms", 403 * DAY + HOUR + MINUTE + SECOND + 1),
        ("1 year, 4:13:02", 365 * DAY + 4 * HOUR + 13 * MINUTE + 2 * SECOND),
        ("1 YEAR", 365 * DAY),
        ("3m", 3 * MINUTE),
        ("3M", 3 * MINUTE),
        ("1:30", 90 * SECOND),
        (":30", 30 * SECOND),
        ("4:13:02.266", 4 * HOUR + 13 * MINUTE + 2_266),
        ("-0s", 0),
        ("+ 1 minute", MINUTE),
        ("  1h\n", HOUR),
        (".5s", 500),
        ("5.s", 5 * SECOND),
        # Where pytimeparse drops the fraction of a second, or a float would.
        ("0.01m", 600),
        ("0.001h", 3_600),
        ("1.0005d", DAY + 43_200),
        ("1.005s", 1_005),
        ("9007199254740993.001s", 9_007_199_254_740_993_001),
    ],
)
def test_a_text_is_read(text: str, ms: int) -> None:
    assert parse(text) == ms


@pytest.mark.parametrize(
    "text",
    [
        "32m",
        "2h32m",
        "3d2h32m",
        "1w3d2h32m",
        "1w 3d 2h 32m",
        "1 w 3 d 2 h 32 m",
        "4:13",
        "4:13:02",
        "4:13:02.266",
        "2:04:13:02.266",
        "1-04:18:35",
        "1-04:18:35.25",
        "2 days,  4:13:02",
        "2 days,  4:13:02.266",
        "1 w 2 days 4:13:02",
        "5hr34m56s",
        "5 hours, 34 minutes, 56 seconds",
        "5 hrs, 34 mins, 56 secs",
        "5 hrs/34 min/56 sec",
        "2 days, 5 hours, 34 minutes, 56 seconds",
        "1.2 m",
        "1.2 mins",
        "1.2 minutes",
        "172 hr",
        "1.25 days",
        "2 dys",
        "5.6 wk",
        "5.6 weeks",
        "5m,",
        "+4:13",
        "\u0663s",
    ],
)
def test_all_that_pytimeparse_reads_is_read_alike(text: str) -> None:
    seconds = timeparse(text)
    assert seconds is not None
    assert parse(text) == round(seconds * 1_000)


def words(*names: str) -> st.SearchStrategy[str]:
    return st.builds("{}{}{}".format, st.integers(0, 999), st.sampled_from(["", " "]), st.sampled_from(names))


@given(
    st.tuples(
        st.none() | words("w", "wk", "weeks"),
        st.none() | words("d", "day", "days"),
        st.none() | words("h", "hrs", "hours"),
        st.none() | words("m", "min", "minutes"),
        st.none() | words("s", "sec", "seconds"),
    ),
    st.sampled_from(["", " ", ", ", "/", " / "]),
)
def test_pairs_of_whole_numbers_are_read_as_pytimeparse_does(
    pairs: tuple[str | None, ...], between: str
) -> None:
    text = between.join(pair for pair in pairs if pair)
    seconds = timeparse(text)
    if seconds is None:
        with pytest.raises(DurationError):
            parse(text)
    else:
        assert parse(text) == seconds * 1_000


@given(st.text(alphabet="0123456789.:-+,/ wdhmsinec", max_size=14))
def test_no_text_that_pytimeparse_reads_is_refused(text: str) -> None:
    seconds = timeparse(text)
    if seconds is not None and seconds >= 0 and "-" not in text.strip()[:1]:
        assert abs(parse(text) - seconds * 1_000) <= 1_000  # it drops fractions of a second


@pytest.mark.parametrize(
    ("number", "ms"),
    [
        (90, 90 * SECOND),
        (0, 0),
        (1.5, 1_500),
        (0.0004, 0),
        (10**30, 10**33),
        (timedelta(days=7), 7 * DAY),
        (timedelta(milliseconds=1, microseconds=600), 2),
        (timedelta.max, 86_399_999_999_999 * SECOND + 1_000),
    ],
)
def test_a_number_is_seconds_and_a_timedelta_is_itself(number: float | timedelta, ms: int) -> None:
    assert parse(number) == ms


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3x", '"3x" is not a duration. Write it as "90s", "2h30m" or "7d".'),
        ("", '"" is empty, and no duration. Write it as "90s", "2h30m" or "7d".'),
        ("90", '"90" has no unit. Write it as "90s", "2h30m" or "7d".'),
        ("-5m", '"-5m" is negative, and no duration is. Write it as "90s", "2h30m" or "7d".'),
    ],
)
def test_a_refusal_quotes_the_text_and_gives_an_example(text: str, message: str) -> None:
    with pytest.raises(DurationError) as refused:
        parse(text)
    assert str(refused.value) == message
    assert isinstance(refused.value, StudioError)


@pytest.mark.parametrize(
    "text",
    [
        "   ",
        "s",
        ",",
        "-",
        "1.5",
        "1m 30",
        "1h1h",
        "30m2h",
        "1s 1h",
        "1ms 1s",
        "1 day 1 month",
        "1.2.3s",
        ".s",
        "2,5s",
        "1e3s",
        "½h",
        "+-5m",
        "+ -4:13",
        "- 4:13",
        "2 days 4:13",
        "1 month 1-04:18:35",
        "3h 4:13:02",
        "1:5",
        "4:13 5m",
        "seven days",
        "nan",
        "inf",
        "forever",
        "1 monthly",
        "1" * 5_000 + "s",
        "1w" + " " * 190 + "x",
        "1:" * 99,
    ],
)
def test_a_meaningless_text_is_refused(text: str) -> None:
    with pytest.raises(DurationError, match='Write it as "90s"'):
        parse(text)


@pytest.mark.parametrize(
    "value",
    [True, False, -1, -0.5, float("nan"), float("inf"), 1e308, timedelta(microseconds=-1), None, [], b"5m"],
)
def test_a_meaningless_value_is_refused(value: Any) -> None:
    with pytest.raises(DurationError, match='Write it as "90s"'):
        parse(value)


def test_a_refusal_shows_no_control_characters_and_stays_short() -> None:
    with pytest.raises(DurationError) as refused:
        parse("\x1b[2J\x9b\n" + "x" * 100)
    assert str(refused.value).startswith(r'"\x1b[2J\x9b\nxxx')
    assert len(str(refused.value)) < 130


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        ms = parse(text)
    except DurationError:
        return
    assert ms >= 0


@given(st.integers(min_value=0) | st.integers(0, 3 * DAY))
def test_what_is_shown_reads_back(ms: int) -> None:
    assert parse(show(ms)) == ms


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0s"),
        (40, "40ms"),
        (1_000, "1s"),
        (1_500, "1.5s"),
        (1_001, "1.001s"),
        (90 * SECOND, "1m30s"),
        (150 * MINUTE, "2h30m"),
        (HOUR + 5, "1h5ms"),
        (7 * DAY, "7d"),
        (365 * DAY, "365d"),
    ],
)
def test_a_duration_is_shown_without_zeros(ms: int, text: str) -> None:
    assert show(ms) == text


def test_less_than_nothing_is_not_shown() -> None:
    with pytest.raises(ValueError, match="-1 ms"):
        show(-1)


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (-5, "0.0s"),
        (0, "0.0s"),
        (99, "0.0s"),
        (499, "0.4s"),
        (11_899, "11.8s"),
        (59_999, "59.9s"),
        (MINUTE, "1m 00s"),
        (4 * MINUTE + 5_999, "4m 05s"),
        (HOUR - 1, "59m 59s"),
        (HOUR, "1h 00m"),
        (3 * HOUR + 12 * MINUTE + 59_999, "3h 12m"),
        (DAY - 1, "23h 59m"),
        (2 * DAY + 4 * HOUR, "2d 4h"),
        (7 * DAY - 1, "6d 23h"),
        (14 * DAY - 1, "13d 23h"),
        (14 * DAY, "14d"),
        (42 * DAY - 1, "41d"),
        (999_999 * DAY, "999999d"),
        (1_000_000 * DAY, "2739y"),
    ],
)
def test_what_is_left_is_rounded_down(ms: int, text: str) -> None:
    assert short(ms) == text


@given(st.integers() | st.integers(0, 400 * DAY))
def test_a_short_form_fits_its_column(ms: int) -> None:
    assert len(short(ms)) <= 7
