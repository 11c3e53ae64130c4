"""One text that stands for many users."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.errors import EventError
from studio.events.user_spans import each_user

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_a_span_in_braces_stands_for_many_users() -> None:
    assert each_user("user{1..3}") == [("user1", "1"), ("user2", "2"), ("user3", "3")]
    assert each_user("u{08..11}@x.io") == [(f"u{n}@x.io", n) for n in ("08", "09", "10", "11")]
    assert each_user("user1") is each_user("a{b}c") is None


@PATIENT
@given(st.integers(0, 500), st.integers(0, 500))
def test_there_are_as_many_users_as_numbers(first: int, more: int) -> None:
    found = each_user(f"u{{{first}..{first + more}}}")
    assert found is not None
    assert len(found) == len(set(found)) == more + 1


@pytest.mark.parametrize(("text", "why"), [("u{3..1}", "backwards"), ("u{1..99999}", "99,999 users")])
def test_a_span_that_makes_no_sense_is_refused(text: str, why: str) -> None:
    with pytest.raises(EventError, match=why):
        each_user(text)
