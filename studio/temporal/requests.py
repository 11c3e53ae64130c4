"""What a turn is to be computed on: the workflow leaves it here for the local activity in the same process.

Nothing of it goes through Temporal, which knows it already: it is what the run began with, and the results of
its turns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from studio.language.commands import Key
from studio.temporal.wire import Item

Start = tuple[int, int, Key, int]
"""A step's start, as `Launch.which`."""


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """A turn that is asked for."""

    user: str
    base: bytes
    """The user's partition as the run began with it; b"": a user who is new."""
    log: tuple[bytes, ...]
    """Results of the turns since then, oldest first."""
    items: tuple[Item, ...]
    """What came, in order of time."""
    now: int
    """Milliseconds since 1970, UTC: deadlines up to here are served, and nothing is later."""
    running: frozenset[Start]
    """Steps that were launched and have not been heard of."""
    begins: int = 1
    """Of a user who is new, the number of the first entry: one who was erased goes on counting."""
    deployed: int = 0
    """The deploy that counts for the user's journeys; a later one may have come."""
    hashes: Mapping[str, str] = field(default_factory=dict)
    """The version of each workflow by which they wait."""
    turn: int = 0
    """The number of the turn in its run."""
    named: Mapping[str, int | None] = field(default_factory=dict)
    """What each attempt at this turn that names journeys before their drives has named last."""


REQUESTS: dict[str, TurnRequest] = {}
"""By the run's id."""
