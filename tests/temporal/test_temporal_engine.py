"""The client protocol on Temporal: sent and done there, looked at in the store; the studio opens on it."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("temporalio", reason="the extra is not installed: pip install 'journey-studio[temporal]'")

from studio.errors import EventTooLarge, JourneyError, NotOffered
from studio.language.incoming import incoming
from studio.source.loader import load
from studio.temporal import TemporalEngine
from studio.temporal.background import BackgroundSink
from studio.temporal.settings import TemporalSettings
from studio.temporal.worker import user_worker
from studio.tui.app import StudioApp
from tests.temporal.servers import DevServer
from tests.temporal.support import count, entries, new_queue, until
from tests.temporal.worker_process import WORKFLOWS


async def test_it_has_the_protocol_of_the_other_engines(
    server: DevServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIFE_LOG", str(tmp_path / "life.log"))
    monkeypatch.setenv("LIFE_STEP", "0")
    ada = queue = new_queue()
    settings = TemporalSettings(server.address, queue=queue)
    store = tmp_path / "sink.db"
    loaded = load(WORKFLOWS)
    with BackgroundSink(settings, store, loaded, "normal"):
        engine = TemporalEngine(WORKFLOWS, server.address, queue=queue, store=store)
        async with engine, user_worker(await engine.client(), settings, loaded.workflows):
            assert await engine.send(incoming("go", ada, {"crm": f"{ada}-crm"})) is None
            await until(lambda: count(store, "wait.opened") == 1)
            with engine.look() as views:
                (wait,) = views.waits(user=ada)
            # By the store's own number: the worker knows it by the user's.
            await engine.ingest("other", user=ada, data={"n": 1})
            await engine.act("time_out", wait.seq)
            await until(lambda: count(store, "journey.completed") == 1)
            with pytest.raises(JourneyError, match="there is no such wait"):
                await engine.act("time_out", 10_000)
            with pytest.raises(JourneyError, match="is completed"):
                await engine.act("cancel", f"life/{ada}")
            with pytest.raises(NotOffered, match="Temporal carries its journeys on"):
                await engine.time.pause()
            with pytest.raises(EventTooLarge, match="Temporal takes 262,144"):
                await engine.send(incoming("go", ada, {"text": "a" * 300_000}))
            assert not engine.capabilities.has("rewind")
            assert engine.capabilities.has("send")
            app = StudioApp(str(WORKFLOWS), str(store), client=engine)
            async with app.run_test(size=(100, 30)) as pilot:
                await pilot.pause()
                assert app.session.client is engine


async def test_what_check_event_knows_answers_a_wait(
    server: DevServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIFE_LOG", str(tmp_path / "life.log"))
    monkeypatch.setenv("LIFE_STEP", "0")
    ada = queue = new_queue()
    settings = TemporalSettings(server.address, queue=queue)
    store = tmp_path / "sink.db"
    loaded = load(WORKFLOWS)
    asked: list[tuple[str, tuple[str, ...]]] = []

    def check_event(user: str, events: tuple[str, ...], match: object) -> list[dict[str, object]]:
        asked.append((user, events))
        if len(asked) == 1:
            raise ConnectionError("not just now")
        return [{"name": "next", "data": {"n": 5}, "id": "theirs"}, {"name": "another", "data": {}}]

    engine = TemporalEngine(None, server.address, queue=queue, store=store)
    with BackgroundSink(settings, store, loaded, "normal"):
        async with user_worker(await engine.client(), settings, loaded.workflows, check_event=check_event):
            await engine.ingest("go", user=ada, data={"crm": f"{ada}-crm"})
            await until(lambda: count(store, "journey.completed") == 1)
    found = entries(store)
    assert asked == [(ada, ("next",))] * 2
    assert [e["data"] for e in found if e["name"] == "next" and e["kind"] == "event"] == [{"n": 5}]
    assert [e["data"]["result"] for e in found if e["kind"] == "journey.completed"] == [{"n": 5}]
