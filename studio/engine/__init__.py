"""Runs journeys: drives them, keeps them, tells what has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studio.engine.engine import Engine
    from studio.engine.status import EngineStatus

__all__ = ["Engine", "EngineStatus"]


def __getattr__(name: str) -> Any:
    # Imported when it is asked for: a screen that needs a part of it is painted before the rest is read.
    if name in __all__:
        from studio.engine import engine

        return getattr(engine, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
