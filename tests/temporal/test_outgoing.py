"""What goes out of a user's workflow to other users: it says how long the chain is in which it comes."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("temporalio", reason="the extra is not installed: pip install 'journey-studio[temporal]'")

from studio import Journey, workflow
from studio.kernel import decision_applier
from studio.temporal.settings import TemporalSettings
from studio.temporal.temporal_engine import TemporalEngine
from studio.temporal.worker import sink_worker, user_worker
from tests.temporal.servers import DevServer
from tests.temporal.support import count, entries, new_queue, until


@workflow(trigger="begin")
async def answers(journey: Journey) -> None:
    other = journey.trigger["other"]
    while True:
        await journey.wait_for("heard", past=False)
        await journey.ingest("heard", user=other)


async def test_users_who_answer_one_another_without_end_fail(
    server: DevServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decision_applier, "MAX_CAUSATION_DEPTH", 6)
    queue, store = new_queue(), tmp_path / "sink.db"
    settings = TemporalSettings(server.address, queue=queue)
    engine = TemporalEngine(None, server.address, queue=queue, store=store)
    client = await engine.client()
    ada, bob = f"{queue}-ada", f"{queue}-bob"
    async with (
        sink_worker(client, settings, [store], {}, "normal"),
        user_worker(client, settings, {"answers": answers}),
    ):
        await engine.ingest("begin", user=ada, data={"other": bob})
        await engine.ingest("begin", user=bob, data={"other": ada})
        await until(lambda: count(store, "wait.opened") == 2)
        await engine.ingest("heard", user=ada)
        await until(lambda: count(store, "journey.failed") == 1)
    (failed,) = [e for e in entries(store) if e["kind"] == "journey.failed"]
    assert "runaway: 6 events were sent one after another without time moving" in failed["data"]["message"]
