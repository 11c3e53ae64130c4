"""A logger with a filter that takes secrets out."""

from __future__ import annotations

from pathlib import Path

from tests.cases.playing import played
from tests.engine.support import in_time, logs

__all__ = ["in_time"]


async def test_what_is_redacted_stays_so(tmp_path: Path) -> None:
    store = await played("log-filter", "events.jsonl", tmp_path / "s.db")
    assert logs(store) == ["token *** used"]
