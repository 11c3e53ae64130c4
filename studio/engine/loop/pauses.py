"""Workflows that are paused: no journey of them begins or moves, and what comes for them is kept.

While a workflow is paused the engine has its code and drives nothing by it, as if its file were gone
(`kernel/transition.py`): deadlines stand by, events are recorded, steps that run end and are recorded. Exits
and goals count. It goes on in three stages, each of which a kill may end and the next start goes on with:
the history says so, who is too late leaves, and then deadlines and what came count again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from studio.engine.loop.batches import Batches
from studio.engine.loop.state import LoopState
from studio.engine.reload.late import PAGE, late_journeys
from studio.engine.reload.saying_pauses import restate, say_pause
from studio.engine.work.batch import Batch
from studio.engine.work.budget import Budget
from studio.engine.work.drive_monitor import ThreadMonitor
from studio.kernel.late_journeys import deadline_of
from studio.kernel.records import Cause
from studio.language.kinds import Kind, Status
from studio.store.sqlite import Store
from studio.store.workflow_pauses import PREFIX, WorkflowPause, pauses_of
from studio.text import json_text as jsontext

Insist = Callable[[Store, Callable[[], Batch]], Batch]


class WorkflowPauses:
    """The paused workflows of one engine."""

    def __init__(self, state: LoopState, batches: Batches) -> None:
        self._state = state
        self._batches = batches

    def load(self, store: Store) -> None:
        """Let those stand still that the store says are paused."""
        self._state.code.pause({each.name for each in _pauses(store) if each.stands})

    def say(self, store: Store, watch: ThreadMonitor, act: str, facts: dict[str, Any]) -> Batch:
        """A batch in which the history says that a workflow is paused, or goes on.

        Args:
            act: "pause" or "unpause".

        Raises:
            JourneyError: there is no such workflow, or it is so already.
        """
        batch = self._batches.new(store, watch)
        say_pause(batch.unit, act, facts, self._state.clock.now(), self._state.code.workflows)
        return batch

    def stand_still(self, name: str) -> None:
        """A workflow was paused, durably."""
        self._state.code.pause({*self._state.code.paused, name})

    def let_go(self, store: Store, watch: ThreadMonitor, insist: Insist) -> bool:
        """Workflows that are to go on do so, without those who are too late. False when there are none."""
        leaving = [each for each in _pauses(store) if each.state == "leaving"]
        for pause in leaving:
            if pause.skip_late is not None:
                self._skip_late(store, watch, insist, pause)
            insist(store, lambda pause=pause: self._over(store, watch, pause))  # type: ignore[misc]
            self._state.code.pause(self._state.code.paused - {pause.name})
        return bool(leaving)

    def _over(self, store: Store, watch: ThreadMonitor, pause: WorkflowPause) -> Batch:
        batch = self._batches.new(store, watch)
        batch.unit.changes.meta.append(replace(pause, state="over").row())
        return batch

    def _skip_late(self, store: Store, watch: ThreadMonitor, insist: Insist, pause: WorkflowPause) -> None:
        """Those leave whose next deadline was too far behind when the workflow was to go on."""
        assert pause.ended_at is not None
        assert pause.skip_late is not None
        before = pause.ended_at - pause.skip_late
        reached: int | None = 0
        after = 0

        def make() -> Batch:
            nonlocal reached
            batch = self._batches.new(store, watch)
            workflow_id = batch.unit.name_id(pause.name)
            late, reached = late_journeys(batch.unit, workflow_id, before, after, PAGE)
            budget, cause = Budget(), Cause(self._state.clock.now(), pause.spans[-1][1])
            for served, journey in enumerate(late, 1):
                deadline = deadline_of(journey)
                assert deadline is not None
                data = {"reason": "unpaused", "late": (pause.ended_at or 0) - deadline}
                batch.journeys.finish(
                    journey,
                    Status.EXITED,
                    Kind.EXITED,
                    cause,
                    jsontext.dumps(data),
                    why="late when unpaused",
                )
                if budget.is_over(served) and served < len(late):
                    reached = journey.id
                    break
            return batch

        while reached is not None:
            insist(store, make)
            after = reached or after

    def restate(self, batch: Batch) -> None:
        """Tell again what a cut has taken out of the history: a pause is no part of it, and stands."""
        unit, now = batch.unit, self._state.clock.now()
        for pause in _pauses(unit.store):
            restate(unit, pause, now)


def _pauses(store: Store) -> list[WorkflowPause]:
    """What the store knows of them, those that went on included."""
    return list(pauses_of(store.meta_under(PREFIX)).values())
