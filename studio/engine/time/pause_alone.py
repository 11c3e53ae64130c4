"""Pausing a workflow of a store on which no engine runs, and unpausing it: the next one obeys.

No journey moves by it: an engine that was started for it would first serve what is due.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from studio.engine.reload.saying_pauses import say_pause
from studio.engine.time.store_clock import held_alone
from studio.engine.work.unit_of_work import StoreUnit
from studio.errors import JourneyError


def pause_alone(path: Path, act: str, facts: dict[str, Any], loaded: Callable[[], Collection[str]]) -> None:
    """Say in a store that a workflow is paused, or is to go on.

    Args:
        act: "pause" or "unpause".
        facts: as `say_pause` takes them.
        loaded: gives the workflows that are in the files; asked when the store knows none of the name.

    Raises:
        StoreLocked: an engine runs on it.
        NotOffered: its journeys are carried on elsewhere.
        JourneyError: there is no such workflow, or it stands so already.
    """
    with held_alone(path, "pause") as (store, clock):
        now = clock.now()
        unit = StoreUnit(store, {}, {})
        try:
            say_pause(unit, act, facts, now, ())
        except JourneyError:
            if not (known := loaded()):
                raise
            unit = StoreUnit(store, {}, {})
            say_pause(unit, act, facts, now, known)
        unit.changes.meta.append(("last_at", str(max(now, store.last_at))))
        unit.commit()
