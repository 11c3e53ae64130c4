"""What a worker does when a user's workflow asks for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

from temporalio import activity
from temporalio.client import Client

from studio.engine.effects.hook_calls import Check
from studio.engine.effects.hooks import event_of_answer
from studio.engine.effects.steps import Steps
from studio.kernel.records import Ask, StepResult
from studio.language.incoming import Incoming
from studio.temporal.deploying import counting
from studio.temporal.divided import divide, divided_from
from studio.temporal.driving import Drives
from studio.temporal.naming import Blame, DriveNaming
from studio.temporal.parts import drop_parts, put_parts
from studio.temporal.projecting import Projection
from studio.temporal.references import NotByName, resolve
from studio.temporal.requests import REQUESTS, TurnRequest
from studio.temporal.sending import TASK_SECONDS, send_all
from studio.temporal.telling import is_told_from_here
from studio.temporal.turns_workflow import HEARTBEAT_SECONDS
from studio.temporal.user_workflow import STEP_SECONDS
from studio.temporal.wire import event_item, failed, launch_in, result_out, unframed, workflow_id
from studio.text import json_text as jsontext

T = TypeVar("T")

LATE_SECONDS = 10.0
"""So much later than it should a busy machine gives up a drive, and is heard to have done so."""


async def beating(work: asyncio.Future[T]) -> T:
    """What comes of work that may take long; Temporal hears meanwhile that its process is there."""
    try:
        while not work.done():
            await asyncio.wait({work}, timeout=HEARTBEAT_SECONDS / 3)
            activity.heartbeat()
    finally:
        work.cancel()
    return work.result()


class UserActivities:
    """On the queue of users' workflows.

    Args:
        queue: the task queue's name.
        check: asks `check_event`; None when there is none.
        salt: `TemporalSettings.drawn_from`.
    """

    def __init__(
        self,
        client: Client,
        queue: str,
        drives: Drives,
        steps: Steps,
        check: Check | None = None,
        salt: str = "",
    ) -> None:
        self._check = check
        self._salt = salt
        self._client = client
        self._queue = queue
        self._drives = drives
        self._steps = steps
        self._driving: set[asyncio.Task[bytes]] = set()
        self._blame = Blame(drives.hang_after + LATE_SECONDS)

    def all(self) -> list[Callable[..., Any]]:
        """Those to be registered."""
        return [self.drive_turn, self.pack_state, self.run_step, self.deliver, self.check_event]

    @activity.defn(name="drive_turn")
    async def drive_turn(self, run: str) -> bytes:
        """Compute the turn that a run asks for in this process."""
        request = REQUESTS[run]
        handle = self._client.get_workflow_handle(workflow_id(request.user), run_id=run)
        is_tried = bool(request.named)
        if not is_tried and not self._drives.knows(run, request) and _may_be_tried(request):
            described = await handle.describe()
            attempt: int = described.raw_description.pending_workflow_task.attempt
            is_tried = attempt > 1
        naming = DriveNaming(handle, request.turn) if is_tried else None
        blamed = await self._blame.of(lambda: REQUESTS.get(run, request).named)
        return await self._to_its_end(self._drives.turn(run, request, naming, blamed))

    async def _to_its_end(self, work: Coroutine[Any, Any, bytes]) -> bytes:
        """What comes of a turn.

        When Temporal gives the turn to another attempt and ends this one, the drive goes on all the same: its
        hang is still found, and what it has named is told to have come back.
        """
        task = asyncio.create_task(work)
        self._driving.add(task)
        task.add_done_callback(self._driven)
        return await asyncio.shield(task)

    def _driven(self, task: asyncio.Task[bytes]) -> None:
        self._driving.discard(task)
        if not task.cancelled():
            # Whoever still waits for it has it, too.
            task.exception()

    @activity.defn(name="pack_state")
    async def pack_state(self, run: str) -> bytes:
        """The user's partition, as the next run begins with it; a large one is put away in parts."""
        request = REQUESTS[run]
        state = await self._drives.state(run, request)
        base, parts = divide(state, request.base)
        if (former := divided_from(request.base)) is not None:
            unused = [name for name in former.unused if name not in parts]
            await drop_parts(self._client, request.user, unused)
        await put_parts(self._client, self._queue, request.user, parts)
        return base

    @activity.defn(name="run_step")
    async def run_step(self, told: dict[str, Any]) -> dict[str, Any]:
        """Call a step's function; gives how that ended."""
        workflow = self._drives.code.workflow(told["workflow"], told["code"])
        if workflow is None:
            raise RuntimeError(f"this worker has no workflow {told['workflow']}")
        try:
            function = resolve(workflow, told["function"])
        except NotByName as error:
            return failed("NotByName", str(error), final=True)
        args, kwargs = jsontext.loads(told["args"])
        launch = launch_in(told, function, args, kwargs)
        names_no_time = launch.command.timeout is None
        if names_no_time:
            launch.command.timeout = STEP_SECONDS * 1000
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[StepResult] = loop.create_future()

        def settle(result: StepResult) -> None:
            if not ended.done():
                ended.set_result(result)

        def report(result: StepResult) -> None:
            with contextlib.suppress(RuntimeError):  # the worker has ended: another runs it again
                loop.call_soon_threadsafe(settle, result)

        self._steps.run(launch, report)
        result = await beating(ended)
        # An error of the function's own that has this name has a traceback.
        if names_no_time and result.type == "Timeout" and not result.traceback:
            result.message = _too_long(launch.command.name)
        return result_out(result)

    @activity.defn(name="deliver")
    async def deliver(self, sender: str, messages: list[dict[str, Any]]) -> None:
        """Hand events of a user's journeys over to the workflows of others."""
        items = []
        for m in messages:
            event = Incoming(m["name"], m["to"], m["text"], m["id"])
            items.append((event.user, event_item(event, m["at"], (sender, m["seq"]), m.get("chain", ()))))
        await beating(asyncio.ensure_future(send_all(self._client, self._queue, items)))

    @activity.defn(name="check_event")
    async def check_event(self, user: str, question: dict[str, Any]) -> list[dict[str, Any]]:
        """Ask elsewhere for events that would answer a wait."""
        if self._check is None:
            raise RuntimeError("this worker has no check_event")
        ask = Ask(question["wait"], user, tuple(question["events"]), question["match"])
        call = asyncio.to_thread(self._check, ask.user, ask.events, ask.match, self._known)
        found = await beating(asyncio.ensure_future(call))
        others = (fields for fields in found if not is_told_from_here(self._salt, fields.get("id")))
        events = [event for fields in others if (event := event_of_answer(ask, fields)) is not None]
        return [event_item(event, 0)["event"] for event in events]

    def _known(self, ids: Iterable[str]) -> set[str]:
        """Those that need not be fetched."""
        return {id for id in ids if is_told_from_here(self._salt, id)}


def _may_be_tried(request: TurnRequest) -> bool:
    """Whether another attempt at a turn may have gone before: none has while what came is younger than the
    time that an attempt has. When it is a deadline that came, nobody here knows since when."""
    if not request.items:
        return True
    oldest: int = min(item["at"] for item in request.items)
    return request.now - oldest >= TASK_SECONDS * 1000


def _too_long(step: str) -> str:
    return (
        f"{step} took longer than {STEP_SECONDS / 60:g} minutes, which is what a step without timeout= "
        'may take on Temporal. Say how long it may take: step(name, function, timeout="6h")'
    )


class SinkActivities:
    """On the queue of turns, by the worker that holds the store."""

    def __init__(self, projection: Projection, client: Client, queue: str) -> None:
        self._projection = projection
        self._client = client
        self._queue = queue

    def all(self) -> list[Callable[..., Any]]:
        """Those to be registered."""
        return [self.project, self.forget]

    @activity.defn(name="project")
    async def project(self, turns: bytes) -> None:
        """Take turns of one user into the store."""
        packed = unframed(turns)
        if self._projection.lacks_code_of(packed):
            # Entries name the version that made them: its source comes first.
            self._projection.add_sources((await counting(self._client, self._queue)).sources)
        await beating(asyncio.wrap_future(self._projection.put(packed)))

    @activity.defn(name="forget")
    async def forget(self, user: str, begins: int) -> None:
        """Forget a user who was erased."""
        await beating(asyncio.wrap_future(self._projection.erase(user, begins)))
