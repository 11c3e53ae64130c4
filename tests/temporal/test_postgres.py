"""A worker that keeps all histories in PostgreSQL, too, on real servers of both: also when it is killed."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("temporalio", reason="the extra is not installed: pip install 'journey-studio[temporal]'")
pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")

from studio.temporal.temporal_engine import TemporalEngine
from tests.store.postgres_server import ask, cluster, programs
from tests.temporal.servers import DevServer
from tests.temporal.support import count, entries, new_queue, until
from tests.temporal.worker_process import WorkerProcess

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(programs() is None, reason="Debian's postgresql is not installed"),
]


async def test_histories_are_in_a_store_and_in_a_database(server: DevServer, tmp_path: Path) -> None:
    queue, store = new_queue(), tmp_path / "sink.db"
    engine = TemporalEngine(None, server.address, queue=queue, store=store)
    users = [f"{queue}-{n}" for n in range(4)]

    def rows(url: str, kind: str) -> int:
        (found,) = ask(url, "SELECT count(*) FROM history WHERE kind = %s", kind)
        return int(found[0])

    with cluster() as url:

        def started() -> WorkerProcess:
            step = {"LIFE_STEP": "0"}
            return WorkerProcess(server.address, queue, tmp_path, step, sink=store, database=url)

        worker = started()
        try:
            await until(lambda: worker.is_ready)
            for user in users:
                await engine.ingest("go", user=user, data={"crm": f"{queue}-crm"})
            await until(lambda: rows(url, "wait.opened") >= 1)
            worker.kill()
            for user in users:
                await engine.ingest("next", user=user, data={"n": 1})
            worker = started()
            await until(lambda: rows(url, "journey.completed") == len(users))
            await until(lambda: count(store, "finished") == len(users))
            await until(lambda: rows(url, "event") == 4 * len(users))
        finally:
            assert worker.stop() == 0, worker.log.read_text()
        found = entries(store)
        for user in users:
            own = [e["kind"] for e in found if user in (e["user"], (e["journey"] or "").partition("/")[2])]
            there = ask(url, "SELECT kind FROM history WHERE user_name = %s ORDER BY seq", user)
            assert [kind for (kind,) in there] == own, user
        assert ask(url, "SELECT status, count(*) FROM journeys GROUP BY 1") == [("completed", len(users))]
        assert ask(url, "SELECT count(*) FROM waits") == [(0,)]
        assert {workflow for (workflow,) in ask(url, "SELECT workflow FROM codes")} == {"life", "flood"}
        assert ask(url, "SELECT count(*) FROM refused_turns") == [(0,)]
