"""Journey Studio under a name of its own: `from journey_studio import workflow, Engine`.

The program is the package `studio`, a name that a project may well have for itself. This one stands
beside it, looks whether `studio` is ours before anything of it is imported, and leaves a project whose
it is alone: the console script and the pytest plugin come in through here.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studio import (
        Engine,
        Event,
        Journey,
        StepFailed,
        StudioClock,
        StudioError,
        User,
        VirtualClock,
        Waited,
        WallClock,
        Workflow,
        channel,
        current_step,
        event,
        goal,
        incoming,
        workflow,
    )

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


def clash(command: str) -> str | None:
    """What hides our `studio`, and the way out; None when it is ours. Nothing is imported for it.

    Args:
        command: what is called without the working folder in its path: "-m pytest".
    """
    other = _other()
    if other is None:
        return None
    return (
        f"{other} hides the package studio of Journey Studio."
        f" Rename it, or leave the working folder out: python -P {command}"
    )


def _other() -> str | None:
    ours = Path(__file__).parent.parent / "studio"
    known = sys.modules.get("studio")
    try:
        spec = find_spec("studio") if known is None else known.__spec__
    except ValueError:
        spec = None
    origin = getattr(known, "__file__", None) if spec is None else spec.origin
    if origin is not None and Path(origin).resolve().parent == ours.resolve():
        return None
    if origin is None:
        return "a folder named studio"
    found = Path(origin)
    return str(found.parent if found.name == "__init__.py" else found)


if not TYPE_CHECKING:
    # mypy would take any name for one that is there.
    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if (told := clash("FILE")) is not None:
            raise ImportError(told)
        import studio

        return getattr(studio, name)
