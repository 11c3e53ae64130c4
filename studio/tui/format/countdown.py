"""When a countdown is drawn anew, and from when on it is urgent."""

from __future__ import annotations

from studio.wording.times import HOUR, SECOND

URGENT_MS = 10 * SECOND
"""The last stretch of a wait, which is drawn as such."""
EASY_MS = 150
"""A countdown before its last stretch is drawn again no sooner."""


def goes_easy(due_at: int | None, now: int, drawn_at: int) -> bool:
    """Whether a countdown that was drawn at a moment need not be drawn again yet.

    Before its last stretch every second tick will do: it is seen to go on just as well, for half the work.
    """
    return due_at is not None and due_at - now > URGENT_MS and 0 <= now - drawn_at < EASY_MS


def seconds_count(due_at: int | None, now: int) -> bool:
    """Whether a countdown to this moment shows seconds, and so is another before a second is over."""
    return due_at is not None and due_at - now < HOUR and now <= due_at + SECOND
