"""Says which code counts on a queue, and asks for it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from studio.clocks.clock import wall_ms
from studio.kernel.packed import pack
from studio.language.definition import Workflow
from studio.temporal.code_workflow import CODE, CODE_SUFFIX, JourneyCode, code_id
from studio.temporal.deployed import Deployed, deployed_from, sources_of
from studio.temporal.user_workflow import NAME

TASK_SECONDS = 3


@asynccontextmanager
async def code_worker(client: Client, queue: str) -> AsyncIterator[None]:
    """Serve what is asked of deployed code meanwhile."""
    worker = Worker(
        client,
        task_queue=queue + CODE_SUFFIX,
        workflows=[JourneyCode],
        workflow_runner=UnsandboxedWorkflowRunner(),
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=2),
        max_concurrent_workflow_task_polls=2,
    )
    async with worker:
        yield


async def deploy(
    client: Client, queue: str, workflows: Mapping[str, Workflow], *, only_first: bool = False
) -> Deployed:
    """Let versions count, for all users from their next turn on. Somebody must serve `code_worker`.

    Args:
        only_first: only where nothing was deployed so far.

    Returns:
        What counts now.
    """
    all = dict(workflows)
    hashes = {name: workflow.code for name, workflow in all.items()}
    begun: WithStartWorkflowOperation[object, bytes] = WithStartWorkflowOperation(
        CODE,
        Deployed().packed(),
        id=code_id(queue),
        task_queue=queue + CODE_SUFFIX,
        task_timeout=timedelta(seconds=TASK_SECONDS),
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    told: bytes = await client.execute_update_with_start_workflow(
        "deploy",
        pack([hashes, sources_of(all), only_first]),
        start_workflow_operation=begun,
        result_type=bytes,
    )
    return deployed_from(told)


async def touch_all(client: Client, queue: str, number: int) -> int:
    """Let all users of a queue have a turn by a deploy, at least; gives how many there are."""
    quoted = queue.replace("'", "''")
    ask = f"WorkflowType = '{NAME}' AND TaskQueue = '{quoted}' AND ExecutionStatus = 'Running'"
    item = {"kind": "code", "at": wall_ms(), "deployed": number}
    count = 0
    async for found in client.list_workflows(ask):
        with contextlib.suppress(RPCError):  # it has ended since
            await client.get_workflow_handle(found.id).signal("take", [item])
        count += 1
    return count


async def counting(client: Client, queue: str) -> Deployed:
    """What counts now."""
    told: bytes = await client.get_workflow_handle(code_id(queue)).query("counting", result_type=bytes)
    return deployed_from(told)


async def newest_number(client: Client, queue: str) -> int:
    """How often something was deployed: cheaper to ask than what."""
    told: int = await client.get_workflow_handle(code_id(queue)).query("number", result_type=int)
    return told
