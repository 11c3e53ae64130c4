"""How a command acts on journeys: through the engine that runs, one started for the act, or Temporal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from studio.cli.output import complain
from studio.cli.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from studio.engine.on_demand import OnDemandEngine
    from studio.engine.remote import RemoteEngine
    from studio.temporal.settings import TemporalSettings

T = TypeVar("T")


def perform(asked: Coroutine[Any, Any, T], temporal: TemporalSettings | None) -> T:
    """What a client was asked for, done."""
    if temporal is None:
        from studio.engine.on_demand import carry_out

        return carry_out(asked)
    import asyncio

    return asyncio.run(asked)


def client_on(settings: Settings, temporal: TemporalSettings | None) -> RemoteEngine:
    """Who is asked for acts: Temporal when it is named, else as `client_of`."""
    if temporal is None:
        return client_of(settings)
    from studio.temporal.temporal_engine import TemporalEngine

    return TemporalEngine(store=settings.file(), settings=temporal)


def client_of(settings: Settings) -> OnDemandEngine:
    """Who is asked for acts on the store that a command names.

    Raises:
        StudioError: the store is one in memory.
    """
    from studio.engine.on_demand import OnDemandEngine

    return OnDemandEngine(
        Path(settings.file()),
        settings.workflows,
        settings.durability,
        on_problem=lambda problem: complain(str(problem)),
        events=settings.events,
    )
