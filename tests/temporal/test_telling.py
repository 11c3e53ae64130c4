"""`set_event` on Temporal: every event is told once it is durable, in order, also after a kill."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("temporalio", reason="the extra is not installed: pip install 'journey-studio[temporal]'")

from studio import Journey, workflow
from studio.errors import StudioError
from studio.kernel.turn import turn_from
from studio.language.event import Event
from studio.language.incoming import incoming
from studio.store.rebuild import compare
from studio.temporal.code import Code
from studio.temporal.driving import Drives
from studio.temporal.erasing import erase
from studio.temporal.requests import TurnRequest
from studio.temporal.settings import TemporalSettings
from studio.temporal.telling import SetEventHook, TellingSink, is_told_from_here, set_event_hook
from studio.temporal.temporal_engine import TemporalEngine
from studio.temporal.turns import result_from
from studio.temporal.wire import event_item
from studio.temporal.worker import sink_worker
from tests.temporal.servers import DevServer
from tests.temporal.support import count, entries, new_queue, until
from tests.temporal.worker_process import WorkerProcess

START = 1_767_225_600_000


@workflow(trigger="go")
async def waits(journey: Journey) -> None:
    await journey.wait_for("next")


@pytest.fixture
async def drives() -> AsyncIterator[Drives]:
    async def refresh() -> None:
        raise AssertionError("nothing was deployed")

    drives = Drives(Code({"waits": waits}, "salt"), refresh)
    yield drives
    drives.close()


class Life:
    """Turns of one user, one after the other."""

    def __init__(self, drives: Drives, user: str) -> None:
        self._drives, self.user = drives, user
        self._log: tuple[bytes, ...] = ()

    async def turn(self, *names: str, id: str | None = None) -> Any:
        """The turn that such events make."""
        now = START + len(self._log)
        items = tuple(event_item(incoming(name, self.user, id=id), now) for name in names)
        data = await self._drives.turn(
            self.user, TurnRequest(self.user, b"", self._log, items, now, frozenset())
        )
        self._log += (data,)
        return turn_from(result_from(data).turn)


async def test_a_hook_that_fails_is_told_again_and_a_new_holder_goes_on(
    drives: Drives, tmp_path: Path
) -> None:
    told: list[Event] = []
    fails = [ConnectionError("not just now")]

    def set_event(event: Event) -> None:
        if event.name == "next" and fails:
            raise fails.pop()
        told.append(event)

    ada, bob = Life(drives, "ada"), Life(drives, "bob")
    path = tmp_path / "sink.db"

    def opened() -> TellingSink:
        return TellingSink(path, "normal", "Temporal", SetEventHook(set_event), "salt")

    sink = opened()
    sink.take([await ada.turn("go"), await bob.turn("go", id="bobs")], START)
    sink.take([await ada.turn("next", "other")], START)
    await until(lambda: len(told) == 4)
    sink.close()
    assert [(e.user, e.name) for e in told] == [
        *(("ada", "go"), ("bob", "go")),
        *(("ada", "next"), ("ada", "other")),
    ]
    assert fails == []
    # Without an id of the sender's they have one that says from where they were told.
    assert [is_told_from_here("salt", e.id) for e in told] == [True, False, True, True]
    assert told[1].id == "bobs"
    assert not is_told_from_here("other", told[0].id)
    sink = opened()
    sink.take([await bob.turn("next")], START)
    sink.erase("ada")
    sink.take([await bob.turn("more")], START)
    sink.close()
    assert [(e.user, e.name) for e in told[4:]] == [("bob", "next"), ("bob", "more")]
    assert len({e.id for e in told}) == 6
    assert compare(path) == []


async def test_several_at_once(drives: Drives, tmp_path: Path) -> None:
    told: list[list[str]] = []

    async def set_events(events: list[Event]) -> None:
        told.append([event.name for event in events])

    sink = TellingSink(
        tmp_path / "sink.db", "normal", "Temporal", SetEventHook(set_events, is_many=True), "salt"
    )
    sink.take([await Life(drives, "ada").turn("go", "next", "other")], START)
    sink.close()
    assert told == [["go", "next", "other"]]


async def test_what_cannot_be_told_is_refused_before_anything_is_taken() -> None:
    with pytest.raises(StudioError, match="set_events stands for set_event"):
        set_event_hook(print, print)
    with pytest.raises(StudioError, match="set_event takes"):
        set_event_hook(lambda: None, None)
    places = ["postgresql://nobody@127.0.0.1:1/none"]
    with pytest.raises(StudioError, match="told from a store in a file"):
        async with sink_worker(None, TemporalSettings(), places, {}, set_event=print):  # type: ignore[arg-type]
            raise AssertionError("it was opened")


def objects(bucket: Path, user: str, name: str) -> list[dict[str, Any]]:
    """What a bucket in a folder has of a user's events of a name."""
    folder = bucket / "users" / user / "events" / name
    return [json.loads(file.read_bytes()) for file in folder.glob("*.json")]


async def test_a_worker_keeps_events_in_the_projects_object_store_and_asks_there(
    server: DevServer, tmp_path: Path
) -> None:
    pytest.importorskip("obstore", reason="the extra `objects` is not installed")
    bucket, store, queue = tmp_path / "bucket", tmp_path / "sink.db", new_queue()
    table = f"[tool.journey-studio.objects]\nurl = {json.dumps(f'file://{bucket}')}\n"
    (tmp_path / "pyproject.toml").write_text(table)
    engine = TemporalEngine(None, server.address, queue=queue, store=store)
    ada, crm, bob = f"{queue}-ada", f"{queue}-crm", f"{queue}-bob"

    def started() -> WorkerProcess:
        return WorkerProcess(server.address, queue, tmp_path, {"LIFE_STEP": "0"}, sink=store, cwd=tmp_path)

    worker = started()
    try:
        await engine.ingest("go", user=ada, data={"crm": crm})
        await until(lambda: len(objects(bucket, ada, "go")) == 1)
        await until(lambda: count(store, "wait.opened") == 1)
        worker.kill()
        await engine.ingest("next", user=ada, data={"n": 1}, id="one")
        worker = started()
        await until(lambda: len(objects(bucket, crm, "finished")) == 1)
        await until(lambda: count(store, "journey.completed") == 1)
        # Another program has kept what answers a wait.
        kept = bucket / "users" / bob / "events" / "next" / "theirs.json"
        kept.parent.mkdir(parents=True)
        kept.write_text(json.dumps({"user": bob, "name": "next", "id": "theirs", "data": {"n": 7}}))
        await engine.ingest("go", user=bob, data={"crm": crm})
        await until(lambda: count(store, "journey.completed") == 2)
        await until(lambda: len(objects(bucket, crm, "finished")) == 2)
        assert [each["id"] for each in objects(bucket, ada, "next")] == ["one"]
        results = [e["data"]["result"] for e in entries(store) if e["kind"] == "journey.completed"]
        assert results == [{"n": 1}, {"n": 7}]
        # Each event of the history is one object, and none came back.
        found = [e for e in entries(store) if e["kind"] == "event"]
        assert len(found) == len(list(bucket.glob("users/*/events/*/*.json"))) == 6
        assert compare(store) == []
        # Who is erased is forgotten there, too, by whoever keeps events.
        await erase(await engine.client(), ada)
        await until(lambda: not list((bucket / "users" / ada).rglob("*.json")))
        assert len(objects(bucket, bob, "go")) == 1
    finally:
        worker.stop()
