"""What the resolver decides, as values: `DecisionApplier` applies each before the next is made."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import Any, NamedTuple

from studio.kernel.drive import Outcome
from studio.kernel.state import WaitState
from studio.language.commands import Command, Ingest, Key, Place, Step
from studio.language.names import Names
from studio.text import json_text as jsontext


class Open(NamedTuple):
    """Open a wait, a sleep, a group, or the start of a step; gives its `WaitState`."""

    command: Command[Any]
    kind: int
    label: str | None
    """What its entries are called by."""
    wanted: Names | None
    """The events that may end it; None when none does."""
    duration: int | None
    """Milliseconds until its deadline; None when it has none."""
    data: str | None
    late: int | None = None


class RecordOutcome(NamedTuple):
    """Record the outcome of a command that came at once; gives its `state.Record`."""

    command: Command[Any]
    kind: int
    label: str
    data: str | None


class RecordHere(NamedTuple):
    """Record the outcome of a command that leaves the journey where it stands; gives its `state.Record`."""

    command: Command[Any]
    kind: int
    label: str | None
    data: str


class HandOver(NamedTuple):
    """A message is handed over: from now on it counts, whatever becomes of it."""

    command: Step[Any]
    data: str


class Over(NamedTuple):
    """A wait is over; what ended it is another entry."""

    wait: WaitState


class Close(NamedTuple):
    """A wait is left without an outcome."""

    wait: WaitState


class SendEvent(NamedTuple):
    """Send an event, of which it is the outcome, too; gives its `state.Record`."""

    command: Ingest


class Repeat(NamedTuple):
    """The id of an event that was to be sent is taken: that is recorded; gives its `state.Record`."""

    command: Ingest


class Run(NamedTuple):
    """Have an attempt of a step run once this is durable."""

    command: Step[Any]
    attempt: int
    start: int
    """The entry that started it."""


class Interrupt(NamedTuple):
    """Give up a step under which processes died time and again."""

    wait: WaitState


class Say(NamedTuple):
    """Write to the journey's log."""

    level: str
    message: str
    place: Place


class Speak(NamedTuple):
    """From here on what the journey says counts, but for what this pass has said already."""

    since: int
    """Nothing of the journey that is not written stands before this entry."""


Decision = (
    Open
    | RecordOutcome
    | RecordHere
    | HandOver
    | Over
    | Close
    | SendEvent
    | Repeat
    | Run
    | Interrupt
    | Say
    | Speak
)

Deciding = Generator[Decision, Any, Outcome | None]
"""Gives decisions one by one, is sent what came of each, and ends with the command's outcome.

The outcome is None when the journey has to wait for it.
"""

# A named tuple of all its fields at half the cost: what its own `_make` does, all of it in C.
open_of: Callable[[tuple[Any, ...]], Open] = partial(tuple.__new__, Open)


def given_id(key: Key) -> str | None:
    """The `id=` that was given to a command; None when it is found by its kind, name and occurrence."""
    return key[1][1:] if key[2] < 0 else None


def json_fields(**fields: Any) -> str | None:
    """What an entry says of its command: the fields that are there, as JSON; None when none is."""
    kept = {name: value for name, value in fields.items() if value is not None}
    return jsontext.dumps(kept) if kept else None
