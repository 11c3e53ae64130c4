"""Requests just as other people's clients were seen to send them, heads and bodies."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from tests.web.ingest.conftest import Client

pytestmark = pytest.mark.xdist_group("http")

PYTHON = {
    "Accept-Encoding": "gzip, deflate",
    "Accept": "*/*",
    "Connection": "keep-alive",
    "Authorization": "Basic d2s6",
}
NODE = {"accept": "*/*", "accept-language": "*", "sec-fetch-mode": "cors", "accept-encoding": "gzip, deflate"}


def calls(call: dict[str, Any], bad: dict[str, Any]) -> bytes:
    """A batch of three, of which the second cannot be taken."""
    batch = [{**call, "messageId": f"m{n}", **(bad if n == 1 else {})} for n in range(3)]
    return json.dumps({"batch": batch, "sentAt": "2026-11-28T23:02:11.604Z"}).encode()


SEGMENT_PYTHON = {
    "integrations": {},
    "anonymousId": None,
    "properties": {"i": 0},
    "timestamp": "2026-11-28T23:02:10.583+00:00",
    "context": {"library": {"name": "analytics-python", "version": "2.4.0"}},
    "userId": "ada",
    "type": "track",
    "event": "Login",
}
SEGMENT_NODE = {
    "timestamp": "2026-11-28T23:02:18.671Z",
    "integrations": {},
    "event": "Login",
    "type": "track",
    "properties": {"i": 0},
    "context": {"library": {"name": "@segment/analytics-node", "version": "3.1.0"}},
    "userId": "ada",
    "_metadata": {"nodeVersion": "v20.20.2", "jsRuntime": "node"},
}
RUDDER_PYTHON = {
    "integrations": {"All": True},
    "anonymousId": None,
    "properties": {"i": 0},
    "timestamp": "2026-11-28T23:02:12.735050+00:00",
    "context": {"library": {"name": "analytics-python", "version": "2.1.9"}},
    "userId": "ada",
    "type": "track",
    "event": "Login",
    "channel": "server",
}
RUDDER_NODE = {
    "userId": "ada",
    "event": "Login",
    "properties": {"i": 0},
    "type": "track",
    "context": {"library": {"name": "analytics-node", "version": "3.0.13"}},
    "channel": "server",
    "_metadata": {"nodeVersion": "20.20.2"},
    "originalTimestamp": "2026-11-28T23:02:18.848Z",
    "sentAt": "2026-11-28T23:02:18.848Z",
}


@pytest.mark.parametrize(
    ("call", "headers", "packed", "bad"),
    [
        (
            SEGMENT_PYTHON,
            {**PYTHON, "Content-Type": "application/json"},
            False,
            {"properties": {"x": float("nan")}},
        ),
        (SEGMENT_PYTHON, {**PYTHON, "Content-Type": "application/json"}, True, {"event": "Log\tin"}),
        (SEGMENT_NODE, {**NODE, "Content-Type": "application/json"}, False, {"properties": {"x": "\ud83d"}}),
        (RUDDER_PYTHON, {**PYTHON, "Content-Type": "application/json"}, True, {"userId": ""}),
        (RUDDER_NODE, {"Content-Type": "application/x-www-form-urlencoded"}, True, {"event": ""}),
    ],
    ids=["segment python", "segment python gzip", "segment node", "rudderstack python", "rudderstack node"],
)
def test_segments_and_rudderstacks_calls(
    client: Client, call: dict[str, Any], headers: dict[str, str], packed: bool, bad: dict[str, Any]
) -> None:
    body = calls(call, bad)
    if packed:
        headers, body = {**headers, "Content-Encoding": "gzip"}, gzip.compress(body)
    for _ in range(2):
        status, _, answer = client.send("/v1/batch", body, headers)
        assert (status, [(each["index"], each["number"]) for each in answer["refused"]]) == (200, [(1, 1)])
    assert client.stored() == [("Login", "ada")] * 2, "what is sent twice counts once"


@pytest.mark.parametrize(
    ("headers", "event", "user"),
    [
        (
            {"content-type": "application/json", "x-inngest-sdk": "inngest-py:v0.5.19"},
            {"data": {"user_id": "ada"}, "id": "e-1", "name": "app/login", "ts": 1795906935834},
            "ada",
        ),
        (
            {**NODE, "Content-Type": "application/json", "x-inngest-sdk": "inngest-js:v4.24.0"},
            {
                "name": "app/login",
                "data": {"user_id": "ada"},
                "user": {"external_id": "zoë"},
                "ts": 1795906939029,
            },
            "zoë",
        ),
    ],
    ids=["python", "node"],
)
def test_inngests_events(client: Client, headers: dict[str, str], event: dict[str, Any], user: str) -> None:
    status, _, answer = client.send("/e/k", json.dumps([event]).encode(), headers)
    assert (status, answer["status"], len(answer["ids"])) == (200, 200, 1)
    assert client.stored() == [("app/login", user)]


CLOUD = {"ce-type": "app/login", "ce-source": "/shop", "ce-id": "1", "ce-specversion": "1.0"}
BASE64 = b'{"specversion": "1.0", "id": "1", "source": "/shop", "type": "app/login", "datacontenttype":'
BASE64 += b' "application/json", "subject": "zo\\u00eb", "data_base64": "eyJhIjoxfQ=="}'


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({**CLOUD, "ce-subject": "zo%C3%AB", "content-type": "application/json"}, b'{"plan": "pro"}'),
        (
            {**CLOUD, "ce-subject": "zo%C3%AB", "ce-time": "2026-11-28T23:02:15.990206+00:00"},
            b'{"plan": "pro"}',
        ),
        ({**CLOUD, "ce-subject": "zo%C3%AB"}, b""),
        ({"content-type": "application/cloudevents+json"}, BASE64),
        ({**CLOUD, "ce-subject": b"zo\xeb", "content-type": "application/json; charset=utf-8"}, b'{"a":1}'),
        ({**CLOUD, "ce-subject": b"zo\xeb", "content-type": "application/json; charset=utf-8"}, b""),
        (
            {"content-type": "application/cloudevents+json; charset=utf-8"},
            '{"id":"1","type":"app/login","source":"/shop","specversion":"1.0","subject":"zoë","data":{}}'.encode(),
        ),
    ],
    ids=["python", "python v1", "python empty", "python bytes", "node", "node empty", "node in one piece"],
)
def test_cloud_events(client: Client, headers: dict[str, str | bytes], body: bytes) -> None:
    status, _, answer = client.send("/events", body, headers)
    assert (status, answer) == (202, {"ids": ["/shop#1"], "status": 202})
    assert client.stored() == [("app/login", "zoë")]
