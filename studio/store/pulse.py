"""How a running engine gets on, as other processes read it: one row of `meta`."""

from __future__ import annotations

import json
from dataclasses import dataclass

ENGINE = "engine"
"""meta: who writes the history, JSON: pid, and since when; gone when it has ended in order."""
PULSE = "pulse"
"""meta: a `Pulse`; gone when the engine has ended in order."""


@dataclass(frozen=True, slots=True)
class Pulse:
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


def pulse_text(pulse: Pulse) -> str:
    """As `meta` keeps it."""
    return json.dumps([pulse.at, pulse.rate, pulse.batch, pulse.queue, pulse.steps, pulse.late_ms])


def read_pulse(text: str | None) -> Pulse | None:
    """What `meta` keeps; None for nothing."""
    try:
        return None if text is None else Pulse(*json.loads(text))
    except (ValueError, TypeError):
        # Written anew by the next batch: what is damaged is as good as not there.
        return None
