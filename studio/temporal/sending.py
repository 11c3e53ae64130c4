"""Sends what comes for users to their workflows: durable once it returns."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from studio.temporal.carried import Carried
from studio.temporal.user_workflow import NAME
from studio.temporal.wire import Item, workflow_id

TASK_SECONDS = 3
"""After so long Temporal gives the workflow task of a worker that does not answer to another."""
MOST_ITEMS = 100
"""Items of one signal."""
AT_ONCE = 32
"""Users that are sent to at the same time."""


async def send(client: Client, queue: str, user: str, items: Sequence[Item]) -> None:
    """Hand items to a user's workflow, in order; it is started when it is not there."""
    for at in range(0, len(items), MOST_ITEMS):
        await client.start_workflow(
            NAME,
            Carried(user).packed(),
            id=workflow_id(user),
            task_queue=queue,
            task_timeout=timedelta(seconds=TASK_SECONDS),
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            start_signal="take",
            start_signal_args=[list(items[at : at + MOST_ITEMS])],
        )


async def send_all(client: Client, queue: str, items: Sequence[tuple[str, Item]]) -> None:
    """Hand items to the workflows of many users; those of one user in order."""
    by_user: dict[str, list[Item]] = {}
    for user, item in items:
        by_user.setdefault(user, []).append(item)
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(user: str, items: list[Item]) -> None:
        async with limit:
            await send(client, queue, user, items)

    async with asyncio.TaskGroup() as group:
        for user, each in by_user.items():
            group.create_task(one(user, each))
