"""The studio takes events by HTTP for the engine that it runs."""

from __future__ import annotations

import asyncio
import http.client
import json
from pathlib import Path
from urllib.parse import urlsplit

from studio import Engine
from studio.tui.app import StudioApp, ingesting
from tests.tui.test_studio import until

WORKFLOW = """
from studio import Journey, workflow


@workflow(trigger="signup")
async def welcome(journey: Journey):
    return {"ok": True}
"""


def post(place: str, name: str) -> tuple[int, dict[str, object]]:
    """Send an event for ada; gives the status and the answer."""
    address = urlsplit(place)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    try:
        connection.request("POST", "/e/key", json.dumps({"name": name, "user": "ada", "id": name}))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def said(app: StudioApp) -> list[str]:
    """What its notifications say."""
    return [each.message for each in app._notifications]


async def test_events_come_by_http(tmp_path: Path) -> None:
    (tmp_path / "welcome.py").write_text(WORKFLOW)
    app = StudioApp(str(tmp_path / "welcome.py"), str(tmp_path / "s.db"))
    with ingesting(app, ("127.0.0.1", 0)):
        place = app.ingest_address
        assert place is not None
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, "RUNNING")
            assert said(app) == [f"Events are accepted at {place}"]
            assert await asyncio.to_thread(post, place, "signup") == (200, {"ids": ["signup"], "status": 200})
            await until(pilot, 'welcome completed  {"ok": true}')


async def test_a_viewer_says_that_it_takes_none(tmp_path: Path) -> None:
    with Engine(store=tmp_path / "s.db"):
        app = StudioApp(str(tmp_path), str(tmp_path / "s.db"))
        with ingesting(app, ("127.0.0.1", 0)):
            place = app.ingest_address
            assert place is not None
            async with app.run_test(size=(120, 36)) as pilot:
                await until(pilot, "VIEWER of pid")
                assert said(app) == [f"No engine runs in this process: no events are accepted at {place}"]
                status, answer = await asyncio.to_thread(post, place, "signup")
                assert (status, answer["error"]) == (503, "No engine runs here.")
