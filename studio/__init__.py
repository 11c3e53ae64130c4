"""Journey Studio: user journeys as async functions, durable, watchable, in your own process."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from studio.moved import install

if TYPE_CHECKING:
    from studio.clocks.adjustable_clock import StudioClock
    from studio.clocks.clock import VirtualClock, WallClock
    from studio.engine import Engine
    from studio.errors import StudioError
    from studio.language.channels import channel
    from studio.language.definition import Workflow, workflow
    from studio.language.event import Event
    from studio.language.event_types import event
    from studio.language.goals import goal
    from studio.language.incoming import incoming
    from studio.language.journey import Journey
    from studio.language.step_info import StepFailed, current_step
    from studio.language.user import User
    from studio.language.waited import Waited

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
    "channel",
    "current_step",
    "event",
    "goal",
    "incoming",
    "workflow",
]

_MODULES = {
    "Engine": "studio.engine",
    "Event": "studio.language.event",
    "Journey": "studio.language.journey",
    "StepFailed": "studio.language.step_info",
    "StudioClock": "studio.clocks.adjustable_clock",
    "StudioError": "studio.errors",
    "User": "studio.language.user",
    "VirtualClock": "studio.clocks.clock",
    "Waited": "studio.language.waited",
    "WallClock": "studio.clocks.clock",
    "Workflow": "studio.language.definition",
    "channel": "studio.language.channels",
    "current_step": "studio.language.step_info",
    "event": "studio.language.event_types",
    "goal": "studio.language.goals",
    "incoming": "studio.language.incoming",
    "workflow": "studio.language.definition",
}
"""Imported when they are asked for: `journey-studio send` and `--help` answer in half the time."""

install()


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_MODULES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
