"""How users on Temporal get on, as Temporal itself sees it."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from studio.errors import StudioError
from studio.temporal.settings import TemporalSettings
from studio.temporal.turns_workflow import SINK_SUFFIX, TURNS
from studio.temporal.user_workflow import NAME


@dataclass(frozen=True, slots=True)
class TemporalOverview:
    """What Temporal says of users and workers."""

    address: str
    namespace: str
    queue: str
    users: int
    """Those who are carried on."""
    waiting_turns: int
    """Workflows that hold turns which no sink has taken."""
    workers: list[str]
    """Processes that carried users on within the last minutes."""
    sinks: list[str]
    """Processes that took turns."""


async def overview(client: Client, settings: TemporalSettings) -> TemporalOverview:
    """Ask Temporal.

    Raises:
        StudioError: it does not answer.
    """
    try:
        users = await client.count_workflows(_running(NAME, settings.queue))
        turns = await client.count_workflows(_running(TURNS, settings.queue))
        workers = await _pollers(client, settings.queue, TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW)
        sinks = await _pollers(client, settings.queue + SINK_SUFFIX, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)
    except RPCError as error:
        raise StudioError(f"Temporal does not say: {error.message}", where=settings.address) from None
    return TemporalOverview(
        settings.address, settings.namespace, settings.queue, users.count, turns.count, workers, sinks
    )


def _running(workflow: str, queue: str) -> str:
    quoted = queue.replace("'", "''")
    return f"WorkflowType = '{workflow}' AND TaskQueue = '{quoted}' AND ExecutionStatus = 'Running'"


async def _pollers(client: Client, queue: str, kind: TaskQueueType.ValueType) -> list[str]:
    request = DescribeTaskQueueRequest(
        namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind
    )
    found = await client.workflow_service.describe_task_queue(request)
    return sorted({poller.identity for poller in found.pollers})
