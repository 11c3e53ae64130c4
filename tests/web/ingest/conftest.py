"""A server on a port of its own, beside an engine."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any, TypedDict
from urllib.parse import urlsplit

import pytest

from studio import Engine, Journey, event, workflow
from studio.engine.local import LocalEngine
from studio.store.views import Views
from studio.web.ingest.server import IngestServer


@event("typed")
class Typed(TypedDict):
    amount: int


@workflow(trigger="signup")
async def welcome(journey: Journey) -> dict[str, bool]:
    return {"seen": bool(await journey.wait_for("activated"))}


class Client:
    """Sends requests to the server, each on a connection of its own."""

    def __init__(self, engine: Engine, port: int) -> None:
        self.engine = engine
        self.port = port

    def post(
        self, path: str, body: Any, headers: Mapping[str, str] | None = None, method: str = "POST"
    ) -> tuple[int, Any]:
        """The status and the JSON of the answer."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send(path, sent, {"Content-Type": "application/json", **(headers or {})}, method)[::2]

    def send(
        self, path: str, body: bytes, headers: Mapping[str, str | bytes], method: str = "POST"
    ) -> tuple[int, http.client.HTTPMessage, Any]:
        """Just these headers and bytes; gives status, headers and JSON of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        is_json = answer.getheader("content-type") == "application/json"
        return answer.status, answer.headers, json.loads(text) if is_json else text.decode()

    def stored(self) -> list[tuple[str | None, str | None]]:
        """Name and user of every event in the store."""
        with Views(self.engine.path) as views:
            return [(e.name, e.user) for e in views.entries(limit=10_000) if e.kind == "event"]


@pytest.fixture
def client() -> Iterator[Client]:
    with Engine(welcome, durability="normal") as engine:
        taker = LocalEngine(engine)
        server = IngestServer(lambda: taker)
        place = server.start("127.0.0.1", 0)
        try:
            yield Client(engine, urlsplit(place).port or 0)
        finally:
            server.stop()
    assert [thread.name for thread in threading.enumerate() if thread.name == "http"] == []
