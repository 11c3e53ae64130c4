"""The second driver: each user is one Temporal workflow, and the rules are the same (extra `temporal`).

Temporal keeps what is durable, when a deadline comes and where it is carried on; the kernel says what it
means. `from studio.temporal import TemporalEngine` sends and acts from an application.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studio.temporal.temporal_engine import TemporalEngine

__all__ = ["TemporalEngine"]


def __getattr__(name: str) -> Any:
    """Import what needs the extra when it is asked for, and say what to install when that is missing."""
    if name != "TemporalEngine":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from studio.source.extras import need_extra

    need_extra("temporal")
    from studio.temporal.temporal_engine import TemporalEngine

    return TemporalEngine
