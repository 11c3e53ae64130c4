"""Records histories of users' workflows, which later versions of the workflow's code must replay.

    python -m tests.temporal.record NAME

Do so before a release whose workflow code goes another way, with a name of its own, and keep the older ones
beside.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import sys
import tempfile
from pathlib import Path

from temporalio.client import Client

from studio.clocks.clock import wall_ms
from studio.language.incoming import incoming
from studio.source.loader import load
from studio.temporal.carried import Carried
from studio.temporal.deploying import counting, touch_all
from studio.temporal.erasing import erase
from studio.temporal.settings import TemporalSettings
from studio.temporal.temporal_engine import TemporalEngine
from studio.temporal.user_workflow import NAME
from studio.temporal.wire import event_item, workflow_id
from studio.temporal.worker import sink_worker, user_worker
from tests.temporal.servers import DevServer
from tests.temporal.support import HISTORIES, count, new_queue, until
from tests.temporal.worker_process import WORKFLOWS

USERS = ("ada", "big", "bob", "crm", "eve", "flood", "gus")


async def record(server: DevServer, folder: Path, name: str) -> None:
    """Live through all that the workflow's code does, and keep what Temporal has of it."""
    queue, store = new_queue(), folder / "sink.db"
    settings = TemporalSettings(server.address, queue=queue)
    engine = TemporalEngine(None, server.address, queue=queue, store=store)
    client = await engine.client()
    workflows = load(WORKFLOWS).workflows
    await _much_at_once(client, queue)
    async with user_worker(client, settings, workflows, check_event=_knows_of_eve):
        async with sink_worker(client, settings, [store], {}, "normal"):
            await engine.ingest("go", user="ada", data={"crm": "crm"}, id="one")
            await engine.ingest("go", user="ada", data={"crm": "crm"}, id="one")
            await until(lambda: count(store, "wait.opened") == 1)
            await engine.act("cancel", "life/ada")
            await engine.act("restart", "life/ada")
            await until(lambda: count(store, "wait.opened") == 2)
            await engine.ingest("next", user="ada", data={"n": 1})
            await until(lambda: count(store, "finished") == 1)
            await _flood(client, queue, store)
            await _named_and_deployed(client, engine, store)
            await until(lambda: count(store, "flood/tick") == 90)
        # Nobody takes turns.
        await engine.ingest("go", user="bob", data={"crm": "crm"})
        await asyncio.sleep(2)
        await erase(client, "eve")
    for user in USERS:
        await _keep(client, user, name)


def _knows_of_eve(user: str, events: tuple[str, ...], match: object) -> list[dict[str, object]]:
    return [{"name": "next", "data": {"n": 2}}] if user == "eve" and "next" in events else []


async def _flood(client: Client, queue: str, store: Path) -> None:
    for user in ("flood", "eve"):
        begun = Carried(user, long=40).packed()
        await client.start_workflow(NAME, begun, id=workflow_id(user), task_queue=queue)
        handle = client.get_workflow_handle(workflow_id(user))
        for name in ("flood/begin", "go", *["flood/tick"] * 40):
            item = event_item(incoming(name, user, {"crm": "crm"}), wall_ms())
            await handle.signal("take", [item])
    await until(lambda: count(store, "step.done") == 4)


async def _much_at_once(client: Client, queue: str) -> None:
    """More waits than goes along into the next run, which is due at once."""
    begun = Carried("big", long=5).packed()
    await client.start_workflow(NAME, begun, id=workflow_id("big"), task_queue=queue)
    handle = client.get_workflow_handle(workflow_id("big"))
    for n in range(10):
        item = event_item(incoming("flood/tick", "big", {"n": n, "text": "a" * 100_000}), wall_ms())
        await handle.signal("take", [item])


async def _named_and_deployed(client: Client, engine: TemporalEngine, store: Path) -> None:
    """An attempt at a turn that names what it drives, and a deploy that all users are told of."""
    before, done = count(store, "wait.opened"), count(store, "finished")
    await engine.ingest("go", user="gus", data={"crm": "crm"})
    await until(lambda: count(store, "wait.opened") == before + 1)
    handle = client.get_workflow_handle(workflow_id("gus"))
    looked = await handle.query("look")
    await handle.signal("driving", {"turn": looked["turns"], "by": "another attempt", "journey": 1})
    counts = await counting(client, engine.settings.queue)
    await touch_all(client, engine.settings.queue, counts.number)
    await engine.ingest("next", user="gus", data={"n": 1})
    await until(lambda: count(store, "finished") == done + 1)


async def _keep(client: Client, user: str, name: str) -> None:
    HISTORIES.mkdir(exist_ok=True)
    number = 0
    async for run in client.list_workflows(f"WorkflowId = '{workflow_id(user)}'"):
        number += 1
        history = await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()
        file = HISTORIES / f"{name}-{user}-{number}.json.gz"
        file.write_bytes(gzip.compress(history.to_json().encode(), mtime=0))


def main() -> None:
    """Start a server, and record."""
    (recorded,) = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ |= {"LIFE_LOG": str(folder / "life.log"), "LIFE_STEP": "0.2"}
        server = DevServer(folder)
        server.start()
        try:
            asyncio.run(record(server, folder, recorded))
        finally:
            server.stop()
    sys.stdout.write(f"{len(list(HISTORIES.iterdir()))} histories in {HISTORIES}\n")


if __name__ == "__main__":
    main()
