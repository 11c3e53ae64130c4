"""What takes long and is under way: how far it has come, how long it will take, and how it is stopped."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from studio.clocks.adjustable_clock import JumpState
from studio.wording.times import SECOND, span

LEAST_SHARE = 0.02
"""Before that nobody can tell how long the rest will take."""


@dataclass(slots=True)
class LongWork:
    """One thing that is under way.

    A work that can be stopped looks at `stopped` between its parts.
    """

    name: str
    """ "cancel 120 journeys"."""
    total: int = 0
    """Parts in all; 0: nobody knows."""
    done: int = 0
    can_stop: bool = True
    stopped: bool = False
    began: float = field(default_factory=time.monotonic)

    @property
    def share(self) -> float | None:
        """0 to 1; None when nobody knows."""
        return min(1.0, self.done / self.total) if self.total > 0 else None

    def left_ms(self, now: float) -> int | None:
        """How long the rest will take if it goes on like this; None when nobody can tell yet.

        Args:
            now: of the same clock as `began`, in seconds.
        """
        share = self.share
        if share is None or share < LEAST_SHARE:
            return None
        return int((now - self.began) * (1 - share) / share * SECOND)

    def words(self, now: float) -> str:
        """ "40 of 120 · 33% · 4s left"."""
        if self.stopped:
            return "stopping"
        share, left = self.share, self.left_ms(now)
        if share is None:
            return f"for {span(max(SECOND, int((now - self.began) * SECOND)))}"
        told = [f"{self.done:,} of {self.total:,}", f"{share:.0%}"]
        if left is not None:
            told.append(f"{span(max(SECOND, left))} left")
        return " · ".join(told)


class LongWorks:
    """All that is under way in this studio, in the order in which it began."""

    def __init__(self) -> None:
        self._under_way: list[LongWork] = []
        self._jump: LongWork | None = None

    @contextmanager
    def under_way(self, name: str, total: int = 0, *, can_stop: bool = True) -> Iterator[LongWork]:
        """List something as long as it takes, however it ends."""
        work = LongWork(name, total, can_stop=can_stop)
        self._under_way.append(work)
        try:
            yield work
        finally:
            self._under_way.remove(work)

    def listed(self, jump: JumpState | None, *, can_stop: bool) -> list[LongWork]:
        """What is under way now, the jump of the clock first.

        Args:
            jump: of the clock that is shown.
            can_stop: whether that one can be stopped from here.
        """
        if jump is None:
            self._jump = None
            return list(self._under_way)
        name = f"jump {span(max(0, jump.to - jump.start))}"
        if self._jump is None or self._jump.name != name:
            self._jump = LongWork(name, can_stop=can_stop)
        # By its deadlines: of its time alone nobody could tell how much there is to do.
        self._jump.done, self._jump.total = jump.served, max(jump.total, jump.served)
        return [self._jump, *self._under_way]

    def is_jump(self, work: LongWork) -> bool:
        """Whether it is the jump, which the clock has to stop."""
        return work is self._jump
