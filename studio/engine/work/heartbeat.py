"""What the engine tells of itself to other processes: a row in the transaction of a batch."""

from __future__ import annotations

import time

from studio.clocks.clock import wall_ms
from studio.store.engine_metrics import ENGINE_METRICS, EngineMetrics, metrics_text

EVERY = 1.0
"""Seconds between two rows, at the least."""


class Heartbeat:
    """Counts what was done since the last row."""

    def __init__(self) -> None:
        self._written_at = time.monotonic()
        self._first = True
        self._causes = 0
        self._late = 0

    def late(self, ms: int) -> None:
        """A timer was served so much late."""
        self._late = max(self._late, ms)

    def row(self, causes: int, queue: int, steps: int) -> tuple[str, str] | None:
        """What a batch of so many causes is to write beside its own; None when it was told just now."""
        self._causes += causes
        now = time.monotonic()
        passed = now - self._written_at
        if not causes or (passed < EVERY and not self._first):
            return None
        at = wall_ms()
        rate = round(self._causes / max(passed, EVERY), 1)
        metrics = EngineMetrics(at, rate, causes, queue, steps, self._late)
        self._written_at, self._first, self._causes, self._late = now, False, 0, 0
        return ENGINE_METRICS, metrics_text(metrics)
