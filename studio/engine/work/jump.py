"""A jump of the clock: time is led from deadline to deadline, each served at its own moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class JumpProgress:
    """How far a jump has come; everything up to `at` is durable."""

    served: int
    """Deadlines that were served."""
    total: int
    """Deadlines that it has to serve, as far as they are known."""
    at: int
    """The moment that it has come to, ms since 1970."""
    to: int
    steps: int
    """Steps that it waits for: time goes on when they have ended."""


@dataclass(frozen=True, slots=True)
class JumpEnd:
    """What a jump came to."""

    start: int
    """The moment at which it began, ms since 1970."""
    at: int
    """The moment at which the clock stands now, or went on from."""
    served: int
    stopped: bool
    """It ended before its goal, by hand."""
    took: float
    """Seconds."""


class Jump:
    """One that is asked for, or under way."""

    def __init__(
        self,
        to: int,
        progress: Callable[[JumpProgress], None] | None = None,
        inbox: int | None = None,
    ) -> None:
        self.to = to
        self.progress = progress
        self.inbox = inbox
        """The row of the inbox that asked for it; answered when it begins, and again with its end."""
        self.future: Future[JumpEnd] = Future()
        self.start = to
        self.clock: dict[str, Any] = {}
        """The state of the clock before it."""
        self.since = 0
        """The seq of the first entry that is made during it."""
        self.noted = False
        """It is durable among the acts that can be taken back."""
        self.served = 0
        self.serving = 0
        """Deadlines of the present batch, which is not durable yet."""
        self.left = 0
        """Deadlines before its goal, as far as they are known."""
        self.counted = 0.0
        """`time.monotonic()` when they were counted."""
        self.stop = False
        self.began = time.monotonic()

    @property
    def total(self) -> int:
        """All that it has to serve."""
        return self.served + self.left

    def end(self, at: int) -> JumpEnd:
        """What it came to."""
        took = time.monotonic() - self.began
        return JumpEnd(self.start, at, self.served, self.stop and at < self.to, took)
