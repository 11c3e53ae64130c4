"""The moment that a play begins at, and what names it."""

from __future__ import annotations

import json

import pytest

from studio.clocks.clock import iso
from studio.errors import EventError
from studio.events.adapters import parse_line
from studio.events.event_files import first_moment, first_seed, named_start, read

EVENT = json.dumps({"at": "2h", "event": "e", "user": "u"})


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"start": "2026-03-02T09:00", "timezone": "Europe/Berlin"}, "2026-03-02T08:00:00.000Z"),
        ({"start": "2026-03-02T09:00"}, "2026-03-02T09:00:00.000Z"),
        ({"start": "2026-03-02"}, "2026-03-02T00:00:00.000Z"),
        ({"start": "2026-03-02 09:00+02:00", "seed": "x"}, "2026-03-02T07:00:00.000Z"),
        # 02:30 is never shown there on that day.
        ({"start": "2026-03-29T02:30", "timezone": "Europe/Berlin"}, "2026-03-29T01:00:00.000Z"),
    ],
)
def test_a_file_begins_where_its_first_line_says(said: dict[str, str], found: str) -> None:
    lines = ["# mine", json.dumps(said), EVENT]
    start = first_moment(lines)
    assert start is not None
    assert (iso(start), named_start(lines), first_seed(lines)) == (found, start, said.get("seed"))
    (event,) = read(lines, start)
    assert event.at == start + 7_200_000


def test_what_an_event_says_of_itself_is_no_named_start() -> None:
    own = json.dumps({"at": "2026-03-02T09:00", "event": "e", "user": "u", "start": "soon"})
    assert named_start([own]) is None
    (event,) = read([own], 0)
    assert event.extra == '{"start":"soon"}'


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"start": "soon"}, "start is 'soon', which is no date"),
        ({"start": 5}, "start is 5, which is no date"),
        ({"start": "2026-13-02"}, "which is no date"),
        ({"start": "1969-03-02"}, "outside the years"),
        ({"start": "2026-03-02", "timezone": "Europe/Berlyn"}, "did you mean 'Europe/Berlin'"),
        ({"start": "2026-03-02T09:00Z", "timezone": "Europe/Berlin"}, "has an offset"),
        ({"start": "2026-03-02", "zone": "UTC"}, "the field zone has no meaning"),
    ],
)
def test_one_that_is_wrong_is_told_with_its_line(said: dict[str, object], what: str) -> None:
    line = json.dumps(said)
    for wrong in (
        lambda: first_moment([line], "f.jsonl"),
        lambda: list(read([line], 0, "f.jsonl")),
        lambda: parse_line(line, "f.jsonl:1", 0),
    ):
        with pytest.raises(EventError) as raised:
            wrong()
        assert raised.value.where == "f.jsonl:1"
        assert what in raised.value.what


def test_it_is_the_first_line() -> None:
    with pytest.raises(EventError, match="not its first line"):
        list(read([EVENT, json.dumps({"start": "2026-03-02"})], 0))


def test_events_that_come_now_pass_over_it() -> None:
    assert parse_line(json.dumps({"start": "2026-03-02"}), "stdin:1", 0) == []
