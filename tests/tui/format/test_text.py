"""Text of people stays text: nothing acts on the terminal, and every width is exact."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from studio.tui.format.glyphs import ASCII, UNICODE, bar, sparkline
from studio.tui.format.text import cut, fit, labels, literal, preview
from studio.tui.widgets.json_fault import JsonFault, read_data
from studio.wording.times import age, gap, left, span
from studio.wording.values import Big, size, slim


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("[b]bold[/b]", "[b]bold[/b]"),
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("a\nb\tc\x00\x7f", "a␊b␉c␀␡"),
        ("\x9b31m", "U+009B31m"),
        ("abc\u202etxt", "abcU+202Etxt"),
        ("a\u200bb\u2066c", "aU+200BbU+2066c"),
        ("zoe\u0308", "zoe\u0308"),
        ("\u0301start", "◌\u0301start"),
        ("a" + "\u0301" * 50, "a" + "\u0301" * 3),
        ("日本語", "日本語"),
        ("👨\u200d👩\u200d👧", "👨👩👧"),
        ("👍🏽", "👍"),
        ("❤\ufe0f", "❤"),
        ("🇩🇪", "DE"),
        ("\ud800", "U+D800"),
    ],
)
def test_text_is_shown_and_does_nothing(text: str, shown: str) -> None:
    assert literal(text) == shown


@given(st.text(max_size=60), st.integers(0, 30))
def test_a_column_has_its_width_whatever_stands_in_it(text: str, width: int) -> None:
    shown = literal(text)
    for keep in ("start", "end", "both"):
        assert cell_len(cut(shown, width, keep)) <= width
        assert cell_len(fit(shown, width, keep)) == width


@given(st.text(max_size=60))
def test_nothing_that_acts_on_a_terminal_is_left(text: str) -> None:
    assert all(char.isprintable() or char == " " for char in literal(text))


def test_the_end_of_an_event_tells_more_than_its_start() -> None:
    assert cut("app/email.verified", 15, "end") == "…email.verified"
    assert cut("app/email.verified", 10) == "app/email…"
    assert cut("onboarding.py", 9, "both") == "onbo…g.py"


def test_a_big_value_is_shown_by_its_size() -> None:
    value = {"blob": "x" * (1 << 20)}
    kept = slim(value)
    assert isinstance(kept, Big)
    assert preview(kept) == "{… 1.0 MiB} ⏎"
    assert slim({"a": 1}) == {"a": 1}
    assert preview({"a": "ü\x1b"}) == '{"a": "ü\\u001b"}'
    assert preview({}) == preview(None) == ""
    assert (size(12), size(2048)) == ("12 B", "2.0 KiB")


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (0, "0.0s"),
        (99, "0.0s"),
        (4_299, "4.2s"),
        (59_999, "59.9s"),
        (245_000, "4m 05s"),
        (11_520_000, "3h 12m"),
        (604_799_999, "6d 23h"),
        (41 * 86_400_000, "41d"),
    ],
)
def test_what_is_left_is_rounded_down(ms: int, shown: str) -> None:
    assert span(ms) == shown


def test_due_now_differs_from_late() -> None:
    assert left(1_000, 1_000) == "0.0s"
    assert left(1_000, 1_001) == "due"
    assert left(1_000, 11_000) == "due"
    assert left(1_000, 11_001) == "overdue"
    assert gap(0) == ""
    assert (gap(1), gap(2_500)) == ("+1ms", "+2.5s")
    assert (age(5_000), age(7_200_000), age(-5)) == ("5s", "2h", "0s")


@given(st.integers(1, 10**11), st.data(), st.integers(1, 40))
def test_a_bar_is_never_empty_before_it_is_due_nor_full_after_it_began(
    total: int, data: Any, width: int
) -> None:
    left_ms = data.draw(st.integers(0, total))
    solid, gone = bar(left_ms, total, width)
    assert len(solid) + len(gone) == width
    assert bool(solid) == (left_ms > 0)
    if left_ms < total:
        assert UNICODE.bar_half in solid or gone or left_ms == 0
    else:
        assert not gone


def test_signs_are_one_cell_each() -> None:
    for signs in (UNICODE, ASCII):
        for name in signs.__slots__:
            sign, several = getattr(signs, name), ("spark", "step", "axis", "shades")
            assert cell_len(sign) == (len(sign) if name in several else 1)
    assert all(ord(char) < 128 for name in ASCII.__slots__ for char in getattr(ASCII, name))
    assert sparkline([0, 4, 8]) == "▁▅█"
    assert sparkline([0, 0]) == "▁▁"


@pytest.mark.parametrize(
    ("text", "at", "why"),
    [
        ('{"a": }', 6, "a value is expected"),
        ('{"a": 1', 7, "ends too early"),
        ('{"a" 1}', 5, "a colon is expected"),
        ('{"a": 1 "b": 2}', 8, "a comma or the end"),
        ("{a: 1}", 1, "a field name"),
        ('{"a": "b}', 6, "not closed"),
        ("[1, 2]", 0, "a list and must be an object"),
        (" 3", 1, "a number and must be an object"),
        ("null", 0, "null and must be an object"),
        ('{"a": 1} x', 9, "behind the end"),
        ('{"NaN": NaN}', 8, "NaN is not JSON"),
        ('{"a": -Infinity}', 6, "-Infinity is not JSON"),
        # How deep Python's own reader goes differs: what it reads is refused by what is kept.
        ("[" * 100_000, 0, "nested"),
        ('{"a": ' * 2_000 + "1" + "}" * 2_000, 0, "nested"),
        ('{"a": ' * 200 + "1" + "}" * 200, 0, "nested"),
        ('{"a": "\\ud800"}', 0, "surrogate"),
    ],
)
def test_a_mistake_in_json_is_shown_at_its_place(text: str, at: int, why: str) -> None:
    with pytest.raises(JsonFault) as caught:
        read_data(text)
    assert why in caught.value.why
    assert caught.value.at == at


def test_data_is_read_as_typed() -> None:
    assert read_data('{"a": [1, null, "NaN"]}') == {"a": [1, None, "NaN"]}
    assert read_data("  ") == {}


def test_names_that_are_cut_are_told_apart() -> None:
    names = ["cart order-1001-eu", "cart order-1002-eu", "cart order-1003-us", "trial"]
    found = labels(names, 11)
    assert found["trial"] == "trial"
    assert len(set(found.values())) == 4
    assert "1" in found["cart order-1001-eu"]
    assert labels(names, 30) == {name: name for name in names}


@given(st.lists(st.text(max_size=40).map(literal), max_size=8, unique=True), st.integers(4, 24))
def test_no_label_is_too_wide_and_no_two_are_alike(names: list[str], width: int) -> None:
    plain = [name for name in names if name.isascii()]
    found = labels(plain, width)
    assert list(found) == plain
    assert all(cell_len(label) <= width for label in found.values())
    assert len(set(found.values())) == len(plain)
