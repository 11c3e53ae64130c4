"""Where the data of an entry names other entries: what changes when a history gets other numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from studio.language.kinds import Kind

FIELDS = ("trigger", "bound", "after", "first", "drawn")
"""Fields of waits, passes and splits that are numbers of entries."""


def renumbered(facts: dict[str, Any], kind: int, number: Callable[[int], int]) -> dict[str, Any]:
    """The data of an entry with other numbers.

    Args:
        kind: the entry's. What events, steps and results carry is their own and stays.
        number: the new number of an entry.
    """
    if Kind.WAIT_OPENED <= kind <= Kind.SLEEP_CLOSED or kind in (
        Kind.EVENT_DUPLICATE,
        Kind.STARTED,
        Kind.PASS,
        Kind.SPLIT,
    ):
        moved = {name: number(facts[name]) for name in FIELDS if isinstance(facts.get(name), int)}
        return {**facts, **moved}
    if kind in (Kind.MOVED, Kind.WAIT_MOVED) and "waits" in facts:
        return {**facts, "waits": {str(number(int(seq))): what for seq, what in facts["waits"].items()}}
    return facts
