"""Other systems' events: what each field becomes, and what is said of one that cannot be read."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import EventError, EventTooLarge
from studio.events.adapters import events, is_event, parse_line, shape_of
from studio.language.incoming import Incoming
from studio.text import json_text as jsontext

START = 1_700_000_000_000
AT = 1_750_000_000_000
TIME = "2025-06-15T15:06:40Z"


def one(value: dict[str, Any]) -> Incoming:
    (event,) = events(value, "body", START)
    return event


def test_inngests_fields_have_their_places() -> None:
    user = {"external_id": "ada", "email": "ada@example.com"}
    event = one(
        {"name": "app/login", "data": {"plan": "pro"}, "user": user, "ts": AT, "id": "e1", "v": "2024-01-01"}
    )
    assert (event.name, event.user, event.id, event.sent_at) == ("app/login", "ada", "e1", AT)
    assert event.text == '{"plan":"pro"}'
    assert event.profile == '{"email":"ada@example.com"}'
    assert event.extra == '{"v":"2024-01-01"}'


@pytest.mark.parametrize(
    "who",
    [
        {"user": "ada"},
        {"user": {"id": "ada"}},
        {"user": {"external_id": "ada"}},
        {"data": {"user_id": "ada"}},
        {"user": {}, "data": {"userId": "ada"}},
        {"user": {"id": "", "external_id": "ada"}},
        {"user": {"external_id": "", "id": None}, "data": {"user_id": "ada"}},
        {"user": "", "data": {"user_id": " ", "userId": "ada"}},
    ],
)
def test_inngests_user_is_found_where_senders_put_it(who: dict[str, Any]) -> None:
    event = one({"name": "app/login", "id": "", "ts": 0, **who})
    assert (event.user, event.profile, event.id) == ("ada", None, None)


@pytest.mark.parametrize("empty", ["", " ", None])
def test_a_segment_field_that_is_empty_counts_as_left_out(empty: str | None) -> None:
    """Clients send "" for the user who has not logged in."""
    call = {"type": "track", "event": "a", "userId": empty, "anonymousId": "a-1"}
    event = one({**call, "messageId": empty, "timestamp": empty, "originalTimestamp": "2025-06-15T15:06:40Z"})
    assert (event.user, event.id, event.sent_at) == ("a-1", None, AT)


def test_segments_track_has_its_places() -> None:
    event = one(
        {
            "type": "track",
            "event": "Order Completed",
            "userId": "ada",
            "anonymousId": "a-1",
            "properties": {"total": 7.5},
            "messageId": "m1",
            "timestamp": TIME,
            "context": {"ip": "::1"},
        }
    )
    assert (event.name, event.user, event.id, event.sent_at) == ("Order Completed", "ada", "m1", AT)
    assert event.text == '{"total":7.5}'
    assert event.extra == '{"anonymousId":"a-1","context":{"ip":"::1"}}'


def test_segments_other_calls_bear_their_own_names() -> None:
    batch = {
        "batch": [
            {"type": "identify", "userId": "ada", "traits": {"email": "ada@example.com"}},
            {"type": "page", "anonymousId": "a-1", "name": "Home", "properties": {"path": "/"}},
            {"type": "group", "userId": "ada", "groupId": "g1", "traits": {"seats": 3}},
        ],
        "sentAt": TIME,
    }
    assert [(each.name, each.user, each.text) for each in events(batch, "body", START)] == [
        ("identify", "ada", '{"email":"ada@example.com"}'),
        ("page", "a-1", '{"name":"Home","path":"/"}'),
        ("group", "ada", '{"groupId":"g1","seats":3}'),
    ]


def test_cloud_events_have_their_places() -> None:
    event = one(
        {
            "specversion": "1.0",
            "type": "app/login",
            "source": "/shop",
            "id": "7",
            "subject": "ada",
            "time": "2025-06-15T15:06:40.000000000Z",
            "datacontenttype": "application/json",
            "data": {"plan": "pro"},
        }
    )
    assert (event.name, event.user, event.sent_at, event.text) == ("app/login", "ada", AT, '{"plan":"pro"}')
    assert event.id == "/shop#7", "an id is unique within its source only"
    assert event.extra == '{"datacontenttype":"application/json"}'


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"data": None},
        {"datacontenttype": "application/xml"},
        {"data_base64": "e30="},
        {"data": {}, "datacontenttype": "Application/vnd.shop+JSON; charset=utf-8"},
        {"data": {}, "datacontenttype": "text/json"},
    ],
)
def test_a_cloud_event_need_not_have_data(data: dict[str, Any]) -> None:
    assert one({**CLOUD, **data}).text == "{}"


def test_bytes_that_are_json_are_data() -> None:
    packed = base64.b64encode(b'{"plan": "pro"}').decode()
    assert (
        one({**CLOUD, "data_base64": packed, "datacontenttype": "application/json"}).text == '{"plan":"pro"}'
    )


def test_source_and_id_that_hold_the_mark_between_them_stay_apart() -> None:
    pairs = [
        ("/a", "b"),
        ("/a", "b#c"),
        ("/a#b", "c"),
        ("/a#", "#b"),
        ("/a##", "b"),
        ("/a", "b#2"),
        ("/a#b", "2"),
    ]
    ids = [one({**CLOUD, "source": source, "id": id}).id for source, id in pairs]
    assert ids[0] == "/a#b"
    assert len({*ids}) == len(pairs)


def test_our_own_shape_goes_before_the_others() -> None:
    event = one({"event": "a", "user": "u", "type": "track", "name": "n", "at": "2s", "data": {"x": 1}})
    assert (event.name, event.user, event.sent_at) == ("a", "u", START + 2_000)
    assert event.extra == '{"type":"track","name":"n"}'


def test_a_line_may_be_a_comment_and_may_hold_a_batch() -> None:
    call = {"type": "track", "event": "a", "userId": "u"}
    assert parse_line("# nothing", "file:1", START) == []
    assert parse_line('{"expect": "completed", "user": "u"}', "file:2", START) == []
    assert [each.name for each in parse_line(json.dumps({"batch": [call, call]}), "file:3", START)] == [
        "a",
        "a",
    ]


CLOUD = {"specversion": "1.0", "type": "a", "id": "1", "subject": "u"}
TRACK = {"type": "track", "event": "a", "userId": "u"}


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({}, "body: the field event is missing"),
        ({"event": "a"}, "body: the field user is missing"),
        ({"name": "a"}, "body: the field user is missing, and neither data.user_id nor data.userId is there"),
        ({"name": "a", "user": {"email": "x"}}, "the field user.external_id is missing"),
        ({"name": 5, "user": "u"}, "the field name is a number and must be text"),
        ({"name": "", "user": "u"}, "the field name is empty"),
        ({"name": "a", "user": {"id": None}}, "the field user.id is null and must be text"),
        ({"name": "a", "user": 5}, "the field user is a number, not an object"),
        ({"name": "a", "user": "u", "data": []}, "the field data is a list, not an object"),
        ({"name": "a", "user": "u", "ts": "now"}, "the field ts is 'now', and milliseconds"),
        ({"name": "a", "user": "u", "ts": True}, "the field ts is True, and milliseconds"),
        ({**TRACK, "userId": 7}, "the field userId is a number and must be text"),
        ({"type": "track", "event": "a"}, "the field userId is missing"),
        ({**TRACK, "userId": ""}, "the field userId is empty"),
        ({**TRACK, "userId": "", "anonymousId": ""}, "the field anonymousId is empty"),
        ({"name": "a", "user": {"id": ""}, "data": {"userId": ""}}, "the field user.id is empty"),
        ({"name": "a", "user": ""}, "the field user is empty"),
        ({"type": "track", "userId": "u"}, "the field event is missing"),
        ({"type": "delete", "userId": "u"}, "the field type is 'delete' and none of track, identify"),
        ({"type": [], "userId": "u"}, "the field type is a list and must be text"),
        ({**TRACK, "properties": "x"}, "the field properties is a text, not an object"),
        ({**TRACK, "timestamp": "2d"}, "the field timestamp is '2d', and an ISO time"),
        ({**TRACK, "timestamp": 5}, "the field timestamp is 5, and an ISO time"),
        ({"batch": {}}, "the field batch is an object, not a list"),
        ({"batch": [TRACK, 5]}, r"body: batch\[1\]: it is a number, not an object"),
        ({"batch": [{"type": "track"}]}, r"body: batch\[0\]: the field event is missing"),
        ({"batch": [{"batch": []}]}, r"body: batch\[0\]: the field type is missing"),
        ({**CLOUD, "specversion": "0.3"}, "the field specversion is '0.3', and 1.0 is read"),
        ({**CLOUD, "data_base64": "AA=="}, "the field data_base64 is not valid JSON"),
        ({**CLOUD, "data_base64": "e30"}, "the field data_base64 is not valid JSON"),
        ({**CLOUD, "data_base64": "WzFd"}, "the field data_base64 is a list, not an object"),
        ({**CLOUD, "data_base64": {}}, "the field data_base64 is an object and must be text"),
        ({**CLOUD, "data_base64": "e30=", "data": {}}, "both the fields data and data_base64"),
        (
            {**CLOUD, "data": "<a/>", "datacontenttype": "application/xml"},
            "the field datacontenttype is 'application/xml', and data is read that is JSON",
        ),
        ({**CLOUD, "data": {}, "datacontenttype": 5}, "the field datacontenttype is 5, and"),
        ({**CLOUD, "data": "text"}, "the field data is a text, not an object"),
        ({**CLOUD, "time": "never"}, "the field time is 'never', and an ISO time"),
        ({"specversion": "1.0", "type": "a", "id": "1"}, "the field subject is missing"),
        ({"specversion": "1.0", "type": "a", "subject": "u"}, "the field id is missing"),
    ],
)
def test_what_cannot_be_read_is_told_by_its_field(value: dict[str, Any], why: str) -> None:
    with pytest.raises(EventError, match=why):
        events(value, "body", START)


def test_what_is_too_large_is_told_apart() -> None:
    with pytest.raises(EventTooLarge, match=r"body\[1\]: the data of .* is 1\.1 MiB"):
        events([TRACK, {"name": "a", "user": "u", "data": {"x": "y" * 1_150_000}}], "body", START)


@pytest.mark.parametrize(
    "value", [{"name": "Ada", "plan": "pro"}, {"type": "page"}, {"userId": "u"}, {"batch": 1}]
)
def test_data_that_is_pasted_is_no_event(value: dict[str, Any]) -> None:
    assert not is_event(value)


@pytest.mark.parametrize(
    "value", [TRACK, CLOUD, {"batch": [TRACK]}, {"name": "a", "data": {}}, {"event": "a"}]
)
def test_what_is_meant_as_an_event_is_one(value: dict[str, Any]) -> None:
    assert is_event(value)


FIELDS = (
    "event",
    "user",
    "name",
    "type",
    "userId",
    "batch",
    "specversion",
    "subject",
    "id",
    "data",
    "ts",
    "time",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["track", "1.0", TIME]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=8))
def test_any_object_is_read_or_refused_in_words(value: dict[str, Any]) -> None:
    assert shape_of(value) in ("own", "inngest", "segment", "cloudevents")
    try:
        texts = [each.text for each in events(value, "body", START)]
    except EventError as refused:
        texts = [jsontext.dumps({"refused": str(refused)})]
    assert all(isinstance(jsontext.loads(text), dict) for text in texts)
