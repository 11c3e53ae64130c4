"""The newest cause that held up all others, as other processes read it: one row of `meta`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from studio.clocks import durations

SLOW = "slow"
"""meta: a `SlowCause`; gone when the engine has ended in order."""
SHOWN_MS = 60_000
"""So long after it a screen goes on showing it."""


@dataclass(frozen=True, slots=True)
class SlowCause:
    """An event, deadline, result or act that took long to be handled, with all that followed at once."""

    at: int
    """When it was over, by the time of day, ms since 1970, UTC; of one that goes on: now."""
    took: int
    """Milliseconds."""
    what: str
    """ "event paid of ada"."""
    journey: str
    """The journey whose function ran longest in it; "" when none was driven."""
    longest: int
    """Milliseconds that this took."""

    @property
    def sentence(self) -> str:
        """In a sentence."""
        ran = (
            f", {durations.show(self.longest)} of it in the function of {self.journey}"
            if self.journey
            else ""
        )
        return f"{self.what} held up all others for {durations.show(self.took)}{ran}"


def slow_text(slow: SlowCause) -> str:
    """As `meta` keeps it."""
    return json.dumps(asdict(slow))


def read_slow(text: str | None) -> SlowCause | None:
    """What `meta` keeps; None for nothing."""
    try:
        return SlowCause(**json.loads(text)) if text else None
    except (ValueError, TypeError):
        # Written anew by the next one: what is damaged is as good as not there.
        return None
