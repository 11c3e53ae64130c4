"""When a countdown is drawn anew, how soon the next has to be, and from when on it is urgent."""

from __future__ import annotations

from studio.wording.times import HOUR, SECOND

URGENT_MS = 10 * SECOND
"""The last stretch of a wait, which is drawn as such."""
TENTHS_SECONDS = 0.1
"""What tenths of a second need."""
EASY_SECONDS = 0.5
"""What is enough where seconds are shown, before the last stretch: calmer, for a fifth of the work."""
CALM_SECONDS = 1.0
"""While nothing that is seen shows seconds but the clock itself."""
EASY_MS = 450
"""A countdown before its last stretch is drawn again no sooner."""


def goes_easy(due_at: int | None, now: int, drawn_at: int) -> bool:
    """Whether a countdown that was drawn at a moment need not be drawn again yet.

    Before its last stretch twice a second will do: it is seen to go on just as well.
    """
    return due_at is not None and due_at - now > URGENT_MS and 0 <= now - drawn_at < EASY_MS


def pace_of(due_at: int | None, now: int) -> float:
    """In how many seconds a countdown to this moment is another text."""
    if due_at is None or due_at - now >= HOUR or now > due_at + SECOND:
        return CALM_SECONDS
    return EASY_SECONDS if due_at - now > URGENT_MS else TENTHS_SECONDS
