"""Segment's clients, and RudderStack's, which speak alike: what they send, and one bad call among many.

The requests are those that the clients were seen to send.
"""

from __future__ import annotations

from typing import Any

import pytest

from studio.engine.status import EngineStatus
from studio.store.views import Views
from tests.web.ingest.conftest import Client

pytestmark = pytest.mark.xdist_group("http")


def call(number: int, **fields: Any) -> dict[str, Any]:
    """A call as Segment's Python client sends it."""
    return {
        "type": "track",
        "event": "Login",
        "userId": "ada",
        "anonymousId": None,
        "messageId": f"m{number}",
        "timestamp": "2026-02-01T10:00:00.000+00:00",
        "properties": {"plan": "pro"},
        "integrations": {},
        "context": {"library": {"name": "analytics-python", "version": "2.3.4"}},
        **fields,
    }


def refused(client: Client) -> list[tuple[int, str | None, str]]:
    with Views(client.engine.path) as views:
        return [(row.number, row.user, row.reason) for row in views.refused()]


def test_one_bad_call_loses_no_other(client: Client) -> None:
    calls = [call(number) for number in range(51)]
    calls[7] = call(7, event="Log\tin")
    calls[9] = call(9, userId="")
    status, answer = client.post("/v1/batch", {"batch": calls, "sentAt": "2026-02-01T10:00:01.000Z"})
    assert (status, answer["success"]) == (200, True)
    assert [(each["index"], each["number"]) for each in answer["refused"]] == [(7, 1), (9, 2)]
    assert "batch[7]: the field event has the control character U+0009" in answer["refused"][0]["error"]
    assert len(client.stored()) == 49
    assert [(number, user) for number, user, _ in refused(client)] == [(1, "ada"), (2, None)]


def test_what_a_client_sends_twice_is_kept_once(client: Client) -> None:
    body = {"batch": [call(1), call(2, properties={"x": float("nan")})]}
    for _ in range(2):
        status, answer = client.post("/v1/batch", body)
        assert (status, answer["refused"][0]["number"]) == (200, 1)
    assert len(client.stored()) == 1
    assert len(refused(client)) == 1


def test_where_none_can_be_taken_the_client_is_told(client: Client) -> None:
    status, answer = client.post("/v1/track", {"userId": "u", "properties": {}})
    assert (status, answer["status"], answer["refused"][0]["number"]) == (400, 400, 1)
    assert answer["error"] == answer["refused"][0]["error"]
    large = call(1, properties={"x": "y" * (2 << 20)})
    assert client.post("/v1/batch", {"batch": [large]})[0] == 413
    assert client.stored() == []
    assert [user for _, user, _ in refused(client)] == ["u", "ada"]


def test_what_is_no_batch_is_refused_as_a_whole_and_not_kept(client: Client) -> None:
    for path, body, why in (
        ("/v1/batch", b'{"batch": [{}, {]}', "The body is not valid JSON"),
        ("/v1/batch", b'{"batch": {}}', "the field batch is an object, not a list"),
        ("/v1/track", b"[]", "The body is not an object"),
    ):
        status, answer = client.post(path, body)
        assert (status, why in answer["error"]) == (400, True), answer
    assert refused(client) == []


def test_a_paused_engine_keeps_nothing_aside(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client.engine, "status", lambda: EngineStatus("paused", "the disk is full", 0, 0, 0))
    assert client.post("/v1/batch", {"batch": [call(1), call(2, event="")]})[0] == 503
    assert refused(client) == []


def test_a_body_that_takes_long_to_read_is_taken(client: Client) -> None:
    calls = [call(number, properties={"x": "y" * 900_000}) for number in range(5)]
    status, answer = client.post("/v1/batch", {"batch": [*calls, {}]})
    assert (status, [each["index"] for each in answer["refused"]]) == (200, [5])
    assert len(client.stored()) == 5


def test_the_other_shapes_stay_all_or_nothing(client: Client) -> None:
    good = {"name": "app/login", "user": {"external_id": "ada"}}
    assert client.post("/e/k", [good, {**good, "name": "a\t"}])[0] == 400
    own = {"event": "app/login", "user": "ada"}
    assert client.post("/events", [own, {**own, "event": "a\t"}])[0] == 400
    assert client.stored() == []
    assert refused(client) == []
