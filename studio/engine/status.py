"""How an engine is, at a moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from studio.engine.loop.loop import EngineLoop
from studio.errors import StoreError
from studio.store.slow import SlowCause
from studio.store.stuck import StuckCall


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """How an engine is, at a moment."""

    state: Literal["running", "paused", "stopped"]
    problem: str | None
    """Why it is paused, or has ended."""
    queue: int
    """Causes that wait to be taken."""
    steps: int
    """Steps that run now."""
    last_batch: int
    """Causes in the newest batch."""
    fault: StoreError | None = None
    """What keeps it paused, when that is the store."""
    stuck: tuple[StuckCall, ...] = ()
    """Steps and hooks that were called more than ten seconds ago and have not come back."""
    slow: SlowCause | None = None
    """The newest cause that took long and held up all others, or the one that does so now."""


def stopped(why: str | None = None) -> EngineStatus:
    """Of an engine that does not run here."""
    return EngineStatus("stopped", why, 0, 0, 0)


def status_of(loop: EngineLoop, complaints: Iterable[str]) -> EngineStatus:
    """Of an engine that was started.

    Args:
        complaints: what its hooks have to complain of.
    """
    state = loop.state
    how: Literal["running", "paused", "stopped"] = "running" if state.problem is None else "paused"
    if state.ended is not None:
        how = "stopped"
    return EngineStatus(
        how,
        state.problem or next(iter(complaints), None),
        state.queued,
        len(state.running),
        state.last_batch,
        state.fault,
        tuple(loop.stuck.find()),
        loop.slow(),
    )
