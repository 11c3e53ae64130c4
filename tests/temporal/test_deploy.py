"""Code that is deployed under waiting users: what workers have in their files does not count before."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path

import pytest

pytest.importorskip("temporalio", reason="the extra is not installed: pip install 'journey-studio[temporal]'")

import asyncio

from studio.cli import call
from studio.cli.output import Exit
from studio.source.loader import load
from studio.store.rebuild import compare
from studio.store.views import Views
from studio.temporal.settings import TemporalSettings
from studio.temporal.temporal_engine import TemporalEngine
from studio.temporal.worker import sink_worker, user_worker
from tests.temporal.servers import DevServer
from tests.temporal.support import count, entries, new_queue, until

OLD = """from studio import Journey, workflow


def mark(version):
    return version


@workflow(trigger="go")
async def shop(journey: Journey):
    version = await journey.step("mark", mark, "old")
    paid = await journey.wait_for("paid", timeout="1h")
    return {"paid": bool(paid), "by": version}
"""
NEW = (
    OLD.replace('"old"', '"new"').replace('timeout="1h"', 'timeout="10d"')
    + """

@workflow(trigger="extra")
async def more(journey: Journey):
    return {"more": await journey.step("mark", mark, "added")}
"""
)


def deploy(server: DevServer, queue: str, folder: Path, *more: str) -> dict[str, object]:
    """The command, as people call it."""
    said = io.StringIO()
    options = ["--temporal", server.address, "--queue", queue, "--workflows", str(folder)]
    with redirect_stdout(said):
        assert call(["deploy", *options, "--json", *more]) == Exit.DONE
    told: dict[str, object] = json.loads(said.getvalue())
    return told


def test_waiting_users_go_over_at_a_deploy(server: DevServer, tmp_path: Path) -> None:
    queue, store = new_queue(), tmp_path / "sink.db"
    folders = {name: tmp_path / name for name in ("old", "new")}
    for (name, folder), text in zip(folders.items(), (OLD, NEW), strict=True):
        folder.mkdir()
        (folder / f"{name}_shop.py").write_text(text)
    settings = TemporalSettings(server.address, queue=queue)
    workflows = {name: load(folder).workflows for name, folder in folders.items()}
    ada, bob, eve = (f"{queue}-{name}" for name in ("ada", "bob", "eve"))
    told: list[str] = []

    async def play() -> None:
        engine = TemporalEngine(None, server.address, queue=queue, store=store)
        client = await engine.client()
        async with sink_worker(client, settings, [store], {}, "normal"):
            async with user_worker(client, settings, workflows["old"]):
                for user in (ada, bob):
                    await engine.ingest("go", user=user)
                await until(lambda: count(store, "wait.opened") == 2)
            # One with other files alone changes nothing: it goes by what was deployed first.
            async with user_worker(client, settings, workflows["new"], told=told.append):
                await engine.ingest("go", user=eve)
                await until(lambda: count(store, "wait.opened") == 3)
                assert count(store, "journey.moved") == 0
                done = await asyncio.to_thread(deploy, server, queue, folders["new"], "--now")
                assert (done["deploy"], done["changed"]) == (2, ["more", "shop"])
                await until(lambda: count(store, "journey.moved") == 3)
            async with user_worker(client, settings, workflows["old"], told=told.append):
                # A worker with older files makes what counts of its source.
                await engine.ingest("extra", user=ada)
                await engine.ingest("paid", user=bob)
                await until(lambda: count(store, "journey.completed") == 2)

    asyncio.run(play())
    assert told == [
        "not what is deployed: more, shop. journey-studio deploy lets it count.",
        "not what is deployed: shop. journey-studio deploy lets it count.",
    ]
    found = entries(store)
    results = {e["journey"]: e["data"]["result"] for e in found if e["kind"] == "journey.completed"}
    # What was recorded stays.
    assert results == {f"more/{ada}": {"more": "added"}, f"shop/{bob}": {"paid": True, "by": "old"}}
    with Views(store) as views:
        dues = {wait.user: wait.due_at for wait in views.waits()}
        made = {entry.kind: entry.code for entry in views.entries(user=bob, limit=100)}
    opened = next(e for e in found if e["kind"] == "wait.opened" and e["user"] == ada)
    assert opened["data"] == {"timeout": 3_600_000}
    assert set(dues) == {ada, eve}
    assert made["wait.opened"] == workflows["old"]["shop"].code
    assert made["journey.completed"] == workflows["new"]["shop"].code
    assert compare(store) == []
    assert deploy(server, queue, folders["new"])["changed"] == []
