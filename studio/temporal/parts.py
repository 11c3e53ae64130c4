"""Parts of users' states that are larger than a payload, in Temporal beside their workflows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from studio.temporal.divided import divided_from
from studio.temporal.parts_workflow import PART
from studio.temporal.wire import workflow_id

AT_ONCE = 4
"""Parts that are put or fetched at the same time: each is several hundred kilobytes."""


def part_id(user: str, name: str) -> str:
    """The id of the workflow that holds a part."""
    return f"{workflow_id(user)}/part/{name}"


async def put_parts(client: Client, queue: str, user: str, parts: Mapping[str, bytes]) -> None:
    """Put parts away; those that are there stay as they are."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def put(name: str, part: bytes) -> None:
        async with limit:
            await client.start_workflow(
                PART,
                part,
                id=part_id(user, name),
                task_queue=queue,
                task_timeout=timedelta(seconds=10),
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            )

    async with asyncio.TaskGroup() as group:
        for name, part in parts.items():
            group.create_task(put(name, part))


async def drop_parts(client: Client, user: str, names: Iterable[str]) -> None:
    """End the workflows of parts that nobody needs; Temporal forgets them in its time."""
    for name in names:
        with contextlib.suppress(RPCError):  # it has ended, or is ended by whoever goes on
            await client.get_workflow_handle(part_id(user, name)).terminate("nobody needs this part")


async def whole(client: Client, user: str, base: bytes) -> bytes:
    """A user's state in one piece, as a partition is read from it.

    Raises:
        RPCError: Temporal does not answer.
        RuntimeError: a part is not there.
    """
    divided = divided_from(base)
    if divided is None:
        return base
    limit = asyncio.Semaphore(AT_ONCE)

    async def get(name: str) -> tuple[str, bytes]:
        async with limit:
            return name, await _part(client, user, name)

    found = await asyncio.gather(*map(get, dict.fromkeys(divided.parts)))
    return divided.joined(dict(found))


async def _part(client: Client, user: str, name: str) -> bytes:
    id = part_id(user, name)
    try:
        async for event in client.get_workflow_handle(id).fetch_history_events(page_size=1):
            begun = event.workflow_execution_started_event_attributes
            (part,) = await client.data_converter.decode(begun.input.payloads, [bytes])
            return bytes(part)
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
    raise RuntimeError(f"a part of the state of {user!r} is not there: the workflow {id}")
