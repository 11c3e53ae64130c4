"""A pasted curl command: which events it would send, in every shape, and what is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest
from textual import events

from studio.errors import EventError
from studio.text import json_text as jsontext
from studio.tui.session.pasted_curl import curl_events, is_curl
from tests.tui.conftest import Studio
from tests.tui.fakes import START

BODY = '{"event": "app/login", "user": "kim", "data": {"a": "it\'s"}}'
QUOTED = BODY.replace("'", "'\\''")


def told(text: str) -> list[tuple[str, str, Any]]:
    """Name, user and data of each event."""
    return [(each.name, each.user, jsontext.loads(each.text)) for each in curl_events(text, START)]


@pytest.mark.parametrize(
    "command",
    [
        f"curl http://127.0.0.1:8288/events -d '{QUOTED}'",
        f"$ curl -sS -X POST x/events \\\n  -H 'Content-Type: application/json' \\\n  --data '{QUOTED}'",
        f"curl --json '{QUOTED}' --max-time 5 http://x/events",
        f"curl --data-raw='{QUOTED}' -o /dev/null http://x/events",
        f"curl -d'{QUOTED}' --compressed --url http://x/events",
        f"curl \\\r\n--data-binary '{QUOTED}' \\\r\nhttp://x/events",
    ],
)
def test_a_body_is_found_wherever_it_stands(command: str) -> None:
    assert is_curl(command)
    assert told(command) == [("app/login", "kim", {"a": "it's"})]


def test_other_shapes_are_read_as_the_server_reads_them() -> None:
    segment = (
        """curl http://x/v1/track -u key: -d '{"event": "Login", "userId": "kim", "properties": {"a": 1}}'"""
    )
    assert told(segment) == [("Login", "kim", {"a": 1})]
    inngest = """curl http://x/e/key -d '[{"name": "app/a", "data": {"user_id": "kim"}}]'"""
    assert [each[:2] for each in told(inngest)] == [("app/a", "kim")]
    cloud = (
        "curl http://x/events -H 'ce-specversion: 1.0' -H 'ce-type: app/a' -H 'ce-source: /s' -H 'ce-id: 1' "
        """-H 'CE-Subject: kim' -d '{"a": 1}'"""
    )
    assert told(cloud) == [("app/a", "kim", {"a": 1})]


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("curl http://x/events", "it sends no data"),
        ("curl http://x/events -d @file.json", "-d reads a file. Paste what the file holds"),
        ('curl http://x/events -d \'{"event": ', "No closing quotation. Copy the whole command"),
        ("curl http://x/events -d 'a=1'", "its data is not valid JSON"),
        ("curl http://x/events -F a=b", "-F sends no JSON"),
        ('curl http://x/events -d \'{"event": "a"}\'', "user is missing"),
        ("curl http://x/events -d", "it sends no data"),
    ],
)
def test_what_cannot_be_read_is_told(command: str, why: str) -> None:
    with pytest.raises(EventError, match=why):
        curl_events(command, START)


@pytest.mark.parametrize("text", ["", "curl", "curly http://x", "let us curl it", '{"event": "a"}'])
def test_other_text_is_none(text: str) -> None:
    assert not is_curl(text)


async def test_a_pasted_curl_stands_in_the_form(studio: Studio) -> None:
    await studio.press("3")
    studio.app.post_message(events.Paste(f"curl http://x/events \\\n -d '{QUOTED}'"))
    await studio.settle()
    assert studio.focus == "event"
    assert [studio.field(name).value for name in ("event", "user", "data")] == [
        "app/login",
        "kim",
        '{"a": "it\'s"}',
    ]
