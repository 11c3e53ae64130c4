"""Workers and servers that are killed, and a sink that is away: nothing is lost, and nothing comes twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("temporalio", reason="the extra is not installed: pip install 'journey-studio[temporal]'")

from temporalio.client import Client

from studio.clocks.clock import wall_ms
from studio.language.incoming import incoming
from studio.source.loader import load
from studio.store.rebuild import compare
from studio.temporal.carried import Carried
from studio.temporal.sending import send_all
from studio.temporal.settings import TemporalSettings
from studio.temporal.user_workflow import NAME
from studio.temporal.wire import event_item, workflow_id
from studio.temporal.worker import sink_worker, user_worker
from tests.temporal.servers import DevServer
from tests.temporal.support import PATIENCE, count, entries, new_queue, until
from tests.temporal.worker_process import WORKFLOWS, WorkerProcess

LIFE = sorted(
    (
        *("event", "journey.started", "step.started", "step.done"),
        *("event", "wait.matched", "sleep.opened", "sleep.done", "log", "event", "journey.completed"),
    )
)
"""What a user lives through, the crm's event included; a wait is opened unless its event was there before."""


async def send(client: Client, queue: str, event: str, users: list[str], **data: Any) -> None:
    checked = [incoming(event, user, data) for user in users]
    await send_all(client, queue, [(each.user, event_item(each, wall_ms())) for each in checked])


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where each call of a step is written, by whatever process."""
    log = tmp_path / "life.log"
    monkeypatch.setenv("LIFE_LOG", str(log))
    return log


@asynccontextmanager
async def worker(client: Client, queue: str) -> AsyncIterator[None]:
    """A worker in this process."""
    async with user_worker(client, TemporalSettings(queue=queue), load(WORKFLOWS).workflows):
        yield


@asynccontextmanager
async def sink(client: Client, queue: str, *stores: Path) -> AsyncIterator[None]:
    """Who keeps all histories, in this process."""
    async with sink_worker(client, TemporalSettings(queue=queue), stores, {}, "normal"):
        yield


def check_lives(store: Path, log: Path, users: list[str]) -> Counter[str]:
    """Each user has lived once; gives how often the step of each was called."""
    found = entries(store)
    for user in users:
        own = [e["kind"] for e in found if user in (e["user"], (e["journey"] or "").partition("/")[2])]
        assert sorted(kind for kind in own if kind != "wait.opened") == LIFE, user
    told = [e["data"]["of"] for e in found if e["name"] == "finished"]
    assert sorted(told) == sorted(users)
    assert compare(store) == []
    calls = [line.split() for line in log.read_text().splitlines()]
    assert {user for user, _ in calls} == set(users)
    keys = {user: {key for other, key in calls if other == user} for user in users}
    assert all(len(own) == 1 for own in keys.values())
    return Counter(user for user, _ in calls)


async def test_a_worker_is_killed_among_waits_sleeps_and_steps(
    server: DevServer, tmp_path: Path, log: Path
) -> None:
    client, queue = await server.client(), new_queue()
    store = tmp_path / "sink.db"
    users = [f"{queue}-{n}" for n in range(10)]
    doomed = WorkerProcess(server.address, queue, tmp_path)
    try:
        async with sink(client, queue, store):
            await send(client, queue, "go", users, crm=f"{queue}-crm")
            await until(lambda: count(store, "step.done") >= 2)
            async with worker(client, queue):
                await send(client, queue, "next", users[:5], n=1)
                await until(lambda: count(store, "sleep.opened") >= 1)
                doomed.kill()
                await send(client, queue, "next", users[5:], n=1)
                await until(lambda: count(store, "journey.completed") == len(users))
                await until(lambda: count(store, "finished") == len(users))
    finally:
        doomed.stop()
    calls = check_lives(store, log, users)
    assert max(calls.values()) <= 2


async def test_the_server_is_killed_and_started_on_its_file(tmp_path: Path, log: Path) -> None:
    server = DevServer(tmp_path)
    server.start()
    try:
        client, queue = await server.client(), new_queue()
        store = tmp_path / "sink.db"
        users = [f"{queue}-{n}" for n in range(5)]
        async with worker(client, queue), sink(client, queue, store):
            await send(client, queue, "go", users, crm=f"{queue}-crm")
            await until(lambda: count(store, "step.started") >= 2)
            server.kill()
            sending = asyncio.ensure_future(send(client, queue, "next", users, n=1))
            server.start()
            await sending
            await until(lambda: count(store, "journey.completed") == len(users))
            await until(lambda: count(store, "finished") == len(users))
        check_lives(store, log, users)
    finally:
        server.stop()


async def test_a_flood_goes_through_runs_that_follow_one_another(
    server: DevServer, tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIFE_STEP", "2")
    client, queue = await server.client(), new_queue()
    store = tmp_path / "sink.db"
    begun = Carried(queue, long=60).packed()
    handle = await client.start_workflow(NAME, begun, id=workflow_id(queue), task_queue=queue)

    async def signal(*names: str) -> None:
        data = {"crm": f"{queue}-crm", "n": 1}
        items = [event_item(incoming(name, queue, data), wall_ms()) for name in names]
        await client.get_workflow_handle(handle.id).signal("take", items)

    async with worker(client, queue), sink(client, queue, store):
        await signal("flood/begin", "go")
        for _ in range(60):
            await signal(*["flood/tick"] * 5)
        await until(lambda: count(store, "step.done") == 1)
        await signal("flood/end", "next")
        await until(lambda: count(store, "journey.completed") == 2)
    found = entries(store)
    assert {"ticks": 300} in [e["data"]["result"] for e in found if e["kind"] == "journey.completed"]
    assert count(store, "flood/tick") == 300
    assert log.read_text().split()[::2] in ([queue], [queue] * 2)
    now = await client.get_workflow_handle(handle.id).describe()
    assert now.run_id != handle.first_execution_run_id
    assert compare(store) == []


async def test_turns_wait_for_a_sink_that_is_away(
    server: DevServer, tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIFE_STEP", "0")
    client, queue = await server.client(), new_queue()
    store = tmp_path / "sink.db"
    users = [f"{queue}-{n}" for n in range(4)]
    async with worker(client, queue):
        await send(client, queue, "go", users, crm=f"{queue}-crm")
        await send(client, queue, "next", users, n=1)
        handles = [client.get_workflow_handle(workflow_id(user)) for user in users]

        async def are_over() -> bool:
            looks = [await handle.query("look") for handle in handles]
            return all(look["due"] is None and look["turns"] >= 3 and look["unsent"] for look in looks)

        async with asyncio.timeout(PATIENCE):
            while not await are_over():
                await asyncio.sleep(0.1)
        assert not store.exists()
        second = tmp_path / "second.db"
        async with sink(client, queue, store, second):
            await until(lambda: count(store, "journey.completed") == len(users))
            await until(lambda: count(second, "finished") == len(users))
    for each in (store, second):
        check_lives(each, log, users)
