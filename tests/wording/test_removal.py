"""What goes with a cut, and what would run again, in numbers."""

from __future__ import annotations

import pytest

from studio.store.cut import Behind
from studio.wording.removal import removed, runs_again
from studio.wording.values import counted


def behind(entries: int, users: int, journeys: int, *steps: tuple[str, int]) -> Behind:
    return Behind(0, 0, entries, users, journeys, steps, 0)


@pytest.mark.parametrize(
    ("goes", "shortly", "in_full"),
    [
        (behind(1, 1, 0), "1 entry of 1 user is removed", "1 entry of 1 user and 0 journeys is removed"),
        (
            behind(1_200, 2, 1, ("mail", 1)),
            "1,200 entries of 2 users are removed, 1 done step would run again (mail)",
            "1,200 entries of 2 users and 1 journey are removed, 1 done step would run again (mail)",
        ),
    ],
)
def test_what_goes_is_counted(goes: Behind, shortly: str, in_full: str) -> None:
    assert removed(goes) == shortly
    assert removed(goes, journeys=True) == in_full


def test_steps_are_named_as_far_as_there_is_room() -> None:
    steps = [("mail", 2), ("charge", 1_000), ("log", 1)]
    assert runs_again(steps) == "1,003 done steps would run again (mail ×2, charge ×1,000, log)"
    assert runs_again(steps, most=1) == "1,003 done steps would run again (mail ×2, …)"


def test_the_plural_of_a_word_may_be_given() -> None:
    assert [counted(n, "entry", "entries") for n in (0, 1, 2_000)] == [
        "0 entries",
        "1 entry",
        "2,000 entries",
    ]
    assert counted(2, "user") == "2 users"
