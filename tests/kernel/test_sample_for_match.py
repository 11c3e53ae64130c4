"""Data made for a match meets it, whatever the match is."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.kernel.matching import meets
from studio.kernel.sample_for_match import mend, name_for, sample_for
from studio.language.names import names

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""The machine may be busy with other tests."""
KEYS = st.text(alphabet="ab.01", max_size=5)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
OBJECTS = st.dictionaries(KEYS, JSON, max_size=4)


@PATIENT
@given(OBJECTS)
def test_what_satisfies_a_match_meets_it(match: dict[str, Any]) -> None:
    assert meets(match, sample_for(match))


@PATIENT
@given(OBJECTS, OBJECTS)
def test_what_is_mended_meets_the_match(match: dict[str, Any], data: dict[str, Any]) -> None:
    assert meets(match, mend(match, data))


@PATIENT
@given(OBJECTS)
def test_what_is_right_is_left_as_it_is(data: dict[str, Any]) -> None:
    assert mend(sample_for(data), sample_for(data)) == sample_for(data)
    assert mend(None, data) == data


def test_data_is_written_as_an_application_sends_it() -> None:
    assert sample_for(None) == {}
    assert sample_for({"plan.name": "pro", "plan.size": 2}) == {"plan": {"name": "pro", "size": 2}}
    assert mend({"plan.name": "pro"}, {"plan": {"name": "free", "size": 2}, "x": 1}) == {
        "plan": {"name": "pro", "size": 2},
        "x": 1,
    }


@PATIENT
@given(st.lists(st.text(alphabet="ab*/", min_size=1, max_size=6), min_size=1, max_size=3))
def test_a_name_for_a_pattern_meets_it(parts: list[str]) -> None:
    assert names(parts).meets(name_for(parts))


def test_a_known_name_is_taken_before_one_is_made_up() -> None:
    assert name_for(["app/*", "web/login"]) == "web/login"
    assert name_for(["app/*"], ["web/x", "app/known"]) == "app/known"
    assert name_for(["app/*"]) == "app/example"


def test_a_path_through_a_list_and_a_field_that_is_its_own_path_stay_literal() -> None:
    assert sample_for({"a.b": 1}) == {"a": {"b": 1}}
    assert sample_for({"a.0": 1, "b.1x": 2}) == {"a.0": 1, "b.1x": 2}
    assert sample_for({"a.b": 2, "a": 1}) == {"a.b": 2, "a": 1}
    assert mend({"a.b": 2, "a": 1}, {"x": 1}) == {"x": 1, "a.b": 2, "a": 1}
    assert sample_for({".a": 1, "b.": 2}) == {".a": 1, "b.": 2}
