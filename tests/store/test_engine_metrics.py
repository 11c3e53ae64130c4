"""How an engine gets on, as it writes it and others read it."""

from __future__ import annotations

import pytest

from studio.store.engine_metrics import EngineMetrics, metrics_text, read_metrics


def test_what_is_written_is_read() -> None:
    metrics = EngineMetrics(at=1, rate=2.5, batch=3, queue=4, steps=5, late_ms=6)
    assert read_metrics(metrics_text(metrics)) == metrics


@pytest.mark.parametrize("text", [None, "", "no json", "7", "[1, 2]", "{}"])
def test_what_is_damaged_is_as_good_as_not_there(text: str | None) -> None:
    assert read_metrics(text) is None
