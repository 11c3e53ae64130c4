"""What takes long and is under way: how far it has come, how long it will take, and how it is stopped."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from studio.clocks.adjustable_clock import JumpState
from studio.store.under_way import UnderWay
from studio.wording.times import SECOND, span

Kind = Literal["jump", "reload", "change"]
"""Of what an engine is at."""
MOST_CELLS = 80
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
    counted: bool = True
    """Parts are told by their number; False: only their share is."""
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

    def words(self, now: float, cells: int = MOST_CELLS) -> str:
        """ "40 of 120 · 33% · 4s left".

        Args:
            cells: how much room there is; what does not fit is left out whole, the counts first.
        """
        if self.stopped:
            return "stopping"
        share, left = self.share, self.left_ms(now)
        if share is None:
            return f"for {span(max(SECOND, int((now - self.began) * SECOND)))}"
        told = [f"{share:.0%}"]
        if left is not None:
            told.append(f"{span(max(SECOND, left))} left")
        if self.counted:
            told.insert(0, f"{self.done:,} of {self.total:,}")
        while len(told) > 1 and len(" · ".join(told)) > cells:
            told.pop(0)
        return " · ".join(told)


class LongWorks:
    """All that is under way in this studio, in the order in which it began."""

    def __init__(self) -> None:
        self._under_way: list[LongWork] = []
        self._jump: LongWork | None = None
        self._engines: dict[tuple[Kind, str], LongWork] = {}
        """What the engine said last that it is at, by kind and name."""

    @contextmanager
    def under_way(self, name: str, total: int = 0, *, can_stop: bool = True) -> Iterator[LongWork]:
        """List something as long as it takes, however it ends."""
        work = LongWork(name, total, can_stop=can_stop)
        self._under_way.append(work)
        try:
            yield work
        finally:
            self._under_way.remove(work)

    def take(self, found: Iterable[UnderWay], *, can_stop: bool) -> None:
        """What the engine is at now, as the store says.

        Args:
            can_stop: whether it can be stopped from here.
        """
        known, self._engines = self._engines, {}
        for each in found:
            key: tuple[Kind, str] = (each.kind, each.name)
            work = known.get(key) or LongWork(each.name, can_stop=can_stop, counted=each.kind == "reload")
            work.done, work.total = each.done, each.total
            self._engines[key] = work

    def kind_of(self, work: LongWork) -> Kind | None:
        """What an engine is at; None for what this studio does itself."""
        if work is self._jump:
            return "jump"
        return next((kind for (kind, _), each in self._engines.items() if each is work), None)

    def listed(self, jump: JumpState | None, *, can_stop: bool) -> list[LongWork]:
        """What is under way now, the jump of the clock first.

        Args:
            jump: of the clock that is shown.
            can_stop: whether that one can be stopped from here.
        """
        rest = [*self._engines.values(), *self._under_way]
        if jump is None:
            self._jump = None
            return rest
        name = f"jump {span(max(0, jump.to - jump.start))}"
        if self._jump is None or self._jump.name != name:
            self._jump = LongWork(name, can_stop=can_stop)
        # By its deadlines: of its time alone nobody could tell how much there is to do.
        self._jump.done, self._jump.total = jump.served, max(jump.total, jump.served)
        return [self._jump, *rest]
