"""Who gets which arm, and what may be asked for."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import WorkflowError
from studio.language.splits import draw, point, read_arms

PLACE = ("/somewhere/welcome.py", 12)


@given(st.text(min_size=1), st.lists(st.integers(0, 100), min_size=2, max_size=5).filter(any))
def test_an_arm_that_has_a_share_is_drawn_whatever_the_user(user: str, parts: list[int]) -> None:
    arms = {str(n): 100 * part / sum(parts) for n, part in enumerate(parts)}
    assert arms[draw("seed", "welcome", "subject", user, arms)] > 0


def test_arms_get_their_shares() -> None:
    arms = {"a": 10, "b": 30, "nobody": 0, "c": 60}
    found = Counter(draw("seed", "welcome", "subject", f"user{n}", arms) for n in range(20_000))
    assert {arm: round(count / 200) for arm, count in found.items()} == {"a": 10, "b": 30, "c": 60}


def test_splits_workflows_and_stores_divide_each_for_itself() -> None:
    half = {"a": 50, "b": 50}
    ways = [("s", "w", "x"), ("s", "w", "y"), ("s", "v", "x"), ("t", "w", "x")]
    drawn = [[draw(*way, str(n), half) for n in range(1_000)] for way in ways]
    for at, one in enumerate(drawn):
        for other in drawn[at + 1 :]:
            assert 400 < sum(a == b for a, b in zip(one, other, strict=True)) < 600


def test_a_draw_is_the_same_in_every_version() -> None:
    assert point("seed", "welcome", "subject", "ada") == pytest.approx(POINT, abs=1e-15)


POINT = 0.1773813609860445
"""As it was drawn first: a draw that was not made yet must come out alike after an update."""


@pytest.mark.parametrize(
    ("arms", "says"),
    [
        ({"a": 50, "b": 40}, r"welcome.py:12: the percentages of split \"subject\" add up to 90, not to 100"),
        ({"a": 0.5, "b": 0.5}, "add up to 1, not to 100. These are parts of one: write 50 for a half"),
        ({"a": 101}, 'gives the arm "a" 101 per cent'),
        ({"a": -1, "b": 101}, 'gives the arm "a" -1 per cent'),
        ({"a": True, "b": 99}, 'gives the arm "a" True per cent'),
        ({"": 100}, "an arm of split .* is empty"),
        ({1: 100}, "must be text"),
        ({}, 'split "subject" has no arms'),
        (["a", "b"], 'split "subject" has no arms'),
    ],
)
def test_what_makes_no_split_is_refused(arms: Any, says: str) -> None:
    with pytest.raises(WorkflowError, match=says):
        read_arms("subject", arms, None, PLACE)


def test_thirds_may_be_written_as_decimals() -> None:
    assert list(read_arms("s", {"a": 33.3333, "b": 33.3333, "c": 33.3334}, "c", PLACE)) == ["a", "b", "c"]


def test_gone_names_an_arm() -> None:
    with pytest.raises(WorkflowError, match=r"gone='x', which is none of its arms. .*: a, b"):
        read_arms("s", {"a": 50, "b": 50}, "x", PLACE)


@pytest.mark.parametrize("name", ["", "holdout", 7])
def test_a_split_has_a_name_of_its_own(name: Any) -> None:
    with pytest.raises(WorkflowError, match=r"welcome.py:12: .*split"):
        read_arms(name, {"a": 100}, None, PLACE)
