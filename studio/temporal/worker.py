"""A worker: a process that carries users on, and perhaps one that keeps all histories in a store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from studio.clocks.clock import wall_ms
from studio.engine.effects.steps import Steps
from studio.language.definition import Workflow
from studio.sink.sink import Sink
from studio.store.database import Durability
from studio.temporal.activities import SinkActivities, UserActivities
from studio.temporal.code import Code
from studio.temporal.driving import HANG_AFTER, Drives
from studio.temporal.projecting import Projection
from studio.temporal.settings import TemporalSettings
from studio.temporal.turns_workflow import SINK_SUFFIX, UserTurns
from studio.temporal.user_workflow import UserJourneys

STICKY_SECONDS = 2
"""After so long a user goes to another worker when the one that has the state does not take the task."""
END_SECONDS = 5
"""How long steps may go on after the worker was told to end."""


@asynccontextmanager
async def user_worker(
    client: Client,
    settings: TemporalSettings,
    workflows: Mapping[str, Workflow],
    *,
    hang_after: float = HANG_AFTER,
) -> AsyncIterator[None]:
    """Carry users on meanwhile."""
    steps = Steps()
    drives = Drives(Code(workflows, settings.drawn_from), hang_after)
    worker = Worker(
        client,
        task_queue=settings.queue,
        workflows=[UserJourneys, UserTurns],
        activities=UserActivities(client, settings.queue, drives, steps).all(),
        # Nothing of an author's is imported in a workflow, and what is ours knows no clock.
        workflow_runner=UnsandboxedWorkflowRunner(),
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=STICKY_SECONDS),
        max_heartbeat_throttle_interval=timedelta(seconds=1),
        default_heartbeat_throttle_interval=timedelta(seconds=1),
        graceful_shutdown_timeout=timedelta(seconds=END_SECONDS),
    )
    try:
        async with worker:
            yield
    finally:
        steps.stop()
        drives.close()


@asynccontextmanager
async def sink_worker(
    client: Client,
    settings: TemporalSettings,
    store: Path,
    workflows: Mapping[str, Workflow],
    durability: Durability = "full",
) -> AsyncIterator[None]:
    """Keep all histories in a store meanwhile.

    Raises:
        StoreError: it cannot be used, or an engine or another sink has it.
    """

    def open_sink() -> Sink:
        sink = Sink(store, durability, "Temporal")
        for workflow in workflows.values():
            sink.add_code(workflow.name, workflow.code, workflow.file, workflow.source, wall_ms())
        return sink

    projection = await asyncio.to_thread(Projection, open_sink)
    worker = Worker(
        client,
        task_queue=settings.queue + SINK_SUFFIX,
        activities=SinkActivities(projection).all(),
        max_concurrent_activities=500,
        graceful_shutdown_timeout=timedelta(seconds=END_SECONDS),
    )
    try:
        async with worker:
            yield
    finally:
        await asyncio.to_thread(projection.close)


@asynccontextmanager
async def workers(
    client: Client,
    settings: TemporalSettings,
    workflows: Mapping[str, Workflow],
    sink: Path | None = None,
    durability: Durability = "full",
) -> AsyncIterator[None]:
    """Both, or the first alone when no store is named."""
    async with AsyncExitStack() as stack:
        if sink is not None:
            await stack.enter_async_context(sink_worker(client, settings, sink, workflows, durability))
        await stack.enter_async_context(user_worker(client, settings, workflows))
        yield
