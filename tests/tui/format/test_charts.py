"""Pictures of numbers in cells."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.tui.format.charts import DAY, HOUR, columns, parted, shaded, step_curve
from studio.tui.format.glyphs import use_symbols


@pytest.fixture
def ascii_signs() -> Iterator[None]:
    use_symbols("ascii")
    yield
    use_symbols("")


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=5), st.integers(8, 120))
def test_every_part_that_is_not_nothing_has_a_cell_and_the_bar_keeps_its_width(
    amounts: list[int], width: int
) -> None:
    signs = "abcde"
    found = parted([(n, signs[at], "text") for at, n in enumerate(amounts)], sum(amounts), width)
    there = [signs[at] for at, n in enumerate(amounts) if n]
    assert [text[0] for text, _ in found] == there
    assert sum(len(text) for text, _ in found) == (width if there else 0)


def test_a_bar_is_as_long_as_its_share_of_the_whole() -> None:
    assert parted([(25, "=", "text"), (25, "-", "text")], 100, 40) == [("=" * 10, "text"), ("-" * 10, "text")]


def test_a_step_curve_rises_where_the_share_does(ascii_signs: None) -> None:
    lines = step_curve(lambda ms: 0.0 if ms < HOUR else 1.0 if ms < DAY else None, 7 * DAY, 46, 7, HOUR)
    drawn = ["".join(text for text, _ in line) for line in lines]
    assert len(drawn) == 7
    assert drawn[0].startswith("100 %|")
    assert "--" in drawn[0]
    assert drawn[2].startswith(" 50 %|")
    assert drawn[4].startswith("  0 %|--")
    up = drawn[0].index(".")
    assert [line[up] for line in drawn[:5]] == [".", "|", "|", "|", "'"]
    assert "1d" in drawn[-1]
    assert "7d" in drawn[-1]
    # Nothing is known beyond a day.
    assert len(drawn[0].rstrip()) < 46


def test_columns_and_shades_show_what_is_not_nothing(ascii_signs: None) -> None:
    assert columns([0, 1, 1000], 2) == ["  @", " _@"]
    assert shaded([0, 1, 100], 100) == ".-#"
