"""A step with retries that does its work, and gives what cannot be stored."""

from __future__ import annotations

from pathlib import Path

from tests.cases.playing import played
from tests.engine.support import entries, in_time, logs

__all__ = ["in_time"]


async def test_a_step_that_did_its_work_is_not_called_again(tmp_path: Path) -> None:
    store = await played("result-retried", "e.jsonl", tmp_path / "s.db")
    assert logs(store) == ["mail to ada"]
    assert entries(store, "step.retry") == []
    (done,) = entries(store, "journey.completed")
    assert done.data["result"]["failed"].startswith("it did its work, but its result cannot be stored")
