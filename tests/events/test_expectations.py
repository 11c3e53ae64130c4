"""Expect lines: what they may say, when they are met, and how a mismatch is shown."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from studio import Journey, VirtualClock, workflow
from studio.errors import EventError
from studio.events.event_files import parse_line, read, read_all
from studio.events.expectations import Expectation
from studio.testing.checked_play import Checked, play_and_check

START = VirtualClock().now()
DAY = 24 * 3_600_000


@workflow(trigger="signup", exit_on="left")
async def remind(journey: Journey) -> dict[str, int]:
    """Reminds each day, three times; in the end it says how often."""
    for number in (1, 2, 3):
        journey.log(f"round {number}")
        if await journey.wait_for("activated", timeout="1d"):
            return {"reminders": number - 1}
        await journey.ingest("reminder/sent", {"number": number})
    raise RuntimeError("never came back")


def play(*lines: dict[str, Any], until: tuple[int, bool] | None = None) -> Checked:
    text = [json.dumps(line) for line in lines]
    return asyncio.run(play_and_check(text, remind, name="x.jsonl", until=until))


def event(name: str, at: str = "0s") -> dict[str, Any]:
    return {"at": at, "event": name, "user": "ada"}


def expect(what: str, at: str = "0s", **fields: Any) -> dict[str, Any]:
    return {"at": at, "expect": what, "user": "ada", **fields}


ALL_MET = (
    event("signup"),
    expect("log", message="round 1"),
    expect("log", message="round 1", level="info", workflow="remind") | {"user": "bob"},
    {"event": "signup", "user": "bob"},
    expect("waiting", event="activated"),
    expect("not sent", event="reminder/*"),
    expect("waiting", "12h", event="activated", workflow="remind"),
    expect("sent", "1d", event="reminder/sent", data={"number": 1}),
    expect("log", "1d", message="round 2"),
    event("activated", "30h"),
    expect("completed", "30h", result={"reminders": 1}, workflow="remind"),
    expect("not sent", "30h", event="*"),
)


def test_what_comes_as_expected_is_met() -> None:
    done = play(*ALL_MET)
    assert (done.expectations, done.mismatch, done.problems) == (9, None, [])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (expect("log", "30h", message="round 9"), 'expected log "round 9" of ada, which did not come'),
        # At another moment is not as expected.
        (expect("log", "23h", message="round 2"), 'log "round 2"'),
        (expect("log", message="round 1", level="warning"), "did not come"),
        (expect("log", message="round 1", workflow="other"), "did not come"),
        (expect("sent", "1d", event="reminder/sent", data={"number": 2}), '"reminder/sent" {"number": 2}'),
        # From outside is not sent.
        (expect("sent", "0s", event="signup"), 'sent "signup"'),
        (expect("not sent", "1d", event="reminder/*"), "but reminder/sent was sent"),
        (expect("waiting", "30h", event="activated"), "waiting"),
        (expect("waiting", event="paid"), "waiting"),
        (expect("completed", "1d"), "completed of ada"),
        (expect("completed", "30h", result=None), "completed null of ada"),
        (expect("failed", "30h"), "failed of ada"),
        (expect("exited", "30h"), "exited of ada"),
    ],
)
def test_what_does_not_come_is_told_with_its_line(line: dict[str, Any], told: str) -> None:
    lines = sorted([event("signup"), event("activated", "30h"), line], key=lambda each: each["at"] == "30h")
    done = play(*lines)
    assert done.mismatch is not None
    (problem,) = done.mismatch.problems
    assert problem.startswith(f"x.jsonl:{lines.index(line) + 1}: expected ")
    assert told in problem
    assert done.mismatch.diff.startswith("--- expected by x.jsonl\n+++ what came\n@@ ")


def test_each_expectation_is_met_by_an_entry_of_its_own() -> None:
    done = play(event("signup"), expect("log", message="round 1"), expect("log", message="round 1"))
    assert done.mismatch is not None
    assert len(done.mismatch.problems) == 1


def test_not_sent_leaves_out_what_is_expected_to_be_sent() -> None:
    sent = expect("sent", "1d", event="reminder/sent")
    never = expect("not sent", "36h", event="*")
    assert play(event("signup"), sent, never).mismatch is None
    assert play(event("signup"), never).mismatch is not None


def test_within_allows_a_moment_to_be_near() -> None:
    near = expect("log", "23h59m", message="round 2")
    last = expect("not sent", "2d", event="other")
    assert play(event("signup"), near, last).mismatch is not None
    assert play(event("signup"), near | {"within": "2m"}, last).mismatch is None


def test_the_diff_shows_in_its_place_what_came_instead() -> None:
    done = play(event("signup"), expect("log", "1d", message="round two"))
    assert done.mismatch is not None
    assert done.mismatch.diff.splitlines()[2:] == [
        "@@ -4,5 +4,5 @@",
        "      +0s      ◷ waits for activated (at most 1d)",
        "      +1d      ◷ activated timed out",
        '      +1d      ◆ reminder/sent {"number": 1}',
        "-     +1d      round two   (line 2)",
        "+     +1d      round 2",
        "      +1d      ◷ waits for activated (at most 1d)",
    ]


def test_a_journey_that_fails_is_told_unless_it_is_expected_to() -> None:
    lines = [event("signup"), expect("not sent", "4d", event="other")]
    done = play(*lines)
    assert done.mismatch is not None
    assert done.mismatch.problems == ("x.jsonl: remind/ada failed, which no line expects",)
    failed = expect("failed", "3d", message="RuntimeError: never came back")
    assert play(lines[0], failed, lines[1]).mismatch is None


def test_time_ends_at_the_last_line_or_where_it_is_told_to() -> None:
    lines = [event("signup"), expect("log", message="round 1")]
    assert play(*lines).mismatch is None
    assert play(*lines, until=(2 * DAY, True)).mismatch is None
    # After three days the journey fails.
    assert play(*lines, until=(START + 4 * DAY, False)).mismatch is not None


def test_a_file_that_expects_nothing_is_refused() -> None:
    with pytest.raises(EventError, match=r"x\.jsonl: it expects nothing"):
        play(event("signup"))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (expect("log", message="x", event="y"), "expect \"log\" has no field 'event'. It may have: at, user"),
        (expect("completed", results=1), "no field 'results'"),
        (expect("slept"), "the field expect is 'slept'. Write one of: log, sent, not sent, waiting"),
        ({"expect": 3, "user": "ada"}, "the field expect is 3"),
        (expect("log"), 'expect "log" lacks the field message'),
        ({"expect": "completed"}, 'expect "completed" lacks the field user'),
        (expect("waiting", event=["a"]), "the field event is ['a'] and must be a text"),
        (expect("completed", workflow=""), "the field workflow is '' and must be a text"),
        (expect("sent", event="x", data=[1]), "the field data is not an object"),
        (expect("exited", within="3x"), 'the field within: "3x" is not a duration'),
        (expect("exited", at="3x"), "the field at is '3x', which is not a time"),
    ],
)
def test_a_slip_names_file_line_and_field(line: dict[str, Any], told: str) -> None:
    with pytest.raises(EventError) as caught:
        list(read([json.dumps(event("signup")), json.dumps(line)], START, "x.jsonl"))
    assert str(caught.value).startswith("x.jsonl:2: ")
    assert told in str(caught.value)
    assert caught.value.fix


def test_who_only_wants_events_passes_expectations_over() -> None:
    lines = [json.dumps(line) for line in ALL_MET]
    assert [each.name for each in read(lines, START)] == ["signup", "signup", "activated"]
    assert parse_line(lines[1], "stdin:1", START) is None
    found = [each for each in read_all(lines, START) if isinstance(each, Expectation)]
    assert len(found) == 9
    assert found[-1].at == START + 30 * 3_600_000
