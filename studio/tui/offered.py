"""Which keys do something as things stand: in a studio that only looks, without an engine, in a jump.

What is not offered stands in neither footer nor help, nor among the commands. Pressed all the
same, it is refused by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.tui.clock_hand import ViewerHand
from studio.tui.editor import place_of

if TYPE_CHECKING:
    from studio.tui.app import StudioApp
    from studio.tui.desk import Desk

TURNS = frozenset({"clock.pause", "clock.faster", "clock.slower"})
LEADS = frozenset({"clock.next", "clock.forward", "wait.time_out", "entry.time_out"})
"""Time is led to a later moment."""
ACTS = frozenset({"act", "undo", "redo", "rewind", "held_steps", "wait.by_hand", "entry.by_hand"})
"""An engine has to do them."""
SENDS = frozenset(
    {
        "inject",
        "pane.inject",
        "inject.send",
        "inject.edit",
        "send_again",
        "edit_again",
        "wait.answer",
        "why.mend",
    }
)
COPIES = frozenset({"fork", "stores"})
NOWHERE = frozenset({"problem.go"})
"""Every workflow file loads."""


def not_offered(app: StudioApp) -> frozenset[str]:
    """The ids of the bindings that would do nothing now."""
    desk = app.desk
    if desk is None:
        return frozenset()
    nowhere = NOWHERE if place_of(desk.problems) is None else frozenset()
    return nowhere | _not_asked(desk)


def _not_asked(desk: Desk) -> frozenset[str]:
    if desk.read_only:
        return TURNS | LEADS | ACTS | SENDS | COPIES
    trouble = desk.trouble()
    if trouble is not None and trouble.ended:
        return TURNS | LEADS | ACTS | SENDS
    if desk.viewer_of == 0:
        # What is sent waits in the inbox; nobody is there to be asked for the rest.
        return TURNS | LEADS | ACTS
    reading = desk.hand.reading()
    if reading.jump is not None:
        return LEADS
    if isinstance(desk.hand, ViewerHand) and not reading.movable:
        return TURNS | LEADS
    return frozenset()
