"""What the bars of a main screen say: the counts, and what happens next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.screen import Screen

from studio.store.records import LeftWaiting, Totals, WaitRow
from studio.store.slow import SLOW, SlowCause, read_slow
from studio.store.stuck import STUCK, StuckCall, read_stuck
from studio.store.views import Views
from studio.tui.widgets.clock_bar import ClockBar
from studio.tui.widgets.header import Header
from studio.tui.widgets.keys_bar import KeysBar
from studio.wording.times import OVERDUE_MS

if TYPE_CHECKING:
    from studio.engine.client import EngineClient


@dataclass(frozen=True, slots=True)
class BarsState:
    """What the bars show."""

    totals: Totals
    next: WaitRow | None
    inbox: LeftWaiting
    """Events that nobody takes in."""
    refused: int
    """Events that could not be taken, and are kept aside."""
    stuck: tuple[StuckCall, ...] = ()
    """Steps and hooks of the engine that have not come back."""
    slow: SlowCause | None = None
    """The newest cause that held up all others."""
    overdue: int = 0
    """Waits whose deadline is past by more than `OVERDUE_MS`."""


@dataclass(frozen=True, slots=True)
class BarsQuestion:
    """The counts, and what happens next."""

    alone: bool
    """No engine runs: what others send stays in the inbox."""
    now: Callable[[], int] | None = None
    """Gives the moment that is shown, ms since 1970."""

    def read(self, views: Views) -> BarsState:
        """The answer, from what the engine keeps and one row of an index."""
        first, _ = views.waiting(limit=1)
        due = first[0] if first and first[0].due_at is not None and not first[0].stands_by else None
        totals = views.totals()
        left = views.left_waiting() if self.alone or not totals.events else LeftWaiting(0, False)
        aside, stuck = views.left_aside().kept, read_stuck(views.meta(STUCK))
        return BarsState(
            totals, due, left, aside, stuck, read_slow(views.meta(SLOW)), self._overdue(views, due)
        )

    def _overdue(self, views: Views, due: WaitRow | None) -> int:
        if due is None or due.due_at is None or self.now is None:
            return 0
        before = self.now() - OVERDUE_MS
        return sum(views.overdue(before).values()) if due.due_at < before else 0


def show_bars(screen: Screen[None], client: EngineClient, bars: BarsState) -> None:
    """Have the bars of a screen show it."""
    alone = client.viewer_of == 0
    inbox = bars.inbox if alone else LeftWaiting(0, False)
    screen.query_one(Header).show(bars.totals, inbox, bars.refused)
    # Whether an engine runs decides which keys do something.
    screen.query_one(KeysBar).update_line()
    clock = screen.query_one(ClockBar)
    clock.read_only, clock.no_steps = client.read_only, client.no_steps
    clock.capabilities = client.capabilities
    clock.show(bars.next, client.viewer_of, client.trouble(), client.clock.virtual)
