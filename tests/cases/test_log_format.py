"""A log call with an argument too few."""

from __future__ import annotations

from pathlib import Path

from tests.cases.playing import played
from tests.engine.support import entries, in_time, logs

__all__ = ["in_time"]


async def test_the_line_says_what_is_wrong_and_the_step_goes_on(tmp_path: Path) -> None:
    store = await played("log-format", "events.jsonl", tmp_path / "s.db")
    (line,) = logs(store)
    assert line.startswith("charged %s for %s (ada) (this line cannot be put together: TypeError: not enough")
    (done,) = entries(store, "journey.completed")
    assert done.data["result"] == {"step": "charged"}
