"""What records of the store say of themselves."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from studio.store.records import Entry, LeftWaiting, WaitRow


@pytest.mark.parametrize(
    ("events", "more", "number", "words"),
    [
        (0, False, "0", "0 events wait in the inbox: no engine runs"),
        (1, False, "1", "1 event waits in the inbox: no engine runs"),
        (2, False, "2", "2 events wait in the inbox: no engine runs"),
        (10_000, True, "10,000+", "10,000+ events wait in the inbox: no engine runs"),
    ],
)
def test_what_waits_in_the_inbox_is_counted_in_words(
    events: int, more: bool, number: str, words: str
) -> None:
    left = LeftWaiting(events, more)
    assert (bool(left), left.number, left.words) == (events > 0, number, words)


def test_an_entry_as_json_names_what_there_is_of_it() -> None:
    plain = Entry(7, 1_000, "event", "ann", None, None, None, "paid", None, None, None, {"n": 1})
    line = plain.as_json()
    assert line == {
        "time": "1970-01-01T00:00:01.000Z",
        "kind": "event",
        "user": "ann",
        "workflow": None,
        "journey": None,
        "pass": None,
        "name": "paid",
        "line": None,
        "message": None,
        "data": {"n": 1},
        "seq": 7,
    }
    more: dict[str, Any] = {"key": "ingest:paid#0", "level": "info", "id": "e1", "late_ms": 5}
    assert replace(plain, **more).as_json() == line | more


def row(kind: str, due_at: int | None, *parts: WaitRow) -> WaitRow:
    """A wait of ann's journey."""
    facts: dict[str, Any] = dict.fromkeys(field.name for field in fields(WaitRow))
    return WaitRow(**{**facts, "kind": kind, "due_at": due_at, "parts": parts})


def test_of_a_group_the_nearest_deadline_counts_and_what_an_event_ends() -> None:
    soon, late, never = row("sleep", 5), row("wait", 9), row("wait", None)
    assert row("group", 7, late, never, soon).nearest is soon
    group = row("group", 3, late, soon)
    assert group.nearest is group
    assert row("group", None, never, late).nearest is late
    assert never.nearest is never
    assert row("group", 7, late, soon, never).answerable == (late, never)
    assert late.answerable == (late,)
    assert soon.answerable == ()
