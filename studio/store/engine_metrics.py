"""How a running engine gets on, as other processes read it: one row of `meta`."""

from __future__ import annotations

import json
from dataclasses import dataclass

ENGINE = "engine"
"""meta: who writes the history, JSON: pid, and since when; gone when it has ended in order."""
ENGINE_METRICS = "pulse"
"""meta: a `EngineMetrics`; gone when the engine has ended in order."""


@dataclass(frozen=True, slots=True)
class EngineMetrics:
    """How an engine got on, as it wrote with a batch, at most once a second; an idle one writes nothing."""

    at: int
    """By the time of day, ms since 1970, UTC."""
    rate: float
    """Causes (events, timers, results, acts) a second, since it told before."""
    batch: int
    """Causes in the batch."""
    queue: int
    """Causes that were handed in and waited then."""
    steps: int
    """Steps that ran then."""
    late_ms: int
    """By how much the latest timer since it told before was served late."""


def metrics_text(metrics: EngineMetrics) -> str:
    """As `meta` keeps it."""
    return json.dumps(
        [metrics.at, metrics.rate, metrics.batch, metrics.queue, metrics.steps, metrics.late_ms]
    )


def read_metrics(text: str | None) -> EngineMetrics | None:
    """What `meta` keeps; None for nothing."""
    try:
        return None if text is None else EngineMetrics(*json.loads(text))
    except (ValueError, TypeError):
        # Written anew by the next batch: what is damaged is as good as not there.
        return None
