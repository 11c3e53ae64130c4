"""What a workflow is for: an event that a journey is to lead to, within a time from its beginning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from studio.language.arguments import Duration, calling_place, read_duration, read_match, wrong
from studio.language.names import Names, names


@dataclass(frozen=True, slots=True)
class Goal:
    """An event that counts as the success of a journey, once."""

    names: Names
    match: dict[str, Any] | None
    within: int | None
    """Milliseconds from when the journey began; None: however late."""


def goal(
    event: str | type[Any] | Iterable[str | type[Any]],
    *,
    match: Mapping[str, Any] | None = None,
    within: Duration | None = None,
) -> Goal:
    """The event that journeys are to lead to: `@workflow(goal=goal("billing/paid", within="30d"))`.

    The first one after a journey began counts, once for each journey, also after its end.

    Args:
        event: a name, several, or with a wildcard: "app/*"; or a class with `@event`.
        match: fields of the event's data that must agree, all of them.
        within: from when the journey began; however late when not given.

    Raises:
        WorkflowError: one of them makes no sense.
    """
    place = calling_place()
    try:
        wanted = names(event)
    except ValueError as error:
        raise wrong(place, f"goal: {error}") from None
    window = None if within is None else read_duration(within, f'goal("{wanted.text}") has within', place)
    if window == 0:
        raise wrong(
            place, f'goal("{wanted.text}") has within={within!r:.40}, which is no time', 'Write "30d".'
        )
    return Goal(wanted, read_match(match, wanted.text, place) if match else None, window)
