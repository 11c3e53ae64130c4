"""The heartbeat of a screen: the counts, and what happens next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.screen import Screen

from studio.store.records import LeftWaiting, Totals, WaitRow
from studio.store.views import Views
from studio.tui.widgets.clock_bar import ClockBar
from studio.tui.widgets.header import Header
from studio.tui.widgets.keys_bar import KeysBar

if TYPE_CHECKING:
    from studio.tui.desk import Desk


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the bars show."""

    totals: Totals
    next: WaitRow | None
    inbox: LeftWaiting
    """Events that nobody takes in."""


@dataclass(frozen=True, slots=True)
class PulseQuestion:
    """The counts, and what happens next."""

    alone: bool
    """No engine runs: what others send stays in the inbox."""

    def read(self, views: Views) -> Pulse:
        """The answer, from what the engine keeps and one row of an index."""
        first = views.waits(limit=1)
        due = first[0] if first and first[0].due_at is not None else None
        totals = views.totals()
        left = views.left_waiting() if self.alone or not totals.events else LeftWaiting(0, False)
        return Pulse(totals, due, left)


def show_pulse(screen: Screen[None], desk: Desk, pulse: Pulse) -> None:
    """Have the bars of a screen show it."""
    alone = desk.viewer_of == 0
    screen.query_one(Header).show(pulse.totals, pulse.inbox if alone else LeftWaiting(0, False))
    # Whether an engine runs decides which keys do something.
    screen.query_one(KeysBar).update_line()
    clock = screen.query_one(ClockBar)
    clock.read_only, clock.no_steps = desk.read_only, desk.no_steps
    clock.show(pulse.next, desk.viewer_of, desk.trouble(), desk.clock.virtual)
