"""Lines that are longer than their pane is wide."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from studio.tui.format.pieces import Pieces, wrapped


def texts(line: Pieces, width: int) -> list[str]:
    """What stands on the lines."""
    return ["".join(text for text, _ in part) for part in wrapped(line, width)]


def test_what_fits_stays_as_it_is() -> None:
    line: Pieces = ((" a ", "muted"), ("b", "text"))
    assert wrapped(line, 4) == [line]
    assert wrapped((), 10) == [()]


def test_what_follows_hangs_under_the_text_behind_a_label() -> None:
    line: Pieces = (("  label  ", "muted"), ("one two three four", "text"))
    assert texts(line, 20) == ["  label  one two", "         three four"]
    assert {tone for part in wrapped(line, 20)[1:] for _, tone in part} == {"text"}


def test_what_stands_apart_goes_to_the_next_line_as_a_whole() -> None:
    line: Pieces = ((" ◷ ", "warning"), ("wait app/login", "strong"), ("   pass 2 of 3", "muted"))
    assert texts(line, 25) == [" ◷ wait app/login", "   pass 2 of 3"]


def test_a_word_without_blanks_is_broken_by_cells() -> None:
    assert texts((("日本語日本語", "text"),), 6) == ["日本語", "  日本", "  語"]


words = st.text(st.sampled_from(list("ab日 ")), max_size=30)


@given(
    st.lists(st.tuples(words, st.sampled_from(["text", "muted"])), min_size=1, max_size=5), st.integers(6, 40)
)
def test_no_line_is_too_wide_and_no_letter_is_lost(pieces: list[tuple[str, str]], width: int) -> None:
    found = texts(tuple(pieces), width)
    assert all(cell_len(text) <= width for text in found)
    whole = "".join(text for text, _ in pieces)
    assert "".join(found).replace(" ", "") == whole.replace(" ", "")
