"""How far a jump of the clock has come."""

from __future__ import annotations

import time

import pytest

from studio.engine.work.jump import Jump


def test_a_jump_that_is_asked_for_has_come_nowhere() -> None:
    jump = Jump(9_000)
    assert (jump.start, jump.since, jump.served, jump.serving, jump.left, jump.counted) == (
        9_000,
        0,
        0,
        0,
        0,
        0.0,
    )
    assert (jump.noted, jump.stop, jump.total) == (False, False, 0)


def test_all_that_it_has_to_serve_is_what_it_has_served_and_what_is_left() -> None:
    jump = Jump(9_000)
    jump.served, jump.left = 3, 4
    assert jump.total == 7


@pytest.mark.parametrize(
    ("stop", "at", "stopped"),
    [(False, 9_000, False), (False, 8_999, False), (True, 8_999, True), (True, 9_000, False)],
)
def test_a_jump_is_stopped_when_it_was_asked_to_and_had_not_arrived(
    stop: bool, at: int, stopped: bool
) -> None:
    jump = Jump(9_000)
    jump.start, jump.served, jump.stop = 1_000, 5, stop
    jump.began = time.monotonic() - 2
    end = jump.end(at)
    assert (end.start, end.at, end.served, end.stopped) == (1_000, at, 5, stopped)
    assert 2 <= end.took < 60
