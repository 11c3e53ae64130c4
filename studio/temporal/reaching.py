"""Asks workflows of users, and says in plain words when nobody is there to answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from temporalio.client import Client, WorkflowQueryFailedError, WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode

from studio.errors import JourneyError, StudioError
from studio.language.journey_ids import parse
from studio.temporal.parts import whole
from studio.temporal.wire import Item, unframed, workflow_id

T = TypeVar("T")

ANSWER_SECONDS = 15.0
"""How long a worker may take to answer."""


def user_of(journey: str) -> str:
    """The user whose journey has this id.

    Raises:
        JourneyError: it is no id of a journey.
    """
    readings = parse(journey)
    if not readings:
        raise JourneyError(
            "this is no id of a journey", where=journey, fix="Write workflow/user, as it is shown."
        )
    return readings[0].user


async def act_on(client: Client, user: str, item: Item, where: str) -> None:
    """Have something done in a user's workflow.

    Raises:
        JourneyError: it was refused, or there is no such journey.
        StudioError: nobody answers.
    """
    handle = client.get_workflow_handle(workflow_id(user))
    try:
        told: dict[str, Any] = await _answered(handle.execute_update("act", item, result_type=dict), where)
    except WorkflowUpdateFailedError as error:
        raise StudioError(f"it failed: {error.cause or error}", where=where) from None
    if (what := told.get("error")) is not None:
        raise JourneyError(what, where=told.get("where", where), fix=told.get("fix", ""))


async def state_of(client: Client, user: str) -> list[bytes]:
    """What a user's state is made of: the partition that the run began with, and the results of turns since.

    Raises:
        StudioError: there is no such user, or nobody answers.
    """
    handle = client.get_workflow_handle(workflow_id(user))
    packed = await ask_user(handle.query("state", result_type=bytes), user)
    base, *log = unframed(packed)[1:]
    return [await whole(client, user, base), *log]


async def ask_user(asked: Awaitable[T], user: str) -> T:
    """What a user's workflow answers.

    Raises:
        StudioError: there is no such user, or nobody answers.
    """
    try:
        return await _answered(asked, user)
    except JourneyError:
        raise StudioError(f"there is no user {user!r}", fix="Nothing has come for them.") from None
    except (WorkflowQueryFailedError, WorkflowUpdateFailedError) as error:
        raise StudioError(f"it failed: {error}", where=user) from None


async def _answered(asked: Awaitable[T], where: str) -> T:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await asked
    except TimeoutError:
        raise _nobody(where) from None
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            raise JourneyError("there is no such journey", where=where) from None
        if error.status in (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED):
            raise _nobody(where) from None
        raise StudioError(f"Temporal refuses it: {error.message}", where=where) from None


def _nobody(where: str) -> StudioError:
    return StudioError(
        "no worker answers", where=where, fix="Start one: journey-studio worker --temporal HOST:PORT."
    )
