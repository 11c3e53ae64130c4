"""How a command acts on journeys: through the engine that runs on the store, or one started for the act."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from studio.cli.output import complain
from studio.cli.settings import Settings

if TYPE_CHECKING:
    from studio.engine.on_demand import OnDemandEngine


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
    )
