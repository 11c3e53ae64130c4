"""The server on a port of its own: what it takes, and what hostile senders are told."""

from __future__ import annotations

import asyncio
import codecs
import http.client
import json
import socket
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any
from urllib.parse import urlsplit

import pytest

from studio import Event
from studio.engine.local import LocalEngine
from studio.engine.status import EngineStatus
from studio.errors import StudioError
from studio.store.views import Views
from studio.web.ingest.bodies import MOST_BYTES
from studio.web.ingest.server import IngestServer, address, listen
from tests.web.ingest.conftest import Client

pytestmark = pytest.mark.xdist_group("http")

INNGEST = {"name": "app/login", "user": {"external_id": "ada"}, "data": {"plan": "pro"}}
TRACK = {"type": "track", "event": "Login", "userId": "ada", "properties": {"plan": "pro"}}
CLOUD = {
    "specversion": "1.0",
    "type": "app/login",
    "source": "/shop",
    "id": "1",
    "subject": "ada",
    "data": {},
}
OWN = {"event": "app/login", "user": "ada", "data": {"plan": "pro"}}


# -- what is taken -------------------------------------------------------------------------------


def test_inngests_clients_get_the_answer_of_its_dev_server(client: Client) -> None:
    status, answer = client.post("/e/any-key", {**INNGEST, "id": "e1"})
    assert (status, answer) == (200, {"ids": ["e1"], "status": 200})
    status, answer = client.post("/e/any-key", [INNGEST, {**INNGEST, "name": "app/logout", "id": "e2"}])
    assert status == 200
    assert answer["ids"][1] == "e2"
    assert client.stored() == [("app/login", "ada"), ("app/login", "ada"), ("app/logout", "ada")]


def test_an_id_counts_once(client: Client) -> None:
    for _ in range(2):
        assert client.post("/e/k", {**INNGEST, "id": "e1"}) == (200, {"ids": ["e1"], "status": 200})
    assert client.stored() == [("app/login", "ada")]


def test_segments_calls_are_taken(client: Client) -> None:
    call = {name: value for name, value in TRACK.items() if name != "type"}
    person = {"userId": "ada", "traits": {"email": "ada@example.com"}}
    assert client.post("/v1/track", call) == (200, {"success": True})
    assert client.post("/v1/identify", person) == (200, {"success": True})
    assert client.post("/v1/batch", {"batch": [TRACK, {"type": "identify", **person}]})[0] == 200
    assert [name for name, _ in client.stored()] == ["Login", "identify", "Login", "identify"]


def test_our_own_shape_is_taken_and_wakes_journeys(client: Client) -> None:
    assert client.post("/events", [{**OWN, "event": "signup"}, {**OWN, "event": "activated"}])[0] == 202
    with Views(client.engine.path) as views:
        assert "journey.completed" in [e.kind for e in views.entries(limit=100)]


def test_the_trace_of_a_request_is_kept_beside_its_events(client: Client) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    headers = {"traceparent": parent}
    assert client.post("/e/k", INNGEST, headers)[0] == 200
    assert client.post("/v1/track", TRACK, headers)[0] == 200
    assert client.post("/events", [OWN, {**OWN, "traceparent": "their own"}], headers)[0] == 202
    assert client.post("/events", OWN, {"traceparent": "nonsense"})[0] == 202
    with Views(client.engine.path) as views:
        given = views.given_with([e.seq for e in views.entries(limit=100) if e.kind == "event"])
    kept = [each.get("extra", {}).get("traceparent") for _, each in sorted(given.items())]
    assert kept == [parent, parent, parent, "their own"]


# -- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body", "status", "why"),
    [
        ("/e/k", b"hello", 400, "The body is not valid JSON: Expecting value at line 1, column 1"),
        ("/e/k", b"", 400, "The body is not valid JSON"),
        ("/e/k", b"\xff\xfe", 400, "not UTF-8"),
        ("/e/k", b'{"name": "a", "user": "u", "data": {"x": NaN}}', 400, "it has NaN"),
        ("/e/k", b'{"name": "a", "user": "u", "data": {"x": 1e999}}', 400, "larger than any number"),
        ("/e/k", b"[" * 100_000, 400, "nested too deep"),
        (
            "/e/k",
            b'{"name":"a","user":"u","data":{"x":' + b"[" * 300 + b"]" * 300 + b"}}",
            400,
            "100 levels deep",
        ),
        ("/e/k", b'{"name":"a","user":"u","ts":' + b"[" * 900 + b"]" * 900 + b"}", 400, "body: "),
        ("/e/k", b'{"name":"a","user":"u","data":{"x":"\\ud800"}}', 400, "surrogate"),
        ("/e/k", b"7" * 5_000, 400, "4,300 digits"),
        ("/e/k", 7, 400, "body: it is a number, not an object"),
        ("/e/k", None, 400, "body: it is null, not an object"),
        ("/e/k", {"user": "u"}, 400, "body: the field name is missing"),
        ("/e/k", [INNGEST, {"name": "a"}], 400, "body[1]: the field user is missing"),
        ("/e/k", {"name": {}, "user": "u"}, 400, "the field name is an object and must be text"),
        ("/e/k", {"name": "a\n", "user": "u"}, 400, "control character"),
        ("/v1/track", {"userId": "u"}, 400, "the field event is missing"),
        ("/v1/track", [], 400, "The body is not an object"),
        ("/v1/identify", {"traits": {}}, 400, "the field userId is missing"),
        ("/v1/batch", {}, 400, "the field batch is missing"),
        (
            "/v1/batch",
            {"batch": [{**TRACK, "properties": []}]},
            400,
            "batch[0]: the field properties is a list",
        ),
        ("/v1/import", {}, 404, "There is no /v1/import"),
        ("/events", {}, 400, "body: the field event is missing"),
        ("/events", {**CLOUD, "subject": None}, 400, "the field subject is null and must be text"),
        ("/events", {**OWN, "data": []}, 400, "body: the data of"),
    ],
)
def test_a_hostile_body_is_refused_with_the_reason(
    client: Client, path: str, body: Any, status: int, why: str
) -> None:
    came, answer = client.post(path, body)
    assert came == status
    assert answer["status"] == status
    assert why in answer["error"]
    assert client.stored() == [], "of a request that is refused nothing is kept"


def test_what_is_too_large_is_413(client: Client) -> None:
    status, answer = client.post("/e/k", {**INNGEST, "data": {"x": "y" * (10 << 20)}})
    assert (status, answer["error"]) == (413, "The body is more than 8 MiB. Send fewer events at once.")
    status, answer = client.post("/e/k", [INNGEST, {**INNGEST, "data": {"x": "y" * (2 << 20)}}])
    assert status == 413
    assert "body[1]: the data of" in answer["error"]
    assert client.post("/e/k", b"", {"Content-Length": str(1 << 40)})[0] == 413
    assert client.stored() == []
    many = [{**INNGEST, "data": {"x": "y" * 900_000}}] * 8
    assert len(json.dumps(many)) < MOST_BYTES
    assert client.post("/e/k", many)[0] == 200


@pytest.mark.parametrize(("path", "body"), [("/e/k/", INNGEST), ("/v1/track/", TRACK), ("/events/", OWN)])
def test_a_slash_behind_a_path_and_a_mark_before_the_body_are_nothing(
    client: Client, path: str, body: Any
) -> None:
    status, _ = client.post(path, codecs.BOM_UTF8 + json.dumps(body).encode())
    assert status in (200, 202)
    assert len(client.stored()) == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS"])
def test_only_post_is_taken(client: Client, method: str) -> None:
    assert client.post("/e/k", INNGEST, method=method)[0] == 405
    assert client.post("/elsewhere", INNGEST, method=method)[0] == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Host": "evil.example:8288"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "[::1"},
    ],
)
@pytest.mark.parametrize("path", ["/e/k", "/v1/track", "/events"])
def test_a_page_of_another_site_cannot_send(client: Client, path: str, headers: Mapping[str, str]) -> None:
    status, answer = client.post(path, {**INNGEST, **TRACK, **OWN}, {**headers, "Content-Type": "text/plain"})
    assert status == 403
    assert answer["error"]
    assert client.stored() == []


def test_a_page_of_this_machine_and_port_may_send(client: Client) -> None:
    assert client.post("/e/k", INNGEST, {"Origin": f"http://localhost:{client.port}"})[0] == 200
    assert client.post("/e/k", INNGEST, {"Host": "localhost"})[0] == 200


def test_what_does_not_fit_its_type_is_refused_and_segments_calls_are_kept_aside(client: Client) -> None:
    wrong = {"event": "typed", "user": "ada", "data": {"amount": "3"}}
    status, answer = client.post("/events", [OWN, wrong])
    assert status == 400
    assert "does not fit Typed" in answer["error"]
    assert "amount: expected int, got str" in answer["error"]
    assert client.stored() == []
    call = {"type": "track", "event": "typed", "userId": "ada", "properties": {"amount": "3"}}
    status, answer = client.post("/v1/batch", {"batch": [TRACK, call, {**call, "properties": {"amount": 3}}]})
    assert (status, answer["success"]) == (200, True)
    assert [(each["index"], each["number"]) for each in answer["refused"]] == [(1, 1)]
    assert client.stored() == [("Login", "ada"), ("typed", "ada")]
    with Views(client.engine.path) as views:
        assert views.left_aside().kept == 1


# -- an engine that does not take anything -------------------------------------------------------


def test_a_paused_engine_is_503_before_and_while_events_wait(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused = EngineStatus("paused", "the disk is full", 0, 0, 0)
    running = iter([EngineStatus("running", None, 0, 0, 0)])
    monkeypatch.setattr(client.engine, "status", lambda: next(running, paused))
    waiting: Future[list[Event]] = Future()
    monkeypatch.setattr(client.engine, "ingest_many", lambda events, by_hand: asyncio.wrap_future(waiting))
    for _ in range(2):
        status, answer = client.post("/e/k", INNGEST)
        assert status == 503
        assert answer["error"] == "The engine is paused: the disk is full"


def test_an_engine_that_has_stopped_is_503(client: Client) -> None:
    client.engine.stop_now()
    assert client.post("/events", OWN)[0] == 503


def test_where_no_engine_runs_it_is_503() -> None:
    server = IngestServer(lambda: None)
    port = urlsplit(server.start("127.0.0.1", 0)).port
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("POST", "/e/k", json.dumps(INNGEST))
        assert connection.getresponse().status == 503
        connection.close()
    finally:
        server.stop()
        server.stop()


# -- the address ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("127.0.0.1:8288", ("127.0.0.1", 8288)),
        (":0", ("127.0.0.1", 0)),
        ("8288", ("127.0.0.1", 8288)),
        ("[::1]:80", ("::1", 80)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
    ],
)
def test_an_address_is_read(text: str, place: tuple[str, int]) -> None:
    assert address(text) == place


@pytest.mark.parametrize("text", ["", "localhost", "localhost:", "a:99999", "a:-1", "a:²"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(StudioError, match=r"is not an address\. Write 127\.0\.0\.1:8288"):
        address(text)


def test_a_port_that_is_taken_is_told(client: Client) -> None:
    taker = LocalEngine(client.engine)
    server = IngestServer(lambda: taker)
    with pytest.raises(StudioError, match=r"nothing can be served there: Address already in use"):
        server.start("127.0.0.1", client.port)


def test_an_answer_does_not_wait_for_its_head_to_be_acknowledged() -> None:
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        taken, _ = listening.accept()
        with taken:
            assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(StudioError, match=r"pip install 'journey-studio\[http\]'"):
        IngestServer(lambda: None).start("127.0.0.1", 0)


def test_the_packages_are_loaded_by_those_who_open_it() -> None:
    code = (
        "import sys, studio.cli.run, studio.web.ingest.server\n"
        "print({'uvicorn', 'starlette'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
