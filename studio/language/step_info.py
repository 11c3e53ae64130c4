"""What a step can know of itself while it runs, and how it ends when it gives up.

The engine sets `STEP` around the function that it runs.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta

from studio.errors import WorkflowError
from studio.language.commands import Key


@dataclass(frozen=True, slots=True)
class StepInfo:
    """What a running step can know about itself, from `current_step()`."""

    journey: str
    name: str
    idempotency_key: str
    """The same for every attempt, also after a crash; hand it to the service that is called."""
    attempt: int
    """1 for the first; interrupted starts are not counted."""
    late: timedelta
    """How late the journey came to this step: large after downtime."""


STEP: ContextVar[StepInfo | None] = ContextVar("journey_step", default=None)


def current_step() -> StepInfo:
    """The step that is running here.

    Raises:
        WorkflowError: called outside a step's function.
    """
    if (info := STEP.get()) is None:
        raise WorkflowError("current_step() is for use inside a function that journey.step runs")
    return info


class StepFailed(Exception):
    """A step gave up: its function raised, ran out of retries or out of time.

    It is raised alike when the step has just failed and when that is replayed.
    """

    def __init__(self, name: str, type: str, message: str) -> None:
        super().__init__(
            f"step {name!r} failed: {type}: {message}" if message else f"step {name!r} failed: {type}"
        )
        self.name = name
        self.type = type
        """Name of the exception's class, or "Timeout", "interrupted", "closed"."""
        self.message = message
        self.key: Key | None = None
