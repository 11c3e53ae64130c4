"""Journeys that an engine has really driven, in virtual time, for what counts them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from studio import Engine
from studio.clocks import durations
from studio.clocks.clock import VirtualClock
from studio.language.definition import Workflow
from studio.reports.funnel import Funnel, NodeCounts
from studio.reports.reading import FunnelReader
from studio.store.views import Views

START_MS = 1_772_442_000_000
"""2026-03-02T09:00Z, a Monday."""

Sent = tuple[str, str, str]
"""When after the start, the user, the event."""


def play(store: Path, workflow: Workflow, sent: Iterable[Sent], until: str = "60d", **options: Any) -> None:
    """Have an engine take events, in order of time, and let time pass."""
    asyncio.run(_play(store, workflow, sent, until, options))


async def _play(
    store: Path, workflow: Workflow, sent: Iterable[Sent], until: str, options: dict[str, Any]
) -> None:
    async with Engine(workflow, store=store, clock=VirtualClock(START_MS), **options) as engine:
        for after, user, event in sent:
            await engine.forward_to(START_MS + durations.parse(after))
            await engine.ingest(event, user)
        await engine.forward_to(START_MS + durations.parse(until))


def read(store: Path, workflow: str, ask: Callable[[FunnelReader], Funnel] | None = None) -> Funnel:
    """The funnel of a store, at the moment of its clock."""
    with Views(store) as views:
        reader = FunnelReader(views, workflow)
        assert reader.read()
        return reader.funnel(int(views.clock()["at"]), None) if ask is None else ask(reader)


def nodes(funnel: Funnel) -> dict[str, NodeCounts]:
    """Its nodes by their keys."""
    return {node.key: node for node in funnel.nodes}


def declared(
    workflow: Workflow, now_ms: int = START_MS + 60 * 86_400_000
) -> Callable[[FunnelReader], Funnel]:
    """Asks for the funnel by the goal and the zone that the workflow declares, after sixty days."""

    def ask(reader: FunnelReader) -> Funnel:
        reader.declared(workflow)
        return reader.funnel(now_ms, reader.goal)

    return ask
