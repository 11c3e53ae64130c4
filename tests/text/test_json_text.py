from __future__ import annotations

import enum
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.text.json_text import MAX_BYTES, MAX_DEPTH, KeyTwice, NotJson, dumps, loads, loads_event

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@given(values)
def test_what_is_written_reads_back(value: Any) -> None:
    assert loads(dumps(value)) == value


@given(values)
def test_there_is_one_spelling(value: Any) -> None:
    assert dumps(loads(dumps(value))) == dumps(value)


def test_a_tuple_is_a_list_from_the_first_moment() -> None:
    assert loads(dumps({"a": (1, (2,))})) == {"a": [1, [2]]}


def test_text_is_compact_and_not_escaped() -> None:
    assert dumps({"a": [1, "名前"]}) == '{"a":[1,"名前"]}'


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_nan_and_infinities_are_refused(number: float) -> None:
    with pytest.raises(NotJson, match="NaN or an infinity"):
        dumps({"a": number})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), "a value of type datetime is not JSON"),
        ({1, 2}, "a value of type set is not JSON"),
        (b"x", "a value of type bytes is not JSON"),
        (object(), "a value of type object is not JSON"),
        ({(1, 2): 3}, "keys must be str"),
        (1j, "a value of type complex is not JSON"),
    ],
)
def test_types_that_json_does_not_have_are_refused_by_name(value: Any, words: str) -> None:
    with pytest.raises(NotJson, match=words):
        dumps({"a": value})


def test_what_contains_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(NotJson, match="contains itself"):
        dumps(loop)


@pytest.mark.parametrize("text", ["\ud800", "x" * 200 + "\udfff"])
def test_half_a_surrogate_pair_is_refused(text: str) -> None:
    with pytest.raises(NotJson, match="surrogate"):
        dumps(text)
    with pytest.raises(NotJson, match="surrogate"):
        dumps({text: 1})


def test_a_mebibyte_fits_and_a_byte_more_does_not() -> None:
    assert len(dumps("x" * (MAX_BYTES - 2))) == MAX_BYTES
    with pytest.raises(NotJson, match="more than the 1 MiB"):
        dumps("x" * (MAX_BYTES - 1))


def test_size_counts_bytes_and_not_characters() -> None:
    with pytest.raises(NotJson, match="more than the 1 MiB"):
        dumps("名" * (MAX_BYTES // 3))


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 1_000, 100_000])
def test_deep_nesting_is_refused(levels: int) -> None:
    with pytest.raises(NotJson, match=r"nested (too deep|more than 100 levels)"):
        dumps(nested(levels))


def test_as_many_levels_as_are_kept_pass() -> None:
    assert loads(dumps(nested(MAX_DEPTH))) == nested(MAX_DEPTH)


def test_brackets_in_texts_do_not_count_as_levels() -> None:
    assert loads(dumps({"a": '[{"' * 500})) == {"a": '[{"' * 500}
    assert loads(dumps([[1], [2]] * 200)) == [[1], [2]] * 200


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "at line 1, column 1"),
        ("{", "at line 1, column 2"),
        ('{"a": 1,\n  "b" 2}', "at line 2, column 7"),
        ("[1, 2", "at line 1"),
        ("{'a': 1}", "at line 1, column 2"),
        ("NaN", "it has NaN"),
        ('{"a": -Infinity}', "it has -Infinity"),
        (b"\xff", "not UTF-8"),
        ("[" * 100_000, "nested too deep"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(text: str | bytes, words: str) -> None:
    with pytest.raises(NotJson, match=words):
        loads(text)


@pytest.mark.parametrize(
    "text",
    [
        "1e999",
        '{"a": [-1e999]}',
        '"\\ud800"',
        '{"\\udfff": 1}',
        "1" * 5_000,
    ],
    ids=["1e999", "-1e999", "half", "half key", "digits"],
)
def test_loads_refuses_what_dumps_would_refuse(text: str) -> None:
    """But for depth and size: a result of 1 MiB is read back inside `{"result": …}`."""
    with pytest.raises(NotJson):
        loads(text)


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a": 1}', '[{"b": {"x": 1, "a": 2, "a": 3}}]', '{"a": 1, "\\u0061": 2}']
)
def test_a_key_that_is_there_twice_is_refused_in_what_comes_from_outside(text: str) -> None:
    with pytest.raises(KeyTwice, match='it has the key "a" twice'):
        loads_event(text)
    loads(text)
    assert loads_event('{"a": {"a": 1}, "b": [{"a": 1}, {"a": 1}]}') == {"a": {"a": 1}, "b": [{"a": 1}] * 2}


def test_a_number_with_too_many_digits_is_refused_as_such() -> None:
    """Python itself reads and writes no more than 4,300 digits."""
    with pytest.raises(NotJson, match="digits"):
        dumps(10**5_000)


@given(st.text(alphabet='[]{}",:\\ud80019e+-.truefalsn ', max_size=30))
def test_whatever_loads_takes_dumps_writes(text: str) -> None:
    try:
        value = loads(text)
    except NotJson:
        return
    assert json.loads(dumps(value)) == value


class Plan(enum.StrEnum):
    PRO = "pro"


class Name(str):
    """Text that is no key of others."""

    __slots__ = ()

    def __hash__(self) -> int:
        return id(self)


class Level(enum.IntEnum):
    HIGH = 3


class Headers(dict[str, Any]):
    pass


CLASH: dict[Any, Any] = {1: "a", "1": "b"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (CLASH, "1"),
        ({True: "a", "true": "b"}, "true"),
        ({None: "a", "null": "b"}, "null"),
        ({1.5: "a", "1.5": "b"}, "1.5"),
        ({Name("pro"): "a", Plan.PRO: "b"}, "pro"),
        ({Level.HIGH: "a", "3": "b"}, "3"),
        ([{"x": (CLASH,)}], "1"),
        (Headers({"x": CLASH}), "1"),
        (dict.fromkeys([*map(str, range(60)), 7]), "7"),
    ],
)
def test_keys_that_fall_together_are_refused(value: Any, text: str) -> None:
    with pytest.raises(NotJson, match=f"are both '{text}' in JSON, and one would be lost"):
        dumps(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({1: "a", 2: "b", "3": "c"}, '{"1":"a","2":"b","3":"c"}'),
        ({None: 1, True: 2, 1.5: 3}, '{"null":1,"true":2,"1.5":3}'),
        ({Plan.PRO: Level.HIGH}, '{"pro":3}'),
        ([{1: "a"}, {"1": "b"}], '[{"1":"a"},{"1":"b"}]'),
    ],
)
def test_keys_that_are_no_text_are_written_as_one(value: Any, text: str) -> None:
    assert dumps(value) == text
