"""Journey Studio: user journeys as async functions, durable, watchable, in your own process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.clock import VirtualClock, WallClock
from studio.definition import Workflow, workflow
from studio.errors import StudioError
from studio.event import Event
from studio.incoming import incoming
from studio.journey import Journey
from studio.step_info import StepFailed, current_step
from studio.studio_clock import StudioClock
from studio.user import User
from studio.waited import Waited

if TYPE_CHECKING:
    from studio.engine import Engine

__all__ = [
    "Engine",
    "Event",
    "Journey",
    "StepFailed",
    "StudioClock",
    "StudioError",
    "User",
    "VirtualClock",
    "Waited",
    "WallClock",
    "Workflow",
    "current_step",
    "incoming",
    "workflow",
]


def __getattr__(name: str) -> Any:
    # Imported when it is asked for: `journey-studio send` and `--help` answer in half the time.
    if name == "Engine":
        from studio.engine import Engine

        globals()[name] = Engine
        return Engine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
