"""Any value as a short text on one line."""

from __future__ import annotations

import gc
import time
from collections import OrderedDict, defaultdict, deque
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.engine.inspect.safe_repr import LONGEST, printable_line, safe_repr, type_name
from studio.text.printable import clean


@dataclass
class Cart:
    id: str
    items: list[int]


class Raises:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class Exits:
    def __repr__(self) -> str:
        raise SystemExit(3)


class Endless:
    def __repr__(self) -> str:
        while True:
            pass


class Recursive:
    def __repr__(self) -> str:
        return repr(self)


class Huge:
    def __repr__(self) -> str:
        return "x" * 10_000_000


class NoText:
    def __repr__(self) -> str:
        return 3  # type: ignore[return-value]


class Steers:
    def __repr__(self) -> str:
        return "\x1b[2J\n\u202e[bold]x[/bold]\ud800"


class Namer(type):
    @property
    def __name__(self) -> str:  # type: ignore[override]
        raise RuntimeError("no name")


class Nameless(metaclass=Namer):
    pass


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        ("it's", '"it\'s"'),
        (b"\x00", "b'\\x00'"),
        ([1, (2,), {3}, set(), frozenset((4,))], "[1, (2,), {3}, set(), frozenset({4})]"),
        ({"a": [1.5, True]}, "{'a': [1.5, True]}"),
        (deque([1]), "deque([1])"),
        (defaultdict(int, a=1), "defaultdict({'a': 1})"),
        (OrderedDict(a=1), "OrderedDict({'a': 1})"),
        (Cart("c1", [1]), "Cart(id='c1', items=[1])"),
        (Raises(), "<Raises: its text cannot be made (RuntimeError)>"),
        (Exits(), "<Exits: its text cannot be made (SystemExit)>"),
        (Recursive(), "<Recursive: its text cannot be made (RecursionError)>"),
        (NoText(), "<NoText: its text cannot be made (TypeError)>"),
        ([Raises()], "[<Raises: its text cannot be made (RuntimeError)>]"),
        (10**10_000, "<int of 33,220 bits>"),
        (Steers(), "\\x1b[2J\\n\\u202e[bold]x[/bold]\\ud800"),
    ],
    ids=type_name,
)
def test_a_value_reads_as_what_it_is(value: Any, text: str) -> None:
    assert safe_repr(value) == text


@pytest.mark.parametrize(
    "value",
    [
        Huge(),
        "y" * 10_000_000,
        list(range(1_000_000)),
        dict.fromkeys(range(1_000_000)),
        defaultdict(int, dict.fromkeys(range(1_000_000), 0)),
        {"z" * 10_000_000: 1},
        deque(range(1_000_000)),
    ],
    ids=type_name,
)
def test_a_large_value_is_cut_and_takes_no_time(value: Any) -> None:
    began = time.thread_time()
    text = safe_repr(value)
    assert time.thread_time() - began < 0.5
    assert len(text) <= LONGEST
    assert "…" in text


def test_a_text_is_cut_when_it_is_longer_than_asked_and_not_before() -> None:
    assert safe_repr("abc", 5) == "'abc'"
    assert safe_repr("abcd", 5) == "'abc…"
    assert safe_repr([1, 2], 6) == "[1, 2]"
    assert safe_repr([1, 23], 6) == "[1, 2…"
    assert printable_line("abcde", 5) == "abcde"
    assert printable_line("abcdef", 5) == "abcd…"


def test_lists_and_mappings_in_each_other_are_shown_to_the_sixth() -> None:
    assert safe_repr([[[[[[1]]]]]]) == "[[[[[[1]]]]]]"
    assert safe_repr([[[[[[[1]]]]]]]) == "[[[[[[[…]]]]]]]"
    deep: Any = 1
    for _ in range(6):
        deep = {0: deep}
    assert safe_repr(deep) == "{0: {0: {0: {0: {0: {0: 1}}}}}}"
    assert safe_repr({0: deep}) == "{0: {0: {0: {0: {0: {0: {…}}}}}}}"
    key: Any = 1
    for _ in range(7):
        key = (key,)
    assert safe_repr({key: 1}) == "{((((((…),),),),),): 1}"


def test_a_value_in_itself_ends() -> None:
    inner: list[Any] = []
    inner.append(inner)
    assert "…" in safe_repr(inner)


def test_a_text_that_does_not_end_is_given_up_and_all_of_them_together() -> None:
    began = time.monotonic()
    assert safe_repr(Endless()) == "<Endless: its text takes too long>"
    assert safe_repr([Endless()] * 50, until=began + 0.4).endswith("…")
    assert time.monotonic() - began < 10


def test_no_class_is_called_when_there_is_no_time() -> None:
    assert safe_repr([1, Raises()], until=0) == "[1, <Raises>]"


def test_a_class_that_hides_its_name_has_one() -> None:
    assert type_name(Nameless()) == "Nameless"


@given(st.text(), st.integers(2, 50))
def test_a_line_steers_nothing_and_is_no_longer_than_asked(text: str, longest: int) -> None:
    line = printable_line(text, longest)
    assert clean(line) == line
    assert len(line) <= longest


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
        max_leaves=10,
    )
)
def test_what_is_built_in_reads_as_python_shows_it_when_there_is_room(value: Any) -> None:
    text = safe_repr(value)
    assert clean(text) == text
    assert len(text) <= LONGEST
    if "…" not in text:
        assert text == printable_line(repr(value), LONGEST)


class Collects:
    """Has the garbage collector run while its text is made."""

    def __repr__(self) -> str:
        gc.collect()
        while True:
            pass


def test_what_the_garbage_collector_calls_is_not_given_up() -> None:
    ended: list[str] = []

    def called(phase: str, info: dict[str, int]) -> None:
        while time.monotonic() < end + 0.02:
            pass
        ended.append(phase)

    # What other tests left is to be finalised before.
    gc.collect()
    end = time.monotonic() + 0.02
    gc.callbacks.append(called)
    try:
        assert "takes too long" in safe_repr(Collects(), until=end)
    finally:
        gc.callbacks.remove(called)
    assert ended[:2] == ["start", "stop"]
