"""Journey Studio: user journeys as async functions, durable, watchable, in your own process."""

from studio.clock import VirtualClock, WallClock
from studio.definition import Workflow, workflow
from studio.engine import Engine
from studio.errors import StudioError
from studio.event import Event
from studio.incoming import incoming
from studio.journey import Journey
from studio.step_info import StepFailed, current_step
from studio.studio_clock import StudioClock
from studio.user import User
from studio.waited import Waited

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
