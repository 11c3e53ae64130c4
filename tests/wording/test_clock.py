"""How a clock stands, in the words of commands and screens."""

from __future__ import annotations

import pytest

from studio.clocks.adjustable_clock import ClockReading, JumpState
from studio.wording.clock import clock_state
from studio.wording.times import day_clock

START = 1_795_519_800_000


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        (ClockReading(movable=False), "runs"),
        (ClockReading(movable=True, speed=3600), "×3,600"),
        (ClockReading(movable=True, paused=True, speed=60), "paused"),
    ],
)
def test_how_a_clock_stands(reading: ClockReading, words: str) -> None:
    assert clock_state(reading) == words


def test_a_jump_says_where_to_and_how_far_it_is() -> None:
    jump = JumpState(START, START + 1_000, 1, 4, START)
    words = clock_state(ClockReading(movable=True, jump=jump))
    assert words == f"jumps to {day_clock(START + 1_000)} ({jump.percent} %)"
