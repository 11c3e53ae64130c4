"""What takes long: a user with 50,000 events, and workers that are killed again and again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

pytest.importorskip("temporalio", reason="the extra is not installed: pip install 'journey-studio[temporal]'")

from studio.clocks.clock import wall_ms
from studio.language.incoming import incoming
from studio.source.loader import load
from studio.store.rebuild import compare
from studio.temporal.sending import send
from studio.temporal.settings import TemporalSettings
from studio.temporal.temporal_engine import TemporalEngine
from studio.temporal.wire import event_item, workflow_id
from studio.temporal.worker import sink_worker, user_worker
from tests.temporal.servers import DevServer
from tests.temporal.support import count, entries, new_queue, until
from tests.temporal.test_kills import check_lives
from tests.temporal.worker_process import WORKFLOWS, WorkerProcess

pytestmark = pytest.mark.long

EVENTS = 50_000


async def test_a_user_with_fifty_thousand_events(server: DevServer, tmp_path: Path) -> None:
    ada = queue = new_queue()
    store = tmp_path / "sink.db"
    settings = TemporalSettings(server.address, queue=queue)
    engine = TemporalEngine(None, server.address, queue=queue, store=store)
    client = await engine.client()
    workflows = load(WORKFLOWS).workflows
    handle = client.get_workflow_handle(workflow_id(ada))
    async with (
        sink_worker(client, settings, [store], workflows, "normal"),
        user_worker(client, settings, workflows),
    ):
        await engine.ingest("flood/begin", user=ada)
        first = (await handle.describe()).run_id
        for at in range(0, EVENTS, 1_000):
            data = {"text": "some text as events have it"}
            ticks = [incoming("flood/tick", ada, {**data, "n": at + n}) for n in range(1_000)]
            await send(client, queue, ada, [event_item(tick, wall_ms()) for tick in ticks])
        await until(lambda: count(store, "flood/tick") == EVENTS, 300)
        await engine.ingest("flood/end", user=ada)
        await until(lambda: count(store, "journey.completed") == 1)
        parts = await handle.query("state", result_type=bytes)
    done = next(e for e in entries(store)[-3:] if e["kind"] == "journey.completed")
    # No wait and no look back sees more than the newest 10,000 of a name.
    assert done["data"]["result"] == {"ticks": 10_000}
    assert (await handle.describe()).run_id != first
    assert len(parts) < 1_900_000
    assert compare(store) == []


async def test_workers_are_killed_again_and_again(
    server: DevServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "life.log"
    monkeypatch.setenv("LIFE_LOG", str(log))
    queue, store = new_queue(), tmp_path / "sink.db"
    settings = TemporalSettings(server.address, queue=queue)
    engine = TemporalEngine(None, server.address, queue=queue, store=store)
    client = await engine.client()
    users = [f"{queue}-{n}" for n in range(60)]
    events = [incoming("go", user, {"crm": f"{queue}-crm"}) for user in users]
    nexts = [incoming("next", user, {"n": 1}) for user in users]
    running = [WorkerProcess(server.address, queue, tmp_path) for _ in range(2)]
    try:
        async with sink_worker(client, settings, [store], {}, "normal"):
            for at in range(0, len(users), 20):
                await engine.send_many(events[at : at + 20])
                done = count(store, "step.done")
                await until(lambda done=done: count(store, "step.done") > done + 4, 240)  # type: ignore[misc]
                running.pop(0).kill()
                running.append(WorkerProcess(server.address, queue, tmp_path))
                await engine.send_many(nexts[at : at + 20])
            await until(lambda: count(store, "journey.completed") == len(users), 240)
            await until(lambda: count(store, "finished") == len(users), 240)
            await asyncio.sleep(0)
    finally:
        for each in running:
            each.stop()
    calls = check_lives(store, log, users)
    # A step whose process dies under it is started again, three times at most.
    assert max(calls.values()) <= 4
