"""What happened at each line of a workflow: the table `places`, the counts on the map.

Entries are counted by place, name and kind: one line may hold several waits. A kind that opens
a wait is counted otherwise: how many are open now, which its entries alone do not say, because
a wait that is answered at once has no opening entry. So each row says what no screen may find
out by counting. The engine adds to it once a batch, for a whole batch of entries at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any

from studio.language.kinds import Kind

Row = tuple[Any, ...]
Slot = tuple[int, int, int, int]
"""Workflow, place, name (0: none) and kind."""

OPENING = frozenset(
    (
        *(Kind.WAIT_OPENED, Kind.GROUP_OPENED, Kind.SLEEP_OPENED, Kind.STEP_STARTED, Kind.STEP_RETRY),
        *(Kind.MESSAGE_ASKED, Kind.MESSAGE_DEFERRED),
    )
)

ADD_PLACE = """
INSERT INTO places (workflow, place, name, kind, n) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (workflow, place, name, kind) DO UPDATE SET n = n + excluded.n
"""

_JOURNEY, _NAME, _PLACE, _CODE = 4, 6, 8, 10
"""Columns of `history`."""
_slot_of = itemgetter(_CODE, _PLACE, _NAME, 2)


def counted(
    history: list[Row],
    workflows: dict[int, int],
    workflow_of: Callable[[int], int],
) -> Counter[Slot]:
    """Count the entries of a batch.

    Args:
        history: rows of the table.
        workflows: of each running version of a workflow (codes.id) its name.
        workflow_of: the workflow of a journey, for entries of one that is not loaded.
    """
    found: Counter[Slot] = Counter()
    unknown = False
    # All rows go through C code, and few distinct slots through Python.
    for (code, place, name, kind), n in Counter(map(_slot_of, history)).items():
        if place is None or kind in OPENING:
            continue
        if code in workflows:
            found[(workflows[code], place, name or 0, kind)] += n
        else:
            unknown = True
    if unknown:
        for row in history:
            if row[_PLACE] is None or row[2] in OPENING or row[_CODE] in workflows or row[_JOURNEY] is None:
                continue
            found[(workflow_of(row[_JOURNEY]), row[_PLACE], row[_NAME] or 0, row[2])] += 1
    return found


def rows(slots: Iterable[tuple[Slot, int]]) -> list[Row]:
    """Rows for `ADD_PLACE`."""
    return [(*slot, n) for slot, n in slots if n]
