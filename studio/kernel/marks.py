"""What counts later of what a user's journeys did: draws, messages that went out, goals, refusals.

These entries are found by user and kind (`History.marks`), whatever has become of their journeys.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from studio.kernel.state import Row
from studio.language.kinds import FIRST_MARK, LAST_MARK
from studio.text import json_text as jsontext


class Mark(NamedTuple):
    """An entry that counts later."""

    seq: int
    at: int
    """When it came about, milliseconds since 1970, UTC; its lateness is in it."""
    name: int | None
    """Number of the entry's name."""
    journey: int | None
    """Number of the journey; None when what it tells was cut off."""
    workflow: int | None
    """Number of the journey's workflow."""
    data: str | None

    @property
    def facts(self) -> dict[str, Any]:
        """Its data."""
        return jsontext.loads(self.data) if self.data else {}


class Entered(NamedTuple):
    """Where a journey began."""

    journey: int
    seq: int
    at: int
    """Milliseconds since 1970, UTC."""


def is_mark(kind: int) -> bool:
    """Whether entries of a kind count later."""
    return FIRST_MARK <= kind <= LAST_MARK


def mark_of(row: Row, workflow_of: Callable[[int], int | None]) -> Mark:
    """The mark that a row of the history is.

    Args:
        workflow_of: the number of the workflow of a journey.
    """
    seq, at, name, journey, late, data = row[0], row[1], row[6], row[4], row[11], row[13]
    workflow = None if journey is None else workflow_of(journey)
    return Mark(seq, at + (late or 0), name, journey, workflow, data)
