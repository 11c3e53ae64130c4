"""What can be inserted into a workflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Where = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class NewWait:
    """A wait for an event."""

    event: str
    timeout: str | None = None
    """None waits for ever, and there is no branch."""
    match: Mapping[str, Any] = field(default_factory=dict)
    """Plain values; what is computed is written by hand."""
    timed_out: Literal["log", "pass"] = "log"
    """The branch for when its time is over: a log line, after which the journey goes on; "pass"
    also ends the pass."""


@dataclass(frozen=True, slots=True)
class NewSleep:
    """Let time pass."""

    duration: str


@dataclass(frozen=True, slots=True)
class NewUntil:
    """Wait for a time by the user's clock: the next one, or that of a day."""

    time: str
    on: str | None = None
    """ "mon-fri"."""
    days: int | None = None
    date: str | None = None
    """At most one of the three."""


@dataclass(frozen=True, slots=True)
class NewCollection:
    """Events that are collected, and a log line that says how many came."""

    event: str
    quiet: str
    at_most: str | None = None


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message, and a plain function above the workflow that sends it.

    The channel is made there, too, and without limits, unless the file has one of this name.
    """

    channel: str
    name: str


@dataclass(frozen=True, slots=True)
class NewSplit:
    """A split, with a branch for each arm that says so in the log."""

    name: str
    arms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class NewReminder:
    """An event that the journey sends to its user: "reminder/post2"."""

    event: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewStep:
    """A step, and a plain function for it above the workflow, which says what it was called for."""

    name: str
    retries: int = 0


@dataclass(frozen=True, slots=True)
class NewLog:
    """A line in the log."""

    text: str


Template = (
    NewWait | NewSleep | NewUntil | NewCollection | NewReminder | NewStep | NewMessage | NewSplit | NewLog
)
