"""What is printed: cut by cells, literally, and JSON that stays JSON."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.cli import output
from studio.cli.output import Columns, counted, table
from studio.printable import cells, clean, cut, json_line, pad

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from(
    ["\x1b]0;x\x07", "[b]x[/b]", "\u202eabc", "名前", "e\u0301", "a\nb\tc", "\x9b31m"]
)


@given(texts)
def test_what_could_steer_a_terminal_is_spelled_out(text: str) -> None:
    shown = clean(text)
    assert not any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in shown)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
    assert clean(shown) == shown
    if text.isprintable():
        assert shown == text


def test_markup_is_left_as_it_is() -> None:
    assert clean("[b]x[/b] \x1b[31m\n") == "[b]x[/b] \\x1b[31m\\n"


@given(
    st.recursive(
        texts | st.integers() | st.none() | st.booleans(), lambda s: st.lists(s) | st.dictionaries(texts, s)
    )
)
def test_a_json_line_is_one_line_and_reads_back(value: object) -> None:
    line = json_line(value)
    assert json.loads(line) == value
    assert line.splitlines() in ([line], [])
    assert clean(line) == line


@given(texts, st.integers(1, 30))
def test_text_is_cut_by_cells(text: str, width: int) -> None:
    shown = clean(text)
    assert cells(cut(shown, width)) <= width
    assert cells(pad(cut(shown, width), width)) == width


def test_wide_and_combining_characters_are_measured() -> None:
    assert cells("名前") == 4
    assert cells("e\u0301") == 1
    assert cut("名前です", 5) == "名前…"


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120])
def test_a_table_fits_the_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setattr(output, "terminal_width", lambda: width)
    heads = ("TIME", "USER", "WHAT", "LINE")
    rows = [("2026-01-01 00:00:00.000", "名前" * 20, "x" * 200, "welcome.py:7"), ("", "u", None, 5)]
    lines = table(heads, rows)
    assert all(cells(line) <= width for line in lines)
    assert lines[0].startswith("TIME")
    # A moment is whole or not there.
    assert width < 23 or lines[1].startswith("2026-01-01 00:00:00.000")


def test_a_table_that_is_piped_is_whole() -> None:
    assert table(("A", "B"), [("x" * 500, "y")]) == ["A" + " " * 501 + "B", "x" * 500 + "  y"]
    assert table(("A", "B"), []) == ["A  B"]


def test_columns_without_a_last_row_grow_and_never_shrink() -> None:
    columns = Columns((4, 2))
    assert columns.lines(
        (
            "A",
            "B",
        ),
        [("x", "yy")],
    ) == ["A     B", "x     yy"]
    assert columns.lines(None, [("longer", None)]) == ["longer"]
    assert columns.lines(None, [("z", "w\x1b")]) == ["z       w\\x1b"]
    assert columns.lines(None, []) == []


def test_counts_read_well() -> None:
    assert [counted(n, "event") for n in (0, 1, 2_000)] == ["0 events", "1 event", "2,000 events"]
