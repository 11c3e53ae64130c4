"""Journey Studio: user journeys as async functions, durable, watchable, in your own process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.clocks.adjustable_clock import StudioClock
from studio.clocks.clock import VirtualClock, WallClock
from studio.errors import StudioError
from studio.language.definition import Workflow, workflow
from studio.language.event import Event
from studio.language.incoming import incoming
from studio.language.journey import Journey
from studio.language.step_info import StepFailed, current_step
from studio.language.user import User
from studio.language.waited import Waited
from studio.moved import install

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

install()


def __getattr__(name: str) -> Any:
    # Imported when it is asked for: `journey-studio send` and `--help` answer in half the time.
    if name == "Engine":
        from studio.engine import Engine

        globals()[name] = Engine
        return Engine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
