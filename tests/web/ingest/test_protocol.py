"""The head of a request has a bound, and its body another."""

from __future__ import annotations

import json
import socket

import pytest

from studio.web.ingest.protocol import MOST_HEAD_BYTES
from tests.web.ingest.conftest import Client

pytestmark = pytest.mark.xdist_group("http")

BODY = json.dumps({"name": "app/login", "user": "ada"}).encode()
START = b"POST /e/k HTTP/1.1\r\nHost: 127.0.0.1\r\n"


def answer_to(client: Client, *parts: bytes) -> bytes:
    """What comes until the other side closes, or the answer is whole."""
    with socket.create_connection(("127.0.0.1", client.port), timeout=60) as connection:
        came = b""
        try:
            for part in parts:
                connection.sendall(part)
            while part := connection.recv(1 << 16):
                came += part
                if b'"status":200}' in came:
                    break
        except ConnectionError:
            return came
        return came


@pytest.mark.parametrize(
    "part",
    [b"X-Much: " + b"a" * (MOST_HEAD_BYTES // 4), b"X-Many: a\r\n" * (MOST_HEAD_BYTES // 40)],
    ids=["one long line", "many lines"],
)
def test_a_head_without_an_end_is_refused(client: Client, part: bytes) -> None:
    came = answer_to(client, START, *[part] * 40)
    assert came == b"" or came.startswith(b"HTTP/1.1 400")
    assert client.stored() == []
    assert client.post("/e/k", {"name": "app/login", "user": "ada"})[0] == 200, "others are served"


def test_a_large_body_is_no_large_head(client: Client) -> None:
    body = json.dumps({"name": "app/login", "user": "ada", "data": {"x": "y" * 3 * MOST_HEAD_BYTES}}).encode()
    head = START + b"Content-Length: %d\r\n\r\n" % len(body)
    at = MOST_HEAD_BYTES // 2
    parts = [body[start : start + at] for start in range(0, len(body), at)]
    assert answer_to(client, head, *parts).startswith(b"HTTP/1.1 200")
    assert len(client.stored()) == 1


def test_many_requests_on_one_connection_are_many_heads(client: Client) -> None:
    request = START + b"X-Much: " + b"a" * 8_000 + b"\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
    with socket.create_connection(("127.0.0.1", client.port), timeout=60) as connection:
        for _ in range(20):
            connection.sendall(request)
            came = b""
            while not came.endswith(b'"status":200}'):
                came += connection.recv(1 << 16)
            assert came.startswith(b"HTTP/1.1 200")
    assert len(client.stored()) == 20


def test_what_is_no_http_is_refused(client: Client) -> None:
    assert answer_to(client, b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n").startswith(b"HTTP/1.1 400")
