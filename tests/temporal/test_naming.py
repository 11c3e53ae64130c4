"""Code that ends the worker's process: the journey that does so fails, and everybody else goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("temporalio", reason="the extra is not installed: pip install 'journey-studio[temporal]'")

from studio.store.rebuild import compare
from studio.temporal.naming import killers
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
    # The first attempt at a turn names nothing.
    assert list(killers([4, 4])) == [4]
    assert killers([4, None, 5]) == {}
    (failed,) = killers([4, None, 4]).values()
    assert failed.type == "Killed"
    assert failed.message.startswith("killed the process: 3 times in a row")


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
        await until(has_failed)
        await engine.ingest("next", user=ada)
        await until(lambda: count(store, "journey.completed") == 2)
        await until(lambda: count(store, "event") == 3)
        assert worker.process.poll() is None
    finally:
        worker.stop()
    # More than one attempt may not have heard of another before it, and names nothing.
    assert deaths in (3, 4)
    found = entries(store)
    (failed,) = [e for e in found if e["kind"] == "journey.failed"]
    assert failed["journey"] == f"kills/{ada}"
    assert failed["data"]["type"] == "Killed"
    assert "Put what may do that into await journey.step" in failed["data"]["message"]
    assert len([e for e in found if e["kind"] == "event"]) == 3
    assert compare(store) == []
