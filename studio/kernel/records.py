"""What drives a journey, and what its driving asks for outside: steps to run, questions to put."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from studio.language.commands import Key, Place, Step
from studio.language.idempotency import NO_KEYS, StepKeys
from studio.language.step_info import StepInfo


@dataclass(slots=True)
class Launch:
    """A step that is to run once the batch is durable."""

    journey: int
    pass_no: int
    key: Key
    start: int
    """seq of the step.started entry: a result counts only for the start that it answers."""
    command: Step[Any]
    info: StepInfo
    at: int = 0
    """The moment of the cause that started it."""
    causation_depth: int = 0
    """How many events led to that cause without time moving."""
    epoch: int = 0
    """How many times the store had been cut when it was launched."""
    keys: StepKeys = NO_KEYS
    """Its idempotency key, and under which keys its result is kept when a cut takes it away."""
    cause: int = 0
    """seq of the entry of that cause; 0 where it is not known."""

    @property
    def which(self) -> tuple[int, int, Key, int]:
        """The start of a step that this is; no other is the same."""
        return (self.journey, self.pass_no, self.key, self.start)


class Ask(NamedTuple):
    """A question to `check_event`: our own history had no match for an opening wait."""

    wait: int
    """seq of the entry that opened it."""
    user: str
    events: tuple[str, ...]
    match: dict[str, Any] | None

    @property
    def key(self) -> str:
        """Where in `meta` it stands until it is answered: a kill in between must not lose it."""
        return f"ask/{self.wait:020}"


class Chain(NamedTuple):
    """How an event came about that journeys sent one another without time moving."""

    causation_depth: int = 0
    """How many events led to it."""
    fan_out: int = 0
    """How many were sent on the way in answer to others."""


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
    causation_depth: int = 0
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
    is_final: bool = False
    """It failed, and another call cannot mend it."""
