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


Template = NewWait | NewSleep | NewReminder | NewStep | NewLog
