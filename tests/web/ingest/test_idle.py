"""Connections on which nothing comes are closed, and no others."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from concurrent.futures import Future

import pytest

from studio import Event
from studio.web.ingest import idle
from tests.web.ingest.conftest import Client

pytestmark = pytest.mark.xdist_group("http")

BODY = json.dumps({"name": "app/login", "user": "ada"}).encode()
HEAD = b"POST /e/k HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % len(BODY)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "IDLE_SECONDS", 0.3)
    monkeypatch.setattr(idle, "LOOK_SECONDS", 0.05)


def connected(client: Client) -> socket.socket:
    return socket.create_connection(("127.0.0.1", client.port), timeout=60)


def read_to_end(connection: socket.socket) -> bytes:
    """What comes until the other side closes."""
    parts = []
    try:
        while part := connection.recv(1 << 16):
            parts.append(part)
    except ConnectionResetError:
        parts.append(b"")
    return b"".join(parts)


@pytest.mark.parametrize(
    "sent",
    [b"", b"POST /e/k HT", HEAD, HEAD + BODY[:-1]],
    ids=["nothing", "half a head", "a head", "half a body"],
)
def test_a_request_that_does_not_come_whole_is_given_up(client: Client, sent: bytes) -> None:
    with connected(client) as connection:
        connection.sendall(sent)
        assert read_to_end(connection) == b""
    assert client.stored() == []


def test_one_byte_now_and_then_is_no_request(client: Client) -> None:
    with connected(client) as connection:
        connection.settimeout(0.1)
        for at in range(len(HEAD)):
            try:
                connection.sendall(HEAD[at : at + 1])
                if connection.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        else:
            pytest.fail("it was never closed")


def test_a_second_request_on_a_connection_is_given_up_as_well(client: Client) -> None:
    with connected(client) as connection:
        connection.sendall(HEAD + BODY + HEAD)
        assert read_to_end(connection).startswith(b"HTTP/1.1 200 OK")
    assert len(client.stored()) == 1


def test_who_waits_for_the_engine_is_answered(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    slow: Future[list[Event]] = Future()
    monkeypatch.setattr(client.engine, "ingest_many", lambda events, by_hand: asyncio.wrap_future(slow))
    later = threading.Timer(1.0, lambda: slow.set_result([]))
    later.start()
    assert client.post("/e/k", {"name": "app/login", "user": "ada"}) == (200, {"ids": [], "status": 200})
    later.join()
