"""Code that ends the worker's process: the journey that does so fails, and everybody else goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

pytest.importorskip("temporalio", reason="the extra is not installed: pip install 'journey-studio[temporal]'")

from studio.store.rebuild import compare
from studio.temporal.naming import PROCESS, Blame, killers
from studio.temporal.temporal_engine import TemporalEngine
from tests.temporal.servers import DevServer
from tests.temporal.support import count, entries, new_queue, until
from tests.temporal.worker_process import WorkerProcess

SOURCE = """
import os
from studio import Journey, workflow

@workflow(trigger="go")
async def waits(journey: Journey):
    await journey.wait_for("next")
    return "went on"

@workflow(trigger="go")
async def kills(journey: Journey):
    await journey.wait_for("next")
    os._exit(9)

@workflow(trigger="next")
async def counts(journey: Journey):
    return len(journey.events("next"))
"""


def test_a_journey_is_to_blame_that_was_named_last_as_often_as_it_may_be() -> None:
    assert killers([]) == {}
    assert killers([4, 4]) == {}
    assert killers([4, None, 5, 4]) == {}
    (failed,) = killers([4, None, 4, 4]).values()
    assert failed.type == "Killed"
    assert failed.message.startswith("killed the process: 3 times in a row")


async def test_nobody_is_blamed_before_the_others_have_been_silent() -> None:
    blame = Blame(silent=0.3)
    named: dict[str, int | None] = {"a": 4, "b": 4}
    assert await blame.of(lambda: named) == {}
    named["c"] = 4
    waiting = asyncio.ensure_future(blame.of(lambda: named))
    await asyncio.sleep(0.15)
    assert not waiting.done()
    # Another death: it is not known yet whether it is one.
    named["d"] = 4
    await asyncio.sleep(0.2)
    assert not waiting.done()
    assert list(await waiting) == [4]
    # What has been silent for long is not waited for again.
    assert list(await asyncio.wait_for(blame.of(lambda: named), 0.1)) == [4]


async def test_who_says_that_it_came_back_was_only_slow() -> None:
    blame = Blame(silent=30)
    named: dict[str, int | None] = {"a": 4, "b": 4, "c": 4}
    waiting = asyncio.ensure_future(blame.of(lambda: named))
    await asyncio.sleep(0.15)
    named["b"] = None
    assert await asyncio.wait_for(waiting, 5) == {}


async def test_the_own_process_lives() -> None:
    named = {f"{PROCESS}1": 4, f"{PROCESS}2": 4, "a": 4, "b": 4}
    assert await asyncio.wait_for(Blame(silent=30).of(lambda: named), 5) == {}


@pytest.mark.long
async def test_a_journey_that_ends_the_process_fails_and_all_else_goes_on(
    server: DevServer, tmp_path: Path
) -> None:
    workflows, store, queue = tmp_path / "workflows", tmp_path / "sink.db", new_queue()
    workflows.mkdir()
    (workflows / "kills.py").write_text(SOURCE)
    engine = TemporalEngine(None, server.address, queue=queue, store=store)

    def started() -> WorkerProcess:
        return WorkerProcess(server.address, queue, tmp_path, sink=store, workflows=workflows)

    ada, deaths = queue, 0
    worker = started()

    def has_failed() -> bool:
        """Start what has died, as a supervisor does."""
        nonlocal worker, deaths
        if worker.process.poll() is not None:
            assert worker.process.returncode == 9, worker.log.read_text()
            deaths += 1
            worker = started()
        return count(store, "journey.failed") == 1

    try:
        await engine.ingest("go", user=ada)
        await until(lambda: count(store, "wait.opened") == 2)
        await engine.ingest("next", user=ada)
        await until(has_failed, 240)
        await engine.ingest("next", user=ada)
        await until(lambda: count(store, "journey.completed") == 2)
        await until(lambda: count(store, "event") == 3)
        assert worker.process.poll() is None
    finally:
        worker.stop()
    # More than one attempt may not have heard of another before it, and names nothing.
    assert deaths in (4, 5)
    found = entries(store)
    (failed,) = [e for e in found if e["kind"] == "journey.failed"]
    assert failed["journey"] == f"kills/{ada}"
    assert failed["data"]["type"] == "Killed"
    assert "Put what may do that into await journey.step" in failed["data"]["message"]
    assert len([e for e in found if e["kind"] == "event"]) == 3
    assert compare(store) == []
