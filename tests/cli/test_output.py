"""What is printed: cut by cells, literally, and JSON that stays JSON."""

from __future__ import annotations

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from studio.text.printable import cells, clean, column, cut, json_line, pad
from studio.wording.values import counted

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
    assert column(shown, width) == pad(cut(shown, width), width)


def test_wide_and_combining_characters_are_measured() -> None:
    assert cells("名前") == 4
    assert cells("e\u0301") == 1
    assert cut("名前です", 5) == "名前…"


def test_counts_read_well() -> None:
    assert [counted(n, "event") for n in (0, 1, 2_000)] == ["0 events", "1 event", "2,000 events"]
