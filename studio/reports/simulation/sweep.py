"""How much a comparison hangs on the profile: each rate is moved, and the comparison made anew.

An interval says what chance could have done. That a rate is guessed wrongly it does not say; this does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from studio.reports.simulation.profile import ENTRY, Habit, Profile

BY = 0.3
"""A rate is moved by so much of itself, down and up."""
USERS = 2_000
"""For each point."""

GoalDifference = Callable[[Profile], float]
"""Gives the difference of the goal's share between the versions under a profile."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What one rate does to the difference."""

    habit: Habit
    low: float
    """The difference with the rate lowered."""
    high: float

    @property
    def name(self) -> str:
        """The rate, as people read it."""
        after = "" if self.habit.after == ENTRY else f" after {self.habit.after}"
        return f"{self.habit.event}{after}"

    @property
    def reach(self) -> float:
        """How far apart the two are."""
        return abs(self.high - self.low)


def sweep(profile: Profile, difference: GoalDifference) -> Iterator[Moved]:
    """Move each rate in turn."""
    for habit in profile.habits:
        low, high = (
            difference(profile.changed(habit, min(1.0, habit.chance * factor))) for factor in (1 - BY, 1 + BY)
        )
        yield Moved(habit, low, high)
