"""How much is said in one go."""

from __future__ import annotations

import pytest

from studio.kernel import log_limit
from studio.kernel.log_limit import LEFT_OUT, Bound


def test_what_is_over_the_limit_of_lines_is_left_out_and_that_is_said_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_limit, "MOST_LINES", 2)
    bound = Bound()
    taken = [bound.take("info", "x") for _ in range(5)]
    assert taken == [("info", "x"), ("info", "x"), ("warning", LEFT_OUT), None, None]
    assert bound.lines == 5


def test_so_is_what_is_over_the_limit_of_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_limit, "MOST_CHARACTERS", 10)
    bound = Bound()
    taken = [bound.take("debug", "x" * 6) for _ in range(4)]
    assert taken == [("debug", "xxxxxx"), ("warning", LEFT_OUT), None, None]


def test_a_single_line_that_is_too_long_is_left_out() -> None:
    assert Bound().take("info", "x" * (log_limit.MOST_CHARACTERS + 1)) == ("warning", LEFT_OUT)


def test_what_fills_the_limit_to_the_last_character_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_limit, "MOST_CHARACTERS", 10)
    bound = Bound()
    taken = [bound.take("info", "x" * 10), bound.take("info", "y"), bound.take("info", "z")]
    assert taken == [("info", "x" * 10), ("warning", LEFT_OUT), None]
    assert "10,000 lines, or 1,024 KiB" in LEFT_OUT
