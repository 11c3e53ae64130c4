"""What drives a journey: an event, a deadline, a step's result, an act of the operator."""

from __future__ import annotations

from dataclasses import dataclass, field

from studio.commands import Place
from studio.engine.answers import Launch


@dataclass(slots=True)
class Cause:
    """What drives a journey now."""

    at: int
    """The moment of the position, milliseconds since 1970, UTC."""
    seq: int | None
    """Its entry; None when it has none of its own."""
    outside: bool = False
    """It came from outside, not from a journey or the clock."""
    late: int | None = None
    chain: int = 0
    """How many events led to it without time moving."""
    again: bool = False
    """Open waits look at the history once more."""


@dataclass(slots=True)
class StepResult:
    """How a step's attempt ended."""

    launch: Launch
    result: str | None = None
    """JSON; None when it failed."""
    type: str = ""
    message: str = ""
    traceback: str = ""
    said: list[tuple[str, str, Place]] = field(default_factory=list)
    """What the function said: level, message, place."""
