from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.clocks.adjustable_clock import (
    SPEEDS,
    JumpState,
    ShownClock,
    StudioClock,
    moment,
    next_speed,
    reading,
)
from studio.clocks.clock import VirtualClock, WallClock

NOW = 1_767_225_600_000
MS, HOUR, DAY = 1_000_000, 3_600_000, 86_400_000


class Hands:
    """The time of day and the monotonic time, moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall, self.monotonic = NOW, 5_000
        monkeypatch.setattr(time, "time_ns", lambda: self.wall * MS)
        monkeypatch.setattr(time, "monotonic_ns", lambda: self.monotonic * MS)

    def pass_(self, ms: int) -> None:
        self.wall += ms
        self.monotonic += ms


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    return Hands(monkeypatch)


def test_it_is_real_time_until_it_is_touched(hands: Hands) -> None:
    clock = StudioClock()
    hands.pass_(1_234)
    assert clock.now() == NOW + 1_234
    assert clock.state() == {"virtual": False, "studio": True, "ahead": 0}
    assert clock.late(NOW + 1_000) == 234
    assert clock.seconds_until(NOW + 2_234) == 1.0


def test_paused_it_stands_and_goes_on_from_there(hands: Hands) -> None:
    clock = StudioClock()
    clock.pause()
    hands.pass_(HOUR)
    assert clock.now() == NOW
    assert clock.seconds_until(NOW + 5) is None
    clock.run()
    hands.pass_(7)
    assert clock.now() == NOW + 7
    assert clock.state()["ahead"] == -HOUR


def test_faster_it_counts_in_real_milliseconds_how_late_it_is(hands: Hands) -> None:
    clock = StudioClock()
    clock.set_speed(3600)
    hands.pass_(1_000)
    assert clock.now() == NOW + HOUR
    assert clock.late(NOW + HOUR - 36_000) == 10
    assert clock.seconds_until(NOW + 2 * HOUR) == 1.0


def test_a_step_holds_it_at_the_pace_of_real_time(hands: Hands) -> None:
    clock = StudioClock()
    clock.set_speed(60)
    clock.hold(True)
    hands.pass_(1_000)
    assert clock.now() == NOW + 1_000
    assert clock.reading().held
    clock.hold(False)
    hands.pass_(1_000)
    assert clock.now() == NOW + 61_000


def test_a_jump_leads_it_and_leaves_it_where_it_came_to(hands: Hands) -> None:
    clock = StudioClock()
    jump = JumpState(NOW, NOW + DAY, 3, 12, NOW)
    clock.lead(jump)
    hands.pass_(5_000)
    assert clock.now() == NOW
    clock.move(NOW + HOUR)
    assert clock.now() == NOW + HOUR
    assert clock.reading().jump == jump
    assert reading(json.loads(json.dumps(clock.state()))).jump == jump
    clock.lead(None)
    hands.pass_(5)
    assert clock.now() == NOW + HOUR + 5


@pytest.mark.parametrize(
    ("served", "total", "at", "percent"),
    [(0, 0, NOW, 0), (5, 10, NOW + DAY, 50), (9, 10, NOW + DAY // 4, 25), (10, 10, NOW + DAY, 99)],
)
def test_how_far_a_jump_is_counts_deadlines_and_time(served: int, total: int, at: int, percent: int) -> None:
    assert JumpState(NOW, NOW + DAY, served, total, at).percent == percent


def test_a_fast_clock_stands_while_no_engine_runs_and_a_plain_one_goes_on(hands: Hands) -> None:
    fast, plain = StudioClock(), StudioClock()
    plain.move(NOW + DAY)
    fast.set_speed(60)
    hands.pass_(1_000)
    for clock, downtime in ((fast, 0), (plain, 8 * HOUR)):
        clock.stop()
        state, last = clock.state(), clock.now()
        hands.pass_(8 * HOUR)
        assert moment(state, WallClock().now()) == last + downtime
        again = StudioClock()
        again.adopt(state, last)
        assert again.now() == last + downtime
        hands.pass_(10)
        assert again.now() == last + downtime + (600 if clock is fast else 10)


def test_a_clock_left_by_another_kind_goes_on_from_its_moment(hands: Hands) -> None:
    virtual = VirtualClock(NOW + 3 * DAY)
    clock = StudioClock()
    clock.adopt(virtual.state(), NOW + 3 * DAY)
    assert clock.now() == NOW + 3 * DAY
    later = WallClock()
    later.adopt(clock.state(), clock.now())
    assert later.now() == NOW + 3 * DAY
    clock.adopt({"speed": 7, "rate": 7, "at": 5, "real": 5, "paused": False}, 0)
    assert clock.reading().speed == 1
    assert clock.now() == NOW


acts = st.lists(
    st.tuples(st.sampled_from(["pass", "pause", "run", "hold", "free", "lead", "end"]), st.integers(0, DAY))
    | st.tuples(st.just("speed"), st.sampled_from(SPEEDS))
    | st.tuples(st.just("move"), st.integers(0, DAY)),
    max_size=30,
)


@given(acts)
def test_it_never_goes_back_and_others_read_the_same_time_from_its_state(
    acts: list[tuple[str, int]],
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        hands = Hands(monkeypatch)
        clock, shown = StudioClock(), ShownClock()
        last = clock.now()
        for act, number in acts:
            match act:
                case "pass":
                    hands.pass_(number)
                case "pause":
                    clock.pause()
                case "run":
                    clock.run()
                case "hold" | "free":
                    clock.hold(act == "hold")
                case "speed":
                    clock.set_speed(number)
                case "lead":
                    clock.lead(JumpState(last, last + number))
                case "end":
                    clock.lead(None)
                case "move":
                    clock.move(last + number)
            now = clock.now()
            assert now >= last
            last = now
            shown.learn(json.loads(json.dumps(clock.state())))
            assert shown.now() == now
            assert shown.reading() == clock.reading()


@pytest.mark.parametrize(
    ("speed", "by", "to"), [(1, 1, 10), (60, -1, 10), (3600, 1, 3600), (1, -1, 1), (10, 9, 3600), (7, 1, 1)]
)
def test_speeds_are_gone_through_step_by_step(speed: int, by: int, to: int) -> None:
    assert next_speed(speed, by) == to
