"""What a batch adds to the counts that screens show: the tables `totals` and `places`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from operator import attrgetter

from studio.kernel.state import WaitState
from studio.store import line_statistics
from studio.store.changes import Row

KIND_BITS = 12
"""A total's number is its workflow's, shifted by so many bits, and its kind: one key for a dictionary."""

_stands_at = attrgetter("journey.workflow_id", "place", "label", "kind")


class TotalsDelta:
    """Counts of each workflow, and of all together."""

    def __init__(self) -> None:
        self.slots: dict[int, int] = {}
        """What is added, by workflow and kind: `workflow << KIND_BITS | kind`."""

    def count(self, workflow: int, kind: int, by: int = 1) -> None:
        """Change a total of a workflow, and with it that of all; 0: of no workflow."""
        slot = workflow << KIND_BITS | kind
        self.slots[slot] = self.slots.get(slot, 0) + by

    def rows(self) -> list[Row]:
        """What the table changes by."""
        rows: list[Row] = []
        of_all: dict[int, int] = {}
        for slot, n in self.slots.items():
            workflow, kind = slot >> KIND_BITS, slot & (1 << KIND_BITS) - 1
            of_all[kind] = of_all.get(kind, 0) + n
            if workflow and n:
                rows.append((workflow, kind, n))
        return rows + [(0, kind, n) for kind, n in of_all.items() if n]


def place_rows(
    history: list[Row],
    workflows: dict[int, int],
    workflow_of: Callable[[int], int],
    opened: Iterable[WaitState],
    ended: Iterable[WaitState],
) -> list[Row]:
    """What has happened at each line, and how many more wait there.

    Args:
        history: what the batch adds to it.
        workflows: of each running version of a workflow (codes.id) its name.
        workflow_of: the workflow of a journey.
        opened: waits that were opened, and are open.
        ended: waits that were written before, and are over.
    """
    found = line_statistics.counted(history, workflows, workflow_of)
    for waits, by in ((opened, 1), (ended, -1)):
        for (workflow, place, name, kind), n in Counter(map(_stands_at, waits)).items():
            if place is not None:
                found[(workflow, place, name or 0, kind)] += by * n
    return line_statistics.rows(found.items())
