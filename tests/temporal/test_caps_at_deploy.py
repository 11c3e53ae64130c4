"""Two workers at once during a deploy, with old and new caps: what counts is the user's own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

pytest.importorskip("temporalio", reason="the extra is not installed: pip install 'journey-studio[temporal]'")

from studio.source.loader import load
from studio.store.rebuild import compare
from studio.temporal.settings import TemporalSettings
from studio.temporal.temporal_engine import TemporalEngine
from studio.temporal.worker import sink_worker, user_worker
from tests.temporal.servers import DevServer
from tests.temporal.support import count, entries, new_queue, until
from tests.temporal.test_deploy import deploy

OLD = """from studio import Journey, channel, workflow

email = channel("email", cap=["2 per 24h"])


def send(n):
    return n


@workflow(trigger="mail", key="n")
async def mail(journey: Journey):
    sent = await journey.message(email, "mail", send, journey.trigger["n"])
    return {"sent": bool(sent), "reason": sent.reason}
"""
NEW = OLD.replace("2 per 24h", "1 per 24h")


def test_caps_are_those_that_are_deployed_whichever_worker_turns_the_user(
    server: DevServer, tmp_path: Path
) -> None:
    queue, store = new_queue(), tmp_path / "sink.db"
    folders = {name: tmp_path / name for name in ("old", "new")}
    for (name, folder), text in zip(folders.items(), (OLD, NEW), strict=True):
        folder.mkdir()
        (folder / f"{name}_mail.py").write_text(text)
    settings = TemporalSettings(server.address, queue=queue)
    workflows = {name: load(folder).workflows for name, folder in folders.items()}
    users = {name: f"{queue}-{name}" for name in ("ada", "bob", "eve")}

    async def play() -> None:
        engine = TemporalEngine(None, server.address, queue=queue, store=store)
        client = await engine.client()
        # Temporal's own library lets one connection have one worker of a queue.
        other = await TemporalEngine(None, server.address, queue=queue, store=store).client()
        ended = 0

        async def mail(name: str, n: int) -> None:
            nonlocal ended
            await engine.ingest("mail", user=users[name], data={"n": f"{n}"})
            ended += 1
            await until(lambda: count(store, "journey.completed") == ended)

        async with (
            sink_worker(client, settings, [store], {}, "normal"),
            user_worker(client, settings, workflows["old"]),
            user_worker(other, settings, workflows["new"]),
        ):
            # What is deployed first, and by whom, is the old.
            await asyncio.to_thread(deploy, server, queue, folders["old"], "--now")
            for n in (1, 2, 3):
                await mail("ada", n)
            await mail("bob", 1)
            await asyncio.to_thread(deploy, server, queue, folders["new"], "--now")
            # Both workers still run. What went out under the old cap counts under the new.
            await mail("bob", 2)
            await mail("ada", 4)
            for n in (1, 2):
                await mail("eve", n)

    asyncio.run(play())
    names = {user: name for name, user in users.items()}
    found = {
        (names[str(e["user"])], str(e["journey"]).rpartition("/")[2]): e["data"]["result"]
        for e in entries(store)
        if e["kind"] == "journey.completed"
    }
    sent = {key: result["sent"] for key, result in found.items()}
    assert sent == {
        ("ada", "1"): True,
        ("ada", "2"): True,
        ("ada", "3"): False,
        ("ada", "4"): False,
        ("bob", "1"): True,
        ("bob", "2"): False,
        ("eve", "1"): True,
        ("eve", "2"): False,
    }
    assert "2 per 24h" in found["ada", "3"]["reason"]
    assert "1 per 24h" in found["bob", "2"]["reason"]
    assert count(store, "message.sent") == 4
    assert compare(store) == []
