"""An async step whose task was cancelled by a group of tasks in it, and never uncancelled."""

from __future__ import annotations

from pathlib import Path

from tests.cases.playing import played
from tests.engine.support import entries, in_time

__all__ = ["in_time"]


async def test_a_step_whose_group_of_tasks_failed_has_failed(tmp_path: Path) -> None:
    store = await played("taskgroup", "events.jsonl", tmp_path / "s.db")
    (step,) = entries(store, "step.failed")
    assert step.data["type"] == "ExceptionGroup"
    (done,) = entries(store, "journey.completed")
    assert done.data["result"] == {"failed": "ExceptionGroup"}
