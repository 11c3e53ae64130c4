"""What a worker does for a user's workflow: the time of steps, as they are told it and as Temporal has it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("temporalio", reason="the extra is not installed: pip install 'journey-studio[temporal]'")

from temporalio.testing import ActivityEnvironment

from studio import Journey, workflow
from studio.clocks.clock import wall_ms
from studio.engine.effects.steps import Steps
from studio.language.incoming import incoming
from studio.temporal import activities
from studio.temporal.activities import SinkActivities, UserActivities
from studio.temporal.code import Code
from studio.temporal.driving import Drives
from studio.temporal.requests import REQUESTS, TurnRequest
from studio.temporal.sending import send
from studio.temporal.settings import TemporalSettings
from studio.temporal.turns import result_from
from studio.temporal.wire import event_item, workflow_id
from studio.temporal.worker import user_worker
from tests.temporal.servers import DevServer
from tests.temporal.support import PATIENCE, new_queue, until

START = 1_767_225_600_000


class Timeout(Exception):
    """An error of the author's own."""


async def slow() -> None:
    await asyncio.sleep(600)


async def raises() -> None:
    raise Timeout("the service does not answer")


async def quick() -> int:
    return 1


@workflow(trigger="go")
async def works(journey: Journey) -> None:
    what: dict[str, Any] = {"slow": slow, "raises": raises, "quick": quick}
    await journey.step("work", what[journey.trigger["which"]], timeout=journey.trigger.data.get("timeout"))


@pytest.fixture
async def drives() -> AsyncIterator[Drives]:
    async def refresh() -> None:
        raise AssertionError("nothing was deployed")

    drives = Drives(Code({"works": works}, "salt"), refresh)
    yield drives
    drives.close()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (
            {"which": "slow"},
            "work took longer than 0.005 minutes, which is what a step without timeout= may take on "
            'Temporal. Say how long it may take: step(name, function, timeout="6h")',
        ),
        ({"which": "slow", "timeout": "200ms"}, "it took longer than 0.2 s"),
        ({"which": "raises"}, "the service does not answer"),
    ],
)
async def test_a_step_whose_time_is_over_says_whose_time_that_was(
    drives: Drives, monkeypatch: pytest.MonkeyPatch, data: dict[str, Any], says: str
) -> None:
    monkeypatch.setattr(activities, "STEP_SECONDS", 0.3)
    item = event_item(incoming("go", "ada", data), START)
    turn = await drives.turn("run", TurnRequest("ada", b"", (), (item,), START, frozenset()))
    (launch,) = result_from(turn).head["launches"]
    steps = Steps()
    try:
        run_step = UserActivities(None, "queue", drives, steps).run_step  # type: ignore[arg-type]
        told = await ActivityEnvironment().run(run_step, launch)
    finally:
        steps.stop()
    assert (told["type"], told["message"]) == ("Timeout", says)


async def test_what_takes_long_says_that_its_process_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activities, "HEARTBEAT_SECONDS", 0.1)
    beats: list[object] = []
    written: Future[None] = Future()

    class SlowProjection:
        def lacks_code_of(self, packed: list[bytes]) -> bool:
            return False

        def put(self, packed: list[bytes]) -> Future[None]:
            return written

    there = SinkActivities(SlowProjection(), None, "queue")  # type: ignore[arg-type]
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: beats.append(details)
    telling = asyncio.ensure_future(environment.run(there.project, b""))
    await until(lambda: len(beats) >= 3)
    written.set_result(None)
    await telling
    # Whoever ends it gives up the waiting with it.
    written, so_far = Future(), len(beats)
    telling = asyncio.ensure_future(environment.run(there.project, b""))
    await until(lambda: len(beats) > so_far)
    environment.cancel()
    await asyncio.gather(telling, return_exceptions=True)
    await until(written.cancelled)


@pytest.mark.parametrize(
    ("age", "base", "tried"), [(0, b"", False), (0, b"state", False), (2_999, b"", False), (3_000, b"", True)]
)
def test_nobody_has_tried_what_has_just_come(age: int, base: bytes, tried: bool) -> None:
    item = event_item(incoming("go", "ada"), START)
    request = TurnRequest("ada", base, (), (item,), START + age, frozenset())
    assert activities._may_be_tried(request) is tried
    assert activities._may_be_tried(replace(request, items=()))


async def test_a_step_may_name_more_than_an_hour(server: DevServer) -> None:
    client, ada = await server.client(), (queue := new_queue())
    async with user_worker(client, TemporalSettings(queue=queue), {"works": works}):
        data = {"which": "quick", "timeout": "3d"}
        await send(client, queue, ada, [event_item(incoming("go", ada, data), wall_ms())])
        handle = client.get_workflow_handle(workflow_id(ada))
        async with asyncio.timeout(PATIENCE):
            while True:
                events = (await handle.fetch_history()).events
                if any(e.HasField("activity_task_completed_event_attributes") for e in events):
                    break
                await asyncio.sleep(0.05)
    asked = [e.activity_task_scheduled_event_attributes for e in events]
    (step,) = [each for each in asked if each.activity_type.name == "run_step"]
    assert step.start_to_close_timeout.ToSeconds() == 3 * 86_400 + 30


class ToldRun:
    """Stands for a user's run on Temporal: keeps the signals that come."""

    def __init__(self) -> None:
        self.told: list[int | None] = []

    def get_workflow_handle(self, id: str, *, run_id: str) -> ToldRun:
        return self

    async def signal(self, name: str, told: dict[str, Any]) -> None:
        assert name == "driving"
        self.told.append(told["journey"])


GOES_ON = threading.Event()


@workflow(trigger="go")
async def holds(journey: Journey) -> None:
    assert GOES_ON.wait(30)


async def test_a_drive_whose_attempt_was_ended_still_says_that_it_came_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def refresh() -> None:
        raise AssertionError("nothing was deployed")

    run, steps = ToldRun(), Steps()
    drives = Drives(Code({"holds": holds}, "salt"), refresh)
    item = event_item(incoming("go", "ada", {}), START)
    # Somebody has been at this turn before, and names what it drives.
    request = TurnRequest("ada", b"", (), (item,), START, frozenset(), named={"another": None})
    monkeypatch.setitem(REQUESTS, "run", request)
    GOES_ON.clear()
    try:
        drive_turn = UserActivities(run, "queue", drives, steps).drive_turn  # type: ignore[arg-type]
        attempt = asyncio.ensure_future(ActivityEnvironment().run(drive_turn, "run"))
        await until(lambda: run.told == [1])
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
        assert run.told == [1]
        GOES_ON.set()
        await until(lambda: run.told == [1, None])
    finally:
        GOES_ON.set()
        steps.stop()
        drives.close()
