"""Steps and hooks that were called and have not come back, as other processes read it: one row of `meta`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from studio.clocks import durations

STUCK = "stuck"
"""meta: a list of `StuckCall`; gone when the engine has ended in order."""
MOST = 20
"""Of more than these only the oldest are named."""


@dataclass(frozen=True, slots=True)
class StuckCall:
    """One call that has not come back."""

    kind: str
    """ "step", "check_event" or "set_event"."""
    name: str
    """The step's name, or whom or what a hook was called for."""
    journey: str
    """The step's journey; "" for a hook."""
    since: int
    """When it was called, by the time of day, ms since 1970, UTC."""
    line: str
    """ "mail.py:20", the deepest place in the author's own code; "" when there is none."""

    def sentence(self, now: int | None = None) -> str:
        """In a sentence.

        Args:
            now: the time of day, ms since 1970, for how long it has been; else it says since when.
        """
        which = f'step "{self.name}" of {self.journey}' if self.journey else f"{self.kind} for {self.name}"
        at = f", at {self.line}" if self.line else ""
        if now is None:
            long = f"since {datetime.fromtimestamp(self.since / 1000):%H:%M:%S}"  # noqa: DTZ006
        else:
            # In whole seconds: it is counted from ten on.
            long = f"for {durations.show(max(0, now - self.since) // 1000 * 1000)}"
        return f"{which} has not come back {long}{at}"


def stuck_text(calls: Sequence[StuckCall]) -> str:
    """As `meta` keeps it."""
    return json.dumps([asdict(call) for call in calls[:MOST]])


def read_stuck(text: str | None) -> tuple[StuckCall, ...]:
    """What `meta` keeps."""
    try:
        return tuple(StuckCall(**fields) for fields in json.loads(text or "[]"))
    except (ValueError, TypeError):
        # Written anew when it changes: what is damaged is as good as not there.
        return ()
