"""Rows of the history as people read them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from studio.language.kinds import Kind
from studio.store.entries import entry, key_of
from studio.store.records import Entry

HOUR = 3_600_000


def read(kind: int, data: Any = None, **more: Any) -> Entry:
    """The entry of a row of ann's journey."""
    row = {
        "seq": 7,
        "at": 1_000,
        "kind": kind,
        "user": "ann",
        "workflow": "buy",
        "owner": "ann",
        "journey_key": "",
        "journey_n": 1,
        "pass": 2,
        "name": None,
        "n": None,
        "place": None,
        "cause": 3,
        "code": "abc",
        "late": None,
        "id": None,
        "data": data if isinstance(data, str | None) else json.dumps(data),
        "number": None,
        "bounds": None,
        "refused": None,
    }
    return entry(tuple((row | more).values()))


def test_a_row_becomes_an_entry_with_all_that_it_holds() -> None:
    found = read(Kind.EVENT, {"n": 1}, name="paid", n=4, place="buy.py:3", late=9, id="e1")
    assert found == Entry(
        seq=7,
        at=1_000,
        kind="event",
        user="ann",
        workflow="buy",
        journey="buy/ann",
        pass_number=2,
        name="paid",
        key="ingest:paid#4",
        line="buy.py:3",
        message=None,
        data={"n": 1},
        level=None,
        cause=3,
        code="abc",
        late_ms=9,
        id="e1",
    )
    assert read(Kind.EVENT, {}, owner=None).journey is None
    assert read(Kind.EVENT, {}).late_ms == 0
    assert read(999).kind == "kind 999"


def test_a_refusal_says_how_often_and_of_which_workflow_it_is() -> None:
    found = read(Kind.REFUSED, {"reason": "a guest"}, name="buy", owner=None, workflow=None, refused=3)
    assert (found.workflow, found.name, found.message) == ("buy", None, "a guest (3 times)")
    assert found.data == {"reason": "a guest", "count": 3}
    # The events may be pruned.
    assert read(Kind.REFUSED, {"reason": "a guest"}, refused=0).message == "a guest"


def test_what_was_logged_is_text_with_a_level_and_no_data() -> None:
    found = read(Kind.LOG_WARNING, '{"a": 1}')
    assert (found.message, found.data, found.level) == ('{"a": 1}', None, "warning")
    assert read(Kind.NOTE).message == ""


def test_a_name_that_is_a_workflows_is_said_once() -> None:
    loaded = read(Kind.WORKFLOW_LOADED, {"summary": "2 steps"}, workflow=None, owner=None, name="buy")
    assert (loaded.workflow, loaded.name, loaded.message) == ("buy", None, "2 steps")
    for kind in (Kind.STARTED, Kind.COMPLETED, Kind.MOVED):
        assert read(kind, name="buy").name is None
    assert read(Kind.CLOCK_MOVED, name="buy").name == "buy"


@pytest.mark.parametrize(
    ("kind", "name", "data", "key"),
    [
        (Kind.EVENT, "paid", {}, "ingest:paid#1"),
        (Kind.EVENT_DUPLICATE, "paid", {}, "ingest:paid#1"),
        (Kind.WAIT_OPENED, "paid", {}, "wait:paid#1"),
        (Kind.WAIT_CLOSED, "paid", {}, "wait:paid#1"),
        (Kind.GROUP_OPENED, "wait_any", {}, "any#1"),
        (Kind.GROUP_CLOSED, "wait_all", {}, "all#1"),
        (Kind.SLEEP_OPENED, None, {}, "sleep#1"),
        (Kind.SPLIT, "price", {}, "split:price#1"),
        (Kind.WAIT_MOVED, None, {"local": {}}, "sleep#1"),
        (Kind.WAIT_MOVED, "comment", {"collect": True}, "wait:comment#1"),
        (Kind.MESSAGE_ASKED, "day 1", {"channel": "email"}, "message:day 1#1"),
        (Kind.STEP_STARTED, "day 1", {"channel": "email"}, "message:day 1#1"),
        (Kind.STEP_DONE, "day 1", {"result": 1, "channel": "email"}, "step:day 1#1"),
        (Kind.SLEEP_CLOSED, None, {}, "sleep#1"),
        (Kind.STEP_STARTED, "charge", {}, "step:charge#1"),
        (Kind.STEP_FAILED, "charge", {"once": True}, "once:charge#1"),
        (Kind.STEP_DONE, "charge", {"once": 1}, "step:charge#1"),
        (Kind.STEP_DONE, "charge", [], "step:charge#1"),
        (Kind.STARTED, None, {}, None),
        (Kind.LOG, None, None, None),
    ],
)
def test_a_commands_key_is_of_its_kind(kind: int, name: str | None, data: Any, key: str | None) -> None:
    assert key_of(kind, name, 1, data) == key
    assert key_of(kind, name, None, data) is None


def test_a_key_that_was_given_stands_for_itself() -> None:
    assert key_of(Kind.WAIT_OPENED, "paid", -1, {"id": "mine"}) == "wait=mine"
    assert key_of(Kind.STEP_DONE, "charge", -2, None) == "step="


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        (Kind.HOOK_FAILED, {"hook": "tell", "type": "OSError", "message": "no"}, "tell failed: OSError: no"),
        (Kind.FAILED, {"type": "KeyError", "message": "'id'"}, "KeyError: 'id'"),
        (Kind.STEP_FAILED, {"type": "KeyError"}, "KeyError"),
        (Kind.STEP_RETRY, {"message": "no"}, "no"),
        (Kind.STEP_RETRY, {}, None),
        (Kind.EVENT_DUPLICATE, {"id": "e1"}, "the id e1 was taken before"),
        (Kind.WORKFLOW_FAILED, {"message": "bad"}, "bad"),
        (Kind.MOVED, {"what": "match"}, "other match"),
        (Kind.MOVED, {"what": "new"}, None),
        (Kind.COMPLETED, {"result": {"b": "ü"}}, '{"b": "ü"}'),
        (Kind.COMPLETED, {"result": None}, "null"),
        (Kind.COMPLETED, {}, None),
        (Kind.SLEEP_OPENED, {"duration": HOUR}, "1h"),
        (Kind.SPLIT, {"arm": "a", "of": {"a": 100}}, "a"),
        (Kind.GOAL, {"took": HOUR}, "after 1h"),
        (Kind.WAIT_MOVED, {"collect": True, "waits": {"7": {"timeout": HOUR}}}, "collects for 1h"),
        (Kind.MESSAGE_DEFERRED, {"channel": "email", "reason": "quiet hours"}, "email: quiet hours"),
        (
            Kind.MESSAGE_DROPPED,
            {"channel": "email", "reason": "cap 1 per day", "winner": {"message": "a", "workflow": "buy"}},
            "email: cap 1 per day, after a of buy",
        ),
        (Kind.MESSAGE_SENT, {"channel": "email", "rewound": True}, "before a rewind"),
        (Kind.STARTED, {"had": {"event": "paid", "at": 86_400_000}}, "had paid already, on 1970-01-02"),
        (Kind.SPLIT, {"arm": "a", "drawn": 7}, "a, drawn before"),
        (Kind.SPLIT, {"arm": "a", "drawn": 7, "was": "b"}, "a, as b is not there any more"),
        (Kind.SLEEP_OPENED, {"duration": -5, "late": 2_000}, "0s, passed 2s ago"),
        (Kind.SLEEP_OPENED, {"duration": HOUR, "late": 0}, "1h"),
        (
            Kind.SLEEP_OPENED,
            {
                "duration": HOUR, "local": {"time": "02:30"}, "zone": "Europe/Paris", "zone_from": "workflow",
                "shifted": HOUR, "no_zone": "Mars",
            },
            "1h, until 02:30 Europe/Paris (the workflow's), 'Mars' is no time zone, "
            "02:30 does not exist that day, 1h later",
        ),
        (
            Kind.SLEEP_DONE,
            {"skipped": True, "local": {"time": "09:00", "days": 0}, "zone": "UTC", "late": HOUR},
            "skipped, until 09:00 today UTC, passed 1h ago",
        ),
        (
            Kind.WAIT_MOVED,
            {"local": {"time": "09:00"}, "from": "UTC", "to": "Asia/Tokyo", "waits": {}},
            "09:00 UTC → 09:00 Asia/Tokyo",
        ),
        (Kind.SLEEP_OPENED, {"duration": HOUR, "late": 1}, "1h, passed 1ms ago"),
        (Kind.SLEEP_OPENED, {"duration": "1h"}, None),
        (Kind.WAIT_OPENED, {}, None),
        (Kind.WAIT_OPENED, {"match": {"n": 1}, "timeout": HOUR}, '{"n": 1}, at most 1h'),
        (Kind.GROUP_OPENED, {"timeout": -1, "late": 1_000}, "at most 0s, passed 1s ago"),
        (Kind.WAIT_MATCHED, {"count": 1}, "1 event"),
        (Kind.WAIT_MATCHED, {"count": 2_000}, "2,000 events"),
        (Kind.WAIT_MATCHED, [1], None),
        (Kind.WAIT_CLOSED, {"timeout": HOUR}, None),
    ],
)  # fmt: skip
def test_some_words_say_what_an_entry_is_about(kind: int, data: Any, message: str | None) -> None:
    assert read(kind, data).message == message


def test_a_failure_says_its_line_where_the_entry_has_none() -> None:
    assert read(Kind.FAILED, {"line": "buy.py:9"}).line == "buy.py:9"
    assert read(Kind.FAILED, {"line": "buy.py:9"}, place="buy.py:3").line == "buy.py:3"
    assert read(Kind.FAILED, {"line": ""}).line is None
    assert read(Kind.WORKFLOW_FAILED, {"file": "buy.py", "line": 4}).line == "buy.py:4"
    assert read(Kind.WORKFLOW_FAILED, {"file": "buy.py"}).line == "buy.py"
    assert read(Kind.WORKFLOW_FAILED, {"line": 4}).line is None
    assert read(Kind.STEP_FAILED, {"line": "buy.py:9"}).line is None


def test_data_of_another_hand_is_shown_as_it_is() -> None:
    assert read(Kind.STARTED, "no json {").data == "no json {"
    assert read(Kind.FAILED, "no json {").message is None
