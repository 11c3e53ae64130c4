"""The engine that a studio is about: its own, or that of another process when one runs there already."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from studio.clocks.adjustable_clock import StudioClock
from studio.engine.client import EngineClient
from studio.engine.local import LocalEngine
from studio.engine.remote import RemoteEngine
from studio.errors import NotOffered, StoreLocked
from studio.source.project import project
from studio.tui.session.read_only import ReadOnlyEngine

if TYPE_CHECKING:
    from studio.engine.effects.steps import StandIn
    from studio.source.event_door import EventMode

Mode = Literal["run", "view", "read"]
"""Run an engine, unless another one does; be a viewer of another; only look, and send nothing."""


async def connect(
    workflows: str,
    store: str,
    durability: Literal["full", "normal"],
    mode: Mode = "run",
    reload: Literal["auto", "ask"] = "auto",
    stand_in: StandIn | None = None,
) -> EngineClient:
    """Start an engine on the store; be a viewer when another one runs on it, or none may, or when asked to.

    Args:
        stand_in: gives what is called in the place of steps; None calls the steps.

    Raises:
        StoreError: the store cannot be used.
    """
    if mode != "run":
        kind = ReadOnlyEngine if mode == "read" else RemoteEngine
        return await asyncio.to_thread(kind, Path(store), workflows)
    # Imported here: the first paint does not wait for it.
    from studio.engine.engine import Engine
    from studio.objects.opening import events_of_project

    engine = Engine(
        workflows,
        store=store,
        durability=durability,
        clock=StudioClock(),
        reload=reload,
        stand_in=stand_in,
        events=events_of_project(),
        typed=cast("EventMode", project().get("events", "refuse")),
    )
    try:
        await engine.start()
    except (StoreLocked, NotOffered):
        return await asyncio.to_thread(RemoteEngine, Path(store), workflows)
    await asyncio.to_thread(engine.watch)
    return LocalEngine(engine, no_steps=stand_in is not None)
