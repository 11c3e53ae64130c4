"""How long a batch drives: then it is written, and others have their turn."""

from __future__ import annotations

from time import monotonic, thread_time

BUDGET_SECONDS = 0.1
"""Of the thread's own time: long enough to be worth a commit, short for whoever waits."""
MOST_SECONDS = 0.25
"""By the clock: others may have the processor, or what is driven blocks."""
MOST_MORE = 1.0
"""What is invested makes it longer by no more."""
MANY = 1_000
"""So many causes in that time are a flood, each of them quick: a larger commit costs less for each."""
FLOOD_SECONDS = 0.25
"""How long a flood is driven, of the thread's own time."""
FLOOD_MOST_SECONDS = 0.75
"""The same by the clock."""


class Budget:
    """The time of one batch. It is looked at between causes, and never within one."""

    __slots__ = ("_last", "_next", "_own", "began", "newest")

    def __init__(self) -> None:
        self.began = self._last = monotonic()
        self.newest = 0.0
        """Seconds that the newest cause took."""
        self._own = thread_time()
        self._next = 0.0
        """Before this moment the own time need not be asked for again."""

    def is_over(self, served: int, invested: float = 0.0) -> bool:
        """A cause was handled: whether the batch is to be written before the next.

        Args:
            served: causes that it has handled.
            invested: seconds in which functions were brought to where they stand. A batch that
                had to go through a long pass goes on for twice as long, or it would do nothing else.
        """
        now = monotonic()
        self.newest, self._last = now - self._last, now
        took = now - self.began
        if took < BUDGET_SECONDS:
            return False
        more = min(2 * invested, MOST_MORE)
        took -= more
        if took < BUDGET_SECONDS:
            return False
        limit, most = (
            (FLOOD_SECONDS, FLOOD_MOST_SECONDS) if served >= MANY else (BUDGET_SECONDS, MOST_SECONDS)
        )
        if took > most:
            return True
        # The own time costs a system call, which a busy machine takes for an offer of its processor: it is
        # asked for when it may be over, and it passes no faster than time.
        if now < self._next:
            return False
        own = thread_time() - self._own - more
        if own > limit:
            return True
        self._next = now + limit - own
        return False
