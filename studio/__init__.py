"""Journey Studio: user journeys as async functions, durable, watchable, in your own process."""

from studio.clock import VirtualClock, WallClock
from studio.engine import Engine
from studio.errors import StudioError
from studio.incoming import incoming
from studio.journey import Event, Journey, StepFailed, User, Waited, Workflow, current_step, workflow

__all__ = [
    "Engine",
    "Event",
    "Journey",
    "StepFailed",
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
