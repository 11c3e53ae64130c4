from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.clocks.clock import VirtualClock, WallClock, iso, to_datetime, to_ms

NOW = 1_767_225_600_000
"""2026-01-01 00:00 UTC."""
MS = 1_000_000
HOUR = 3_600_000


class Hands:
    """The time of day and the monotonic time, both moved by hand; in milliseconds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall = NOW
        self.monotonic = 5_000
        monkeypatch.setattr(time, "time_ns", lambda: self.wall * MS)
        monkeypatch.setattr(time, "monotonic_ns", lambda: self.monotonic * MS)

    def pass_(self, ms: int) -> None:
        self.wall += ms
        self.monotonic += ms

    def set(self, ms: int) -> None:
        """Somebody sets the clock on the wall."""
        self.wall += ms


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    return Hands(monkeypatch)


def test_the_wall_clock_gives_the_time_of_day(hands: Hands) -> None:
    clock = WallClock()
    assert clock.now() == NOW
    hands.pass_(1_234)
    assert clock.now() == NOW + 1_234


def test_a_wall_clock_set_ahead_is_followed_at_once(hands: Hands) -> None:
    clock = WallClock()
    hands.set(HOUR)
    assert clock.now() == NOW + HOUR
    hands.pass_(10)
    assert clock.now() == NOW + HOUR + 10


def test_a_laptop_that_slept_is_where_the_wall_is(hands: Hands) -> None:
    clock = WallClock()
    hands.wall += 8 * HOUR
    hands.monotonic += 20
    assert clock.now() == NOW + 8 * HOUR


def test_a_wall_clock_set_back_goes_on_at_half_speed_until_they_agree(hands: Hands) -> None:
    clock = WallClock()
    before = clock.now()
    hands.set(-HOUR)
    assert clock.now() == before
    for minute in range(1, 61):
        hands.pass_(60_000)
        assert clock.now() == pytest.approx(before + minute * 30_000, abs=2)
    for _ in range(70):
        hands.pass_(60_000)
    # In two hours the hour is caught up, but for the second within which both count as agreeing.
    assert 0 <= clock.now() - hands.wall <= 60_000


def test_a_wall_clock_never_freezes_when_it_is_asked_often(hands: Hands) -> None:
    clock = WallClock()
    hands.set(-24 * HOUR)
    before = clock.now()
    for _ in range(10_000):
        hands.pass_(1)
        clock.now()
    assert clock.now() - before == pytest.approx(5_000, abs=1)


def test_a_small_correction_is_made_up_for_in_twice_its_time(hands: Hands) -> None:
    clock = WallClock()
    hands.set(-900)
    before = clock.now()
    hands.pass_(100)
    assert clock.now() == before + 50
    hands.pass_(1_700)
    assert clock.now() == hands.wall


def test_a_move_back_changes_nothing(hands: Hands) -> None:
    clock = WallClock()
    clock.move(NOW - HOUR)
    assert clock.now() == NOW
    clock.move(NOW + 500)
    assert clock.now() == NOW + 500


def test_a_store_that_is_ahead_stays_ahead_by_as_much(hands: Hands) -> None:
    clock = WallClock()
    clock.adopt({"virtual": False, "ahead": HOUR}, NOW)
    assert clock.now() == NOW + HOUR
    assert clock.state() == {"virtual": False, "ahead": HOUR}
    hands.pass_(7)
    assert clock.now() == NOW + HOUR + 7


def test_a_store_from_a_time_moved_by_hand_goes_on_from_there_at_full_speed(hands: Hands) -> None:
    clock = WallClock()
    clock.adopt({}, NOW + 30 * 24 * HOUR)
    assert clock.now() == NOW + 30 * 24 * HOUR
    hands.pass_(5_000)
    assert clock.now() == NOW + 30 * 24 * HOUR + 5_000


def test_a_store_of_yesterday_finds_the_time_of_day(hands: Hands) -> None:
    clock = WallClock()
    clock.adopt({"virtual": False, "ahead": 0}, NOW - 24 * HOUR)
    assert clock.now() == NOW
    assert clock.state()["ahead"] == 0


@pytest.fixture(scope="module")
def patched() -> Iterator[Hands]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Hands(monkeypatch)


Tick = tuple[Literal["pass", "set", "sleep", "move", "adopt"], int]
ticks = st.lists(
    st.tuples(st.just("pass"), st.integers(0, 100_000))
    | st.tuples(st.just("set"), st.integers(-2 * HOUR, 2 * HOUR))
    | st.tuples(st.just("sleep"), st.integers(0, 2 * HOUR))
    | st.tuples(st.just("move"), st.integers(-HOUR, HOUR)),
    max_size=40,
)


@given(ticks)
def test_whatever_the_wall_does_time_never_goes_back_and_never_stands(
    patched: Hands, ticks: list[tuple[str, int]]
) -> None:
    clock = WallClock()
    last = clock.now()
    for what, ms in ticks:
        if what == "pass":
            patched.pass_(ms)
        elif what == "set":
            patched.set(ms)
        elif what == "sleep":
            patched.wall += ms
        else:
            clock.move(last + ms)
        now = clock.now()
        assert now >= last
        if what == "pass":
            # At half speed at the least, but for the rounding to whole milliseconds.
            assert now - last >= ms / 2 - 1
        last = now


def test_a_virtual_clock_stands_until_it_is_moved() -> None:
    clock = VirtualClock()
    assert clock.virtual
    assert clock.now() == NOW
    time.sleep(0.002)
    assert clock.now() == NOW
    clock.move(NOW + 5)
    clock.move(NOW)
    assert clock.now() == NOW + 5
    assert clock.state() == {"virtual": True, "at": NOW + 5}


def test_a_virtual_clock_begins_where_it_is_told() -> None:
    assert VirtualClock(7).now() == 7
    assert VirtualClock(datetime(2026, 1, 1, tzinfo=UTC)).now() == NOW
    assert VirtualClock(datetime(2026, 1, 1)).now() == NOW  # noqa: DTZ001 - read as UTC


def test_a_virtual_clock_goes_on_where_the_store_stood() -> None:
    clock = VirtualClock(0)
    clock.adopt({"virtual": True, "at": 500}, 400)
    assert clock.now() == 500
    clock.adopt({}, 900)
    assert clock.now() == 900
    clock.adopt({"at": 1}, 2)
    assert clock.now() == 900


@given(st.integers(0, 253_402_300_799_999))
def test_a_moment_reads_back(ms: int) -> None:
    assert to_ms(to_datetime(ms)) == ms
    assert to_ms(datetime.fromisoformat(iso(ms))) == ms


def test_other_zones_are_the_same_moment() -> None:
    moment = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert to_ms(moment) == NOW
    assert iso(to_ms(moment)) == "2026-01-01T00:00:00.000Z"
