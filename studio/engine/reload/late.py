"""Who leaves a paused workflow when it goes on with `skip_late`: those whose deadline is too far behind."""

from __future__ import annotations

from pathlib import Path

from studio.engine.work.unit_of_work import StoreUnit
from studio.kernel.late_journeys import answered_in_time
from studio.kernel.state import JourneyState
from studio.language.definition import Workflow
from studio.store.read_journeys import count_waiting
from studio.store.read_only_store import ReadOnlyStore

PAGE = 500
"""Journeys that are read at once."""


def late_journeys(
    unit: StoreUnit, workflow_id: int, before: int, after: int, most: int
) -> tuple[list[JourneyState], int | None]:
    """Those of a workflow whose next deadline is before a moment, a page at a time.

    Who was answered before the deadline is not late: that is looked at when the workflow goes on.

    Args:
        before: ms since 1970.
        after: the last journey of the page before.

    Returns:
        Them, with their passes read; and the last journey that was looked at, None when there are no more.
    """
    found = unit.late_in(workflow_id, before, after, most)
    if not found:
        return [], None
    unit.load_passes(found)
    late = [each for each in found if not answered_in_time(unit, each, unit.seq)]
    return late, found[-1].id


def count_late(path: Path, workflow: Workflow | None, name: str, before: int) -> tuple[int, int]:
    """How many journeys of a paused workflow wait, and how many of them would leave it as too late.

    Args:
        workflow: its code, for the field of its `key=`; None when it is not loaded.

    Raises:
        StoreError: the store cannot be read.
    """
    store = ReadOnlyStore(path)
    try:
        workflow_id = store.find_name(name)
        if workflow_id is None:
            return 0, 0
        paused = {} if workflow is None else {name: workflow}
        late, after = 0, 0
        while True:
            unit = StoreUnit(store, {}, {}, paused)
            found, last = late_journeys(unit, workflow_id, before, after, PAGE)
            unit.release()
            if last is None:
                return count_waiting(store, workflow_id), late
            late, after = late + len(found), last
    finally:
        store.close()
