"""How soon users go on when the worker that carries them is killed: prints what the handbook says of it.

    python -m tests.temporal.failover [USERS]

All users wait on one worker; another is there. The first is killed, and at once something comes for each
user: the worst moment, as Temporal still gives them to the one that is gone.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

from temporalio.client import Client

from studio.clocks.clock import wall_ms
from studio.language.incoming import incoming
from studio.language.kinds import Kind
from studio.temporal.settings import TemporalSettings
from studio.temporal.temporal_engine import TemporalEngine
from studio.temporal.wire import workflow_id
from studio.temporal.worker import sink_worker
from tests.temporal.servers import DevServer
from tests.temporal.support import count, new_queue, until
from tests.temporal.worker_process import WorkerProcess

USERS = 40
MATCHED = "SELECT user FROM history WHERE kind = ?"


async def seconds_after_a_kill(
    server: DevServer, folder: Path, users: int
) -> tuple[list[float], list[float]]:
    """Of each user, from the kill on; the quickest first.

    Returns:
        To where the turn is durable by which the user goes on, and to where the store has it.
    """
    queue, store = new_queue(), folder / "sink.db"
    settings = TemporalSettings(server.address, queue=queue)
    engine = TemporalEngine(None, server.address, queue=queue, store=store)
    client = await engine.client()
    names = [f"{queue}-{n}" for n in range(users)]
    doomed = WorkerProcess(server.address, queue, folder)
    other = None
    try:
        async with sink_worker(client, settings, [store], {}, "normal"):
            await engine.send_many([incoming("go", name, {"crm": name}) for name in names])
            await until(lambda: count(store, "wait.opened") == users)
            other = WorkerProcess(server.address, queue, folder)
            await until(lambda: other.is_ready)
            doomed.kill()
            killed, killed_at = time.monotonic(), wall_ms()
            sending = asyncio.create_task(
                engine.send_many([incoming("next", name, {"n": 1}) for name in names])
            )
            went_on: dict[int, float] = {}
            con = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
            while len(went_on) < users:
                for (user,) in con.execute(MATCHED, (int(Kind.WAIT_MATCHED),)).fetchall():
                    went_on.setdefault(user, time.monotonic() - killed)
                await asyncio.sleep(0.02)
            con.close()
            await sending
            turns = [await _turn_after(client, name, killed_at) for name in names]
    finally:
        for each in (doomed, other):
            if each is not None:
                each.stop()
    return sorted(turns), sorted(went_on.values())


async def _turn_after(client: Client, user: str, at: int) -> float:
    """Seconds from a moment to the user's first turn behind it."""
    history = await client.get_workflow_handle(workflow_id(user)).fetch_history()
    moments = (
        event.event_time.ToMilliseconds()
        for event in history.events
        if event.HasField("marker_recorded_event_attributes")
    )
    return (next(moment for moment in moments if moment > at) - at) / 1000


def main() -> None:
    """Measure, and print."""
    users = int(sys.argv[1]) if len(sys.argv) > 1 else USERS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ |= {"LIFE_LOG": str(folder / "life.log"), "LIFE_STEP": "0"}
        server = DevServer(folder)
        server.start()
        try:
            for turn in range(3):
                (load, *_) = os.getloadavg()
                own = folder / str(turn)
                own.mkdir()
                both = asyncio.run(seconds_after_a_kill(server, own, users))
                for what, took in zip(("go on", "in the store"), both, strict=True):
                    middle = statistics.median(took)
                    told = f"first {took[0]:.1f} s, half {middle:.1f} s, all {users} {took[-1]:.1f} s"
                    sys.stdout.write(f"{what:<12}  {told}; load {load:.1f}\n")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
