"""CloudEvents by HTTP: in one piece, in a list and in headers, as clients send them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from studio.store.records import Entry
from studio.store.transfer import export
from studio.store.views import Views
from studio.web.ingest.cloudevents import header_fields, header_value
from studio.web.ingest.refused_request import RefusedRequest
from tests.web.ingest.conftest import Client

pytestmark = pytest.mark.xdist_group("http")

CLOUD = {
    "specversion": "1.0",
    "type": "app/login",
    "source": "/shop",
    "id": "1",
    "subject": "ada",
    "data": {},
}
HEADERS = {f"ce-{name}": str(value) for name, value in CLOUD.items() if name != "data"}
JSON = {"Content-Type": "application/json"}


def event(client: Client) -> Entry:
    """The one event in the store."""
    with Views(client.engine.path) as views:
        (entry,) = (e for e in views.entries(limit=100) if e.kind == "event")
    return entry


# -- headers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"ada", "ada"),
        (b"zo%C3%AB", "zoë"),
        (b"zo%c3%ab", "zoë"),
        (b"Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        (b"%41da", "Ada"),
        (b"zo\xc3\xab", "zoë"),
        (b"zo\xeb", "zoë"),
        (b"100%", "100%"),
        (b"100%25", "100%"),
        (b"%2525", "%25"),
        (b"50%-off", "50%-off"),
        (b'"ada l."', "ada l."),
        (b'"say \\"hi\\" %C3%AB"', 'say "hi" ë'),
        (b'"ada', '"ada'),
        (b"a+b", "a+b"),
        (b"", ""),
    ],
)
def test_a_header_is_decoded_once(raw: bytes, text: str) -> None:
    assert header_value(raw) == text


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ([(b"ce-subject", b"ada"), (b"ce-subject", b"bob")], "The header ce-subject comes twice."),
        ([(b"ce-subject", b"ada"), (b"Ce-Subject", b"ada")], "The header ce-subject comes twice."),
        ([(b"ce-subject", b"zo%EB")], "The header ce-subject is not UTF-8 where it is percent-encoded."),
    ],
)
def test_a_header_that_cannot_be_read_is_told(headers: list[tuple[bytes, bytes]], why: str) -> None:
    with pytest.raises(RefusedRequest, match=why):
        header_fields(headers)


def test_the_fields_of_an_event_may_stand_in_headers(client: Client) -> None:
    headers = {
        **HEADERS,
        **JSON,
        "ce-subject": "zo%C3%AB",
        "ce-type": "app%2Flogin",
        "ce-shopregion": "Zürich",
    }
    status, _, answer = client.send("/events", b'{"plan": "pro"}', headers)
    assert (status, answer) == (202, {"ids": ["/shop#1"], "status": 202})
    entry = event(client)
    assert (entry.name, entry.user, entry.data) == ("app/login", "zoë", {"plan": "pro"})
    lines = list(export(client.engine.path, "zoë"))
    assert lines[-1]["meta"] == {"extra": {"shopregion": "Zürich"}}, "what has no place here is kept"


def test_an_event_in_headers_need_not_have_data(client: Client) -> None:
    for body in (b"", b" \n"):
        for headers in ({}, JSON, {"Content-Type": "application/xml"}):
            assert client.send("/events", body, {**HEADERS, **headers})[0] == 202
    assert event(client).data is None


def test_an_event_in_headers_that_cannot_be_read_is_told(client: Client) -> None:
    for headers, body, status, why in (
        (
            {"Content-Type": "application/xml"},
            b"<a/>",
            415,
            "The data of the event is application/xml, and JSON",
        ),
        (
            {"Content-Type": "application/x-www-form-urlencoded"},
            b"{}",
            415,
            "say Content-Type: application/json",
        ),
        ({"Content-Type": "application/vnd.a+json"}, b"<a/>", 400, "The body is not valid JSON"),
        ({"ce-datacontenttype": "text/plain"}, b"{}", 400, "the field datacontenttype is 'text/plain'"),
        ({}, b"[1]", 400, "the field data is a list, not an object"),
        ({"ce-subject": "a%09b"}, b"", 400, "headers: the field subject has the control character U+0009"),
        ({"ce-subject": ""}, b"", 400, "headers: the field subject is empty"),
        ({"ce-specversion": "0.3"}, b"", 400, "the field specversion is '0.3'"),
    ):
        came, _, answer = client.send("/events", body, {**HEADERS, **headers})
        assert (came, why in answer["error"]) == (status, True), answer
    assert client.stored() == []


def test_headers_of_an_event_without_its_version_are_no_event_of_ours(client: Client) -> None:
    headers = {name: value for name, value in HEADERS.items() if name != "ce-specversion"}
    own = json.dumps({"event": "a", "user": "u"}).encode()
    status, _, answer = client.send("/events", own, {**headers, **JSON})
    assert status == 400
    assert "headers: the field specversion is missing" in answer["error"]


# -- in one piece --------------------------------------------------------------------------------


def test_events_in_one_piece_are_taken(client: Client) -> None:
    sent: list[tuple[str, Any]] = [
        ("application/cloudevents+json; charset=utf-8", {**CLOUD, "id": "0"}),
        ("Application/CloudEvents+JSON", {**CLOUD, "id": "1"}),
        ("application/cloudevents-batch+json", [{**CLOUD, "id": "2"}]),
        ("application/json", {**CLOUD, "id": "3"}),
        ("application/json", [{**CLOUD, "id": "4"}]),
    ]
    for number, (kind, body) in enumerate(sent):
        answer = {"ids": [f"/shop#{number}"], "status": 202}
        assert client.post("/events", body, {"Content-Type": kind}) == (202, answer)
    assert client.stored() == [("app/login", "ada")] * len(sent)


def test_a_type_says_whether_it_is_one_or_several(client: Client) -> None:
    for kind, body in (("cloudevents-batch", CLOUD), ("cloudevents", [CLOUD])):
        status, answer = client.post("/events", body, {"Content-Type": f"application/{kind}+json"})
        assert status == 400
        assert "The body of application/" in answer["error"]


@pytest.mark.parametrize(
    "kind", ["application/cloudevents+xml", "application/cloudevents", "application/cloudevents+avro"]
)
def test_events_in_another_form_are_told(client: Client, kind: str) -> None:
    status, answer = client.post("/events", CLOUD, {"Content-Type": kind})
    assert status == 415
    assert f"The body is {kind}, and application/cloudevents+json" in answer["error"]


def test_a_batch_is_all_or_nothing(client: Client) -> None:
    bad = {**CLOUD, "data": "<a/>", "datacontenttype": "application/xml"}
    status, answer = client.post(
        "/events", [CLOUD, bad], {"Content-Type": "application/cloudevents-batch+json"}
    )
    assert status == 400
    assert "body[1]: the field datacontenttype is 'application/xml'" in answer["error"]
    assert client.stored() == []
