"""Which keys do something as things stand: in a studio that only looks, without an engine, in a jump.

What is not offered stands in neither footer nor help, nor among the commands; what has nothing to act on
stands in the help alone. Pressed all the same, both are refused by name.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from textual.binding import Binding
from textual.css.query import NoMatches

from studio.engine.remote import RemoteClock
from studio.tui.session.context import Session, session_of
from studio.tui.session.editor import place_of

if TYPE_CHECKING:
    from textual.screen import Screen

    from studio.engine.client import EngineClient
    from studio.store.capabilities import Feature

TURNS = frozenset({"clock.pause", "clock.faster", "clock.slower"})
LEADS = frozenset({"clock.next", "clock.forward", "wait.time_out", "entry.time_out"})
"""Time is led to a later moment."""
ACTS = frozenset(
    {
        "act",
        "undo",
        "redo",
        "rewind",
        "held_steps",
        "wait.by_hand",
        "entry.by_hand",
        "list.mark",
        "list.mark_down",
        "list.mark_up",
        "needs.resume",
        "needs.act",
    }
)
"""An engine has to do them."""
SENDS = frozenset(
    {
        "inject",
        "pane.inject",
        "inject.send",
        "inject.edit",
        "inject.earlier",
        "inject.later",
        "inject.find",
        "inject.many",
        "inject.complete",
        "send_again",
        "edit_again",
        "wait.answer",
        "why.mend",
    }
)
COPIES = frozenset({"fork", "stores"})
WRITES = frozenset({"designer.change", "designer.act", "designer.undo", "source.type"})
"""Workflow files are changed."""
OF_FEATURE: dict[Feature, frozenset[str]] = {
    "clock": TURNS,
    "jump": LEADS,
    "acts": frozenset(
        {"act", "held_steps", "wait.by_hand", "entry.by_hand", "wait.time_out", "entry.time_out"}
    ),
    "undo": frozenset({"undo", "redo"}),
    "rewind": frozenset({"rewind", "stores"}),
    "fork": frozenset({"fork"}),
    "send": SENDS,
    "reload": frozenset({"reload"}),
    "inspect": frozenset({"inspect"}),
}
"""What the keys are for that the driver of the journeys may be without."""
PAST = frozenset({"past.later", "past.earlier", "past.leave"})
"""Of the time cursor, once it is in the past."""
NOW = frozenset({"refused_events"})
"""What is looked at as it is now, whatever moment the screen shows."""
FILM_SPEED = Binding.Group("film speed")
FILM = {"clock.pause": "play / stop", "clock.faster": "film faster", "clock.slower": "film slower"}
"""What keys of the clock are for in the past."""
NOWHERE = frozenset({"problem.go"})
"""Every workflow file loads."""


@runtime_checkable
class Idles(Protocol):
    """A pane or a screen of which some keys would do nothing, as it stands."""

    def idle_keys(self) -> frozenset[str]:
        """The ids of their bindings."""


def not_offered(session: Session) -> frozenset[str]:
    """The ids of the bindings that would do nothing now."""
    client = session.client
    if client is None:
        return frozenset()
    if session.past is not None:
        # Pause and speed are those of the film.
        return LEADS | ACTS | SENDS | COPIES | WRITES | NOWHERE | NOW | OF_FEATURE["reload"]
    nowhere = NOWHERE if place_of(client.problems) is None else frozenset()
    missing = (OF_FEATURE.get(feature, frozenset()) for feature in client.capabilities.missing())
    return frozenset().union(nowhere, PAST, _not_asked(client), *missing)


def nothing_there(screen: Screen[Any]) -> frozenset[str]:
    """The ids of those that act on a row, and there is none, or on something that has not happened yet.

    They do not stand in the footer; the help names them, for whoever learns what there is.
    """
    around = screen.focused.ancestors_with_self if screen.focused is not None else [screen]
    found = _at_an_end(session_of(screen))
    for node in around:
        if isinstance(node, Idles):
            # One that is opening, or being taken down, has not all its panes; it is asked again when it has.
            with suppress(NoMatches):
                found |= node.idle_keys()
    return found


def worded(binding: Binding, session: Session) -> Binding:
    """A binding as it is named now: in the past the keys of the clock are those of the film."""
    if session.past is None or binding.id not in FILM:
        return binding
    group = FILM_SPEED if binding.group is not None else None
    return replace(binding, description=FILM[binding.id], group=group)


def _at_an_end(session: Session) -> frozenset[str]:
    """Before all there is nothing earlier, behind the newest entry nothing later and nothing to play."""
    past, found = session.past, frozenset[str]()
    if past is None:
        return found
    if not past.moment.seq:
        found |= {"past.earlier"}
    if past.next_at is None:
        found |= {"past.later"} if past.playing else {"past.later", "clock.pause"}
    return found


def _not_asked(client: EngineClient) -> frozenset[str]:
    if client.read_only:
        return TURNS | LEADS | ACTS | SENDS | COPIES | WRITES
    trouble = client.trouble()
    if trouble is not None and trouble.ended:
        return TURNS | LEADS | ACTS | SENDS
    if client.viewer_of == 0:
        # What is sent waits in the inbox; nobody is there to be asked for the rest.
        return TURNS | LEADS | ACTS
    reading = client.time.reading()
    if reading.jump is not None:
        return LEADS
    if isinstance(client.time, RemoteClock) and not reading.movable:
        return TURNS | LEADS
    return frozenset()
