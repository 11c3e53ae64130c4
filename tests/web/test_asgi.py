"""The paths for events inside of an application of one's own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Message

from studio import Engine, Journey, StudioError, workflow
from studio.store.views import Views
from studio.web.asgi import ingest_app


@workflow(trigger="signup")
async def welcome(journey: Journey) -> dict[str, bool]:
    return {"seen": bool(await journey.wait_for("activated"))}


async def ask(
    app: Any, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """Ask an application as a server does; gives the status and the JSON, or the text, of the answer."""
    sent: list[Message] = []
    given = [(b"host", b"shop.example.com"), *((k.encode(), v.encode()) for k, v in (headers or {}).items())]

    async def receive() -> Message:
        return {"type": "http.request", "body": b"" if body is None else json.dumps(body).encode()}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "method": "GET" if body is None else "POST",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": given,
    }
    await app(scope, receive, send)
    text = b"".join(message.get("body", b"") for message in sent[1:]).decode()
    return sent[0]["status"], json.loads(text) if text.startswith("{") else text


async def test_it_takes_events_and_tells_how_the_engine_is_where_it_is_mounted() -> None:
    engine = Engine(welcome)
    app = Starlette(routes=[Mount("/journeys", ingest_app(engine, origins=["https://shop.example.com"]))])
    status, answer = await ask(app, "/journeys/healthz")
    assert (status, answer["error"]) == (503, "The engine is stopped: the engine has stopped")
    assert (await ask(app, "/journeys/events", {"event": "signup", "user": "ada"}))[0] == 503
    async with engine:
        status, answer = await ask(app, "/journeys/events", {"event": "signup", "user": "ada", "id": "e1"})
        assert (status, answer["ids"]) == (202, ["e1"])
        assert (await ask(app, "/journeys/e/key/", {"name": "activated", "user": "ada"}))[0] == 200
        with Views(engine.path) as views:
            row = views.journey("welcome/ada")
        assert row is not None
        assert row.status == "completed"
        assert await ask(app, "/journeys/healthz") == (
            200,
            {"state": "running", "problems": 0, "status": 200},
        )
        assert "journey_studio_up 1.0" in (await ask(app, "/journeys/metrics"))[1]
        # Who may send is the application's to say, but for pages of other sites.
        event = {"event": "signup", "user": "bob"}
        assert (await ask(app, "/journeys/events", event, {"origin": "https://evil.example"}))[0] == 403
        assert (await ask(app, "/journeys/events", event, {"origin": "https://shop.example.com"}))[0] == 202
        assert (await ask(app, "/events", event))[0] == 404
    assert (await ask(app, "/journeys/healthz"))[0] == 503


def test_what_cannot_be_mounted_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StudioError, match="'shop' is not an origin"):
        ingest_app(Engine(welcome), origins=["shop"])
    monkeypatch.setattr("studio.source.extras.find_spec", lambda name: None)
    with pytest.raises(StudioError, match=r"pip install 'journey-studio\[http\]'"):
        ingest_app(Engine(welcome))
