"""What users on Temporal cost beside the naive way: prints what the handbook says of it.

    python -m tests.temporal.naive [USERS]

The naive way is a Temporal workflow a journey, with signals, `wait_condition` and activities: what somebody
would write who has Temporal alone. It keeps no history that can be looked at and has no rules for events that
come early, twice or to several journeys. Both run the same journeys, on one server, one after the other: of
three events, two waits with deadlines and one step.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import temporalio.workflow
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

import studio
from studio.language.incoming import incoming
from studio.temporal.settings import TemporalSettings
from studio.temporal.temporal_engine import TemporalEngine
from studio.temporal.worker import sink_worker, user_worker
from tests.temporal.servers import DevServer
from tests.temporal.support import count, new_queue, until

USERS = 60
OPENED: set[tuple[str, str]] = set()
"""Waits by hand that are open or over: the worker is in this process."""
WEEK = timedelta(days=7)
PATIENCE = 300.0


async def send_welcome(user: str) -> str:
    return f"mail to {user}"


@studio.workflow(trigger="signup")
async def welcome(journey: studio.Journey) -> dict[str, bool]:
    await journey.step("welcome", send_welcome, journey.user.id)
    active = await journey.wait_for("active", timeout="7d")
    paid = await journey.wait_for("paid", timeout="7d")
    return {"active": bool(active), "paid": bool(paid)}


@activity.defn(name="naive_welcome")
async def naive_welcome(user: str) -> str:
    return await send_welcome(user)


@temporalio.workflow.defn(name="naive")
class Naive:
    """The same journey, by hand."""

    def __init__(self) -> None:
        self.events: list[str] = []

    @temporalio.workflow.signal
    def came(self, event: str) -> None:
        """An event."""
        self.events.append(event)

    @temporalio.workflow.run
    async def run(self, user: str) -> dict[str, bool]:
        """Welcome, and wait twice."""
        await temporalio.workflow.execute_activity(
            naive_welcome, user, start_to_close_timeout=timedelta(seconds=30)
        )
        return {"active": await self._wait(user, "active"), "paid": await self._wait(user, "paid")}

    async def _wait(self, user: str, event: str) -> bool:
        OPENED.add((user, event))
        try:
            await temporalio.workflow.wait_condition(lambda: event in self.events, timeout=WEEK)
        except TimeoutError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Cost:
    """Of some journeys."""

    journeys: int
    seconds: float
    server: float
    """Seconds of its CPU."""
    own: float
    """Those of worker, sink and sender, which are one process."""

    def __str__(self) -> str:
        each = 1000 / self.journeys
        rate = f"{self.journeys / self.seconds:.1f} journeys/s"
        return f"{rate}, {self.server * each:.0f} ms of the server, {self.own * each:.0f} ms here"


class Meter:
    """Measures from its making on."""

    def __init__(self, server: DevServer) -> None:
        self._server = server
        self._begun = (time.monotonic(), server.cpu_seconds(), time.process_time())

    def read(self, journeys: int) -> Cost:
        """What it cost so far."""
        now = (time.monotonic(), self._server.cpu_seconds(), time.process_time())
        return Cost(journeys, *(b - a for a, b in zip(self._begun, now, strict=True)))


async def ours(server: DevServer, folder: Path, users: int) -> Cost:
    """By users' workflows, with all histories in a store."""
    queue, store = new_queue(), folder / "sink.db"
    settings = TemporalSettings(server.address, queue=queue)
    engine = TemporalEngine(None, server.address, queue=queue, store=store)
    client = await engine.client()
    names = [f"{queue}-{n}" for n in range(users)]
    workflows = {"welcome": welcome}
    async with sink_worker(client, settings, [store], workflows), user_worker(client, settings, workflows):
        meter = Meter(server)
        for event, opened in (("signup", users), ("active", 2 * users), ("paid", None)):
            await engine.send_many([incoming(event, name) for name in names])
            if opened is not None:
                await until(lambda opened=opened: count(store, "wait.opened") == opened, PATIENCE)  # type: ignore[misc]
        await until(lambda: count(store, "journey.completed") == users, PATIENCE)
        return meter.read(users)


async def by_hand(server: DevServer, users: int) -> Cost:
    """By a workflow a journey."""
    client: Client = await server.client()
    queue = new_queue()
    worker = Worker(
        client,
        task_queue=queue,
        workflows=[Naive],
        activities=[naive_welcome],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    names = [f"{queue}-{n}" for n in range(users)]
    limit = asyncio.Semaphore(32)

    async def signal(name: str, event: str) -> None:
        async with limit:
            await client.get_workflow_handle(f"naive/{name}").signal("came", event)

    async def start(name: str) -> None:
        async with limit:
            await client.start_workflow(
                "naive",
                name,
                id=f"naive/{name}",
                task_queue=queue,
                start_signal="came",
                start_signal_args=["signup"],
            )

    async with worker:
        meter = Meter(server)
        await asyncio.gather(*map(start, names))
        for event in ("active", "paid"):
            waits = {(name, event) for name in names}
            await until(partial(OPENED.issuperset, waits), PATIENCE)
            await asyncio.gather(*(signal(name, event) for name in names))
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(client.get_workflow_handle(f"naive/{name}").result() for name in names))
        return meter.read(users)


def main() -> None:
    """Measure, and print."""
    users = int(sys.argv[1]) if len(sys.argv) > 1 else USERS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = DevServer(folder)
        server.start()
        try:
            for turn in range(2):
                own = folder / str(turn)
                own.mkdir()
                for what, run in (("ours", ours(server, own, users)), ("naive", by_hand(server, users))):
                    cost = asyncio.run(run)
                    load = f"{cost}; load {os.getloadavg()[0]:.1f}"
                    sys.stdout.write(f"{what:<5}  {load}\n")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
