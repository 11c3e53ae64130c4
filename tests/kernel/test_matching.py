from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.kernel.matching import MISSING, FieldMismatch, agrees, differences, look_up, meets

scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=4)
keys = st.text(alphabet="ab.01", max_size=4)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(keys, json_values, max_size=4)


@pytest.mark.parametrize(
    ("match", "data", "met"),
    [
        # All keys must agree.
        ({"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 3}, True),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, False),
        ({"a": 1, "b": 2}, {"a": 1}, False),
        ({}, {"a": 1}, True),
        (None, {}, True),
        # None means present and null.
        ({"a": None}, {"a": None}, True),
        ({"a": None}, {}, False),
        ({"a": None}, {"a": 0}, False),
        ({"a": 0}, {"a": None}, False),
        # Booleans are no numbers; 1 == 1.0.
        ({"a": True}, {"a": True}, True),
        ({"a": True}, {"a": 1}, False),
        ({"a": 1}, {"a": True}, False),
        ({"a": 0}, {"a": False}, False),
        ({"a": False}, {"a": 0.0}, False),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"a": "1"}, False),
        ({"a": [1, True]}, {"a": [1.0, True]}, True),
        ({"a": [1, True]}, {"a": [1, 1]}, False),
        # A literal key with a dot wins before the path.
        ({"plan.name": "pro"}, {"plan": {"name": "pro"}}, True),
        ({"plan.name": "pro"}, {"plan.name": "pro", "plan": {"name": "free"}}, True),
        ({"plan.name": "free"}, {"plan.name": "pro", "plan": {"name": "free"}}, False),
        ({"a.b.c": 1}, {"a.b": {"c": 1}, "a": {"b": {"c": 2}}}, True),
        ({"a.b.c": 1}, {"a": {"b.c": 1}}, True),
        ({"a.b": None}, {"a": {"b": None}}, True),
        ({"a.b": None}, {"a": {}}, False),
        ({"a.b": 1}, {"a": 1}, False),
        # Digits index lists.
        ({"items.0.sku": "x"}, {"items": [{"sku": "x"}]}, True),
        ({"items.1": "y"}, {"items": ["x", "y"]}, True),
        ({"items.2": "y"}, {"items": ["x", "y"]}, False),
        ({"items.-1": "y"}, {"items": ["x", "y"]}, False),
        ({"items.٠": "x"}, {"items": ["x"]}, False),
        ({"items.0": "x"}, {"items": {"0": "x"}}, True),
        ({"items.0": None}, {"items": []}, False),
        ({"items.99999999999999999999": None}, {"items": []}, False),
        # A nested mapping agrees when all its keys do; a list must be equal in length.
        ({"plan": {"name": "pro"}}, {"plan": {"name": "pro", "seats": 3}}, True),
        ({"plan": {"name": "pro"}}, {"plan": {"seats": 3}}, False),
        ({"plan": {}}, {"plan": {"seats": 3}}, True),
        ({"plan": {}}, {"plan": 3}, False),
        ({"plan": {"a.b": 1}}, {"plan": {"a": {"b": 1}}}, True),
        # A path inside a nested match goes on in the list, and must be there.
        ({"items": {"0.sku": "x"}}, {"items": [{"sku": "x"}]}, True),
        ({"items": {"0.sku": "x"}}, {"items": [{"sku": "y"}]}, False),
        ({"items": {"1.sku": "x"}}, {"items": [{"sku": "x"}]}, False),
        ({"items": {"0.sku": None}}, {"items": [{}]}, False),
        ({"items": {"0": {"sku": "x"}, "1": "y"}}, {"items": [{"sku": "x"}, "y"]}, True),
        ({"items": {"0": {"sku": "x"}, "1": "z"}}, {"items": [{"sku": "x"}, "y"]}, False),
        ({"items": {}}, {"items": []}, False),
        ({"a": [{"b": 1}]}, {"a": [{"b": 1, "c": 2}]}, True),
        ({"a": [1]}, {"a": [1, 2]}, False),
        ({"a": []}, {"a": []}, True),
        ({"a": "x"}, {"a": ["x"]}, False),
        ({"a": 1}, {"a": {"b": 1}}, False),
    ],
)
def test_a_match_agrees_as_rule_20_says(
    match: dict[str, Any] | None, data: dict[str, Any], met: bool
) -> None:
    assert meets(match, data) is met
    assert (differences(match, data) == []) is met


def test_a_difference_names_the_field_and_both_values() -> None:
    match = {"email": "a@b.c", "plan": {"name": "pro", "seats": 3}, "items.0.sku": "x"}
    data = {"email": "a@b.c", "plan": {"name": "free"}, "items": []}
    assert differences(match, data) == [
        FieldMismatch("plan.name", "pro", "free"),
        FieldMismatch("plan.seats", 3, MISSING),
        FieldMismatch("items.0.sku", "x", MISSING),
    ]


def test_a_missing_field_is_shown_as_missing_and_not_as_none() -> None:
    assert repr(differences({"a": None}, {})[0].got) == "(missing)"


def test_looking_into_something_without_fields_finds_nothing() -> None:
    assert look_up("text", "0") is MISSING
    assert look_up(None, "a") is MISSING
    assert look_up({"a": [[1, 2]]}, "a.0.1") == 2


@given(objects)
def test_an_object_meets_itself(data: dict[str, Any]) -> None:
    assert meets(data, data)


@given(objects, objects)
def test_a_match_is_met_exactly_when_no_field_differs(match: dict[str, Any], data: dict[str, Any]) -> None:
    assert meets(match, data) == (differences(match, data) == [])


@given(objects, objects, objects)
def test_two_matches_together_are_met_when_both_are(
    first: dict[str, Any], second: dict[str, Any], data: dict[str, Any]
) -> None:
    both = {**first, **{key: value for key, value in second.items() if key not in first}}
    rest = {key: value for key, value in second.items() if key not in first}
    assert meets(both, data) == (meets(first, data) and meets(rest, data))


@given(objects, objects, st.text(alphabet="xyz", min_size=1, max_size=3), json_values)
def test_a_field_that_nobody_asks_for_changes_nothing(
    match: dict[str, Any], data: dict[str, Any], key: str, value: Any
) -> None:
    assert meets(match, {**data, key: value}) == meets(match, data)


@given(scalars, scalars)
def test_plain_values_agree_both_ways_round(a: Any, b: Any) -> None:
    assert agrees(a, b) == agrees(b, a)


@given(objects, st.lists(st.sampled_from(["a", "b", "0"]), min_size=1, max_size=3), scalars)
def test_a_path_finds_what_nesting_finds(data: dict[str, Any], path: list[str], value: Any) -> None:
    """With no literal dotted key in the way, {"a.b": v} asks for what {"a": {"b": v}} asks for."""

    def plain(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: plain(inner) for key, inner in part.items() if "." not in key}
        return [plain(inner) for inner in part] if isinstance(part, list) else part

    nested: Any = value
    for key in reversed(path):
        nested = {key: nested}
    assert meets({".".join(path): value}, plain(data)) == meets(nested, plain(data))


def test_an_object_beside_what_is_none_differs_as_a_whole() -> None:
    assert differences({"a": {"b": 1}}, {"a": "x"}) == [FieldMismatch("a", {"b": 1}, "x")]
    assert differences({"a": "x"}, {"a": {"b": 1}}) == [FieldMismatch("a", "x", {"b": 1})]
    assert differences({"a": {"b": 1}}, {"a": {"b": 2}}) == [FieldMismatch("a.b", 1, 2)]
