"""Forgets a user: in their workflow, in what Temporal keeps of it, and by way of the sink in the store."""

from __future__ import annotations

import asyncio
import time

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from studio.errors import StudioError
from studio.temporal.reaching import ANSWER_SECONDS, ask_user
from studio.temporal.turns_workflow import ERASED
from studio.temporal.wire import workflow_id

LOOK_SECONDS = 0.1


async def erase(client: Client, user: str) -> int:
    """Forget a user; gives how many histories of theirs were deleted from Temporal.

    The workflow's name stays, with the number at which a new life begins: nothing else does.

    Raises:
        StudioError: there is no such user, or nobody answers.
    """
    id = workflow_id(user)
    handle = client.get_workflow_handle(id)
    before = await ask_user(_run_of(client, id), user)
    await ask_user(handle.execute_update("erase"), user)
    end = time.monotonic() + ANSWER_SECONDS
    while (now := await _run_of(client, id)) == before:
        if time.monotonic() > end:
            raise StudioError("it is erased, but its workflow does not go on", where=user)
        await asyncio.sleep(LOOK_SECONDS)
    await _delete(client, id, before)
    quoted = id.replace("'", "''")
    count = 1
    ask = f"WorkflowId = '{quoted}' OR WorkflowId STARTS_WITH '{quoted}/'"
    async for run in client.list_workflows(ask):
        # The order to forget is still on its way where no sink is there.
        if run.run_id not in (now, before) and run.workflow_type != ERASED:
            await _delete(client, run.id, run.run_id)
            count += 1
    return count


async def _run_of(client: Client, id: str) -> str:
    return (await client.get_workflow_handle(id).describe()).run_id


async def _delete(client: Client, id: str, run: str) -> None:
    whose = WorkflowExecution(workflow_id=id, run_id=run)
    request = DeleteWorkflowExecutionRequest(namespace=client.namespace, workflow_execution=whose)
    try:
        await client.workflow_service.delete_workflow_execution(request)
    except RPCError as error:
        # What was deleted already is what was asked for.
        if error.status != RPCStatusCode.NOT_FOUND:
            raise StudioError(f"Temporal does not delete it: {error.message}", where=id) from None
