"""A worker: a process that carries users on, and perhaps one that keeps all histories in a store."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from studio.engine.effects.hook_calls import Check, check_by
from studio.engine.effects.steps import Steps
from studio.errors import StudioError
from studio.language.definition import Workflow
from studio.sink.postgres_sink import PostgresSink, is_postgres
from studio.sink.sink import Sink
from studio.store.database import Durability
from studio.store.hooks import EventStore
from studio.temporal.activities import SinkActivities, UserActivities
from studio.temporal.code import Code
from studio.temporal.deployed import sources_of
from studio.temporal.deploying import code_worker, counting, deploy, newest_number
from studio.temporal.driving import HANG_AFTER, Drives
from studio.temporal.parts import whole
from studio.temporal.parts_workflow import UserPart
from studio.temporal.projecting import Projection, TurnSink
from studio.temporal.settings import TemporalSettings
from studio.temporal.telling import Forget, TellingSink, set_event_hook
from studio.temporal.turns_workflow import SINK_SUFFIX, UserErased, UserTurns
from studio.temporal.user_workflow import UserJourneys

STICKY_SECONDS = 2
"""After so long a user goes to another worker when the one that has the state does not take the task."""
TASKS = 16
"""Users whose turns a process is at, at the same time; the others wait with Temporal, and may go to another.
With the SDK's own 100 a busy machine began more than it could end within a task's 3 seconds, and most of its
work was thrown away: 694 tasks of five workers on two cores where it is 54 now."""
POLLS = 16
"""Questions for tasks that a process has open at the same time. Of those for users half are for users whom it
does not have so far, who are many at once when another worker dies: with the SDK's own, one of five, they
waited for each other."""
LOOK_SECONDS = 5.0
"""How often a worker asks whether something was deployed; a user whose turn knows tells it at once."""
FETCH_SECONDS = 60.0
"""How long the parts of a large state may take to come."""
END_SECONDS = 5
"""How long steps may go on after the worker was told to end."""


@asynccontextmanager
async def user_worker(
    client: Client,
    settings: TemporalSettings,
    workflows: Mapping[str, Workflow],
    *,
    hang_after: float = HANG_AFTER,
    told: Callable[[str], None] = lambda why: None,
    check_event: Callable[..., Any] | None = None,
) -> AsyncIterator[None]:
    """Carry users on meanwhile, by the code that counts: these files, where nothing was deployed so far.

    Args:
        hang_after: seconds after which a drive is given up, and its journey fails.
        told: is told when these files are not what counts.
        check_event: is asked for events that would answer a wait; all workers of a queue have the same.
    """
    check = None if check_event is None else check_by(check_event)
    code = Code(workflows, settings.drawn_from)
    async with code_worker(client, settings.queue):
        code.take(await deploy(client, settings.queue, workflows, only_first=True))
        if code.differs:
            told(f"not what is deployed: {', '.join(code.differs)}. journey-studio deploy lets it count.")
        looking = asyncio.create_task(_look(client, settings.queue, code))
        try:
            async with _serving(client, settings, code, hang_after, check):
                yield
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)


async def _look(client: Client, queue: str, code: Code) -> None:
    """See what is deployed from now on."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        with contextlib.suppress(RPCError):  # Temporal is away for a while
            if await newest_number(client, queue) > code.counting.number:
                code.take(await counting(client, queue))


@asynccontextmanager
async def _serving(
    client: Client, settings: TemporalSettings, code: Code, hang_after: float, check: Check | None
) -> AsyncIterator[None]:
    async def refresh() -> None:
        code.take(await counting(client, settings.queue))

    steps = Steps()
    loop = asyncio.get_running_loop()

    def whole_in_thread(user: str, base: bytes) -> bytes:
        return asyncio.run_coroutine_threadsafe(whole(client, user, base), loop).result(FETCH_SECONDS)

    drives = Drives(code, refresh, hang_after, ask=check is not None, whole=whole_in_thread)
    worker = Worker(
        client,
        task_queue=settings.queue,
        workflows=[UserJourneys, UserTurns, UserErased, UserPart],
        activities=UserActivities(client, settings.queue, drives, steps, check, settings.drawn_from).all(),
        # Nothing of an author's is imported in a workflow, and what is ours knows no clock.
        workflow_runner=UnsandboxedWorkflowRunner(),
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=STICKY_SECONDS),
        max_concurrent_workflow_tasks=TASKS,
        max_concurrent_workflow_task_polls=POLLS,
        max_concurrent_activity_task_polls=POLLS,
        nonsticky_to_sticky_poll_ratio=0.5,
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
    stores: Sequence[str | Path],
    workflows: Mapping[str, Workflow],
    durability: Durability = "full",
    *,
    set_event: Callable[..., Any] | None = None,
    set_events: Callable[..., Any] | None = None,
    forget: Forget | None = None,
) -> AsyncIterator[None]:
    """Keep all histories meanwhile, each in all of the stores.

    Args:
        stores: files, or addresses of PostgreSQL.
        set_event: is told every event once it is durable in the first file, at least once, in its order.
        set_events: in its place: takes several at once.
        forget: forgets a user who is erased where one of the two keeps events.

    Raises:
        StoreError: one cannot be used, or an engine or another sink has it.
        StudioError: there is no file to tell from, or a hook cannot be called so.
    """
    hook = set_event_hook(set_event, set_events)
    tells = None
    if hook is not None:
        tells = next((place for place in stores if not is_postgres(str(place))), None)
        if tells is None:
            raise StudioError(
                "set_event is told from a store in a file, and there is none", fix="Name a file, too."
            )

    def opening(place: str | Path) -> Callable[[], TurnSink]:
        if is_postgres(str(place)):
            return lambda: PostgresSink(str(place))
        if hook is not None and place is tells:
            return lambda: TellingSink(place, durability, "Temporal", hook, settings.drawn_from, forget)
        return lambda: Sink(place, durability, "Temporal")

    projection = await asyncio.to_thread(Projection, [opening(place) for place in stores])
    projection.add_sources(sources_of(dict(workflows)))
    worker = Worker(
        client,
        task_queue=settings.queue + SINK_SUFFIX,
        activities=SinkActivities(projection, client, settings.queue).all(),
        max_concurrent_activities=500,
        max_concurrent_activity_task_polls=POLLS,
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
    sinks: Sequence[str | Path] = (),
    durability: Durability = "full",
    told: Callable[[str], None] = lambda why: None,
    events: EventStore | None = None,
) -> AsyncIterator[None]:
    """Both, or the first alone when no store is named.

    Args:
        events: where events also live: waits ask there, and who has a store tells there.
    """
    check, keep = (None, None) if events is None else (events.check_event, events.set_events)
    forget = getattr(events, "erase", None)
    async with AsyncExitStack() as stack:
        if sinks:
            sink = sink_worker(client, settings, sinks, workflows, durability, set_events=keep, forget=forget)
            await stack.enter_async_context(sink)
        user = user_worker(client, settings, workflows, told=told, check_event=check)
        await stack.enter_async_context(user)
        yield
