"""A profile taken from a store: how many ever send an event, and how soon, from those who came first.

Fitted on the older seven of ten who entered; those of them who still may send it are censored. How far the
result is from the newer three of ten is told before anything else: what does not fit them fits nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from studio.reports.progress import Progress
from studio.reports.simulation.chance import Delay
from studio.reports.simulation.profile import ENTRY, Profile
from studio.reports.survival import Curve, Observed, curve

FITTED = 0.7
"""Of those who entered, the older."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """Somebody who entered, and when an event first came from there on."""

    entered_ms: int
    came_ms: int | None
    """After entry; None while it has not."""
    seen_ms: int
    """For so long after entry there was a look."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What an event's chance and delay come to."""

    event: str
    people: int
    chance: float
    delay: Delay
    miss: float | None
    """By how much (share) the newer three of ten do it more often than the older; None: too few to say."""
    by_ms: int
    """At this time after entry they are compared."""


def entrants(journeys: Iterable[Progress], came: Iterable[tuple[int, int]], now_ms: int) -> list[Entrant]:
    """Who entered, each once, and when an event first came from there on.

    Args:
        came: user and moment of each event, a user's oldest first.
    """
    entered: dict[int, int] = {}
    for each in journeys:
        entered.setdefault(each.user, each.entered_at)
    first: dict[int, int] = {}
    for user, at in came:
        if user in entered and at >= entered[user]:
            first.setdefault(user, at - entered[user])
    return [Entrant(at, first.get(user), max(0, now_ms - at)) for user, at in entered.items()]


def fitted(profile: Profile, found: Iterable[Fitted]) -> Profile:
    """A profile with what was fitted in place of what was guessed."""
    by_event = {each.event: each for each in found}
    habits = tuple(
        replace(habit, chance=by_event[habit.event].chance, delay=by_event[habit.event].delay)
        if habit.after == ENTRY and habit.event in by_event
        else habit
        for habit in profile.habits
    )
    return replace(profile, habits=habits)


def fit(event: str, entrants: Sequence[Entrant]) -> Fitted | None:
    """Fit an event; None when it never came to the older ones."""
    ordered = sorted(entrants, key=lambda each: each.entered_ms)
    cut = round(FITTED * len(ordered))
    older, newer = _curve(ordered[:cut]), _curve(ordered[cut:])
    if not older.steps:
        return None
    chance = older.steps[-1].reached
    p50, p90 = (older.quantile_ms(share * chance) for share in (0.5, 0.9))
    assert p50 is not None
    assert p90 is not None
    by_ms = min(older.seen_ms, newer.seen_ms)
    one, other = older.reached_by(by_ms), newer.reached_by(by_ms)
    miss = None if one is None or other is None else other.value - one.value
    return Fitted(event, cut, chance, Delay(max(1, p50), max(1, p90)), miss, by_ms)


def _curve(entrants: Sequence[Entrant]) -> Curve:
    return curve(
        Observed(each.seen_ms, False) if each.came_ms is None else Observed(each.came_ms, True)
        for each in entrants
    )
