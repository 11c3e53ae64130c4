"""Event files: what they may say, and what a mistake in them gets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.clocks.clock import VirtualClock, iso
from studio.errors import EventError
from studio.events.event_files import first_moment, parse_line, read

START = VirtualClock().now()
ROOT = Path(__file__).parents[2]


def one(**fields: object) -> str:
    return json.dumps({"event": "e", "user": "u", **fields})


def at(*lines: str) -> list[int | None]:
    return [None if e.at is None else e.at - START for e in read(lines, START)]


def test_a_line_is_an_event() -> None:
    line = '{"at": "2s", "event": "app/login", "user": "user1", "data": {"plan": "pro"}, "id": "x", "n": 1}\n'
    (event,) = read([line], START)
    assert (event.name, event.user, event.text, event.id) == ("app/login", "user1", '{"plan":"pro"}', "x")
    assert (event.at, event.sent_at, event.extra) == (START + 2_000, None, '{"n":1}')


def test_a_user_may_come_with_a_profile() -> None:
    (event,) = read([one(user={"id": "ada", "email": "ada@x", "plan": "pro"})], START)
    assert (event.user, event.profile) == ("ada", '{"email":"ada@x","plan":"pro"}')


def test_at_is_an_offset_a_time_or_the_moment_of_the_line_above() -> None:
    assert at(one(), one(at="2s"), one(), one(at=3), one(at=3.5), one(at="1h"), one(at=None)) == [
        0,
        2_000,
        2_000,
        3_000,
        3_500,
        3_600_000,
        3_600_000,
    ]
    moment = "2026-01-02T03:04:05.678"
    expected = START + 86_400_000 + 3 * 3_600_000 + 4 * 60_000 + 5_678
    for text in (
        moment,
        moment + "Z",
        moment + "+00:00",
        "2026-01-02T05:04:05.678+02:00",
        moment.replace("T", " "),
    ):
        assert [e.at for e in read([one(at=text)], START)] == [expected]
    assert [e.at for e in read([one(at=expected)], START)] == [expected]
    assert at(one(at="2026-01-02")) == [86_400_000]


def test_comments_empty_lines_and_a_byte_order_mark_are_passed_over() -> None:
    lines = [b"\xef\xbb\xbf# events\n", b"\n", b"   \n", b"  # more\n", one().encode() + b"\r\n"]
    assert len(list(read(lines, START))) == 1
    assert len(list(read([b"\xef\xbb\xbf" + one().encode()], START))) == 1


def test_what_comes_now_keeps_at_as_the_senders_own_stamp() -> None:
    event = parse_line(one(at="2s"), "stdin:1", START)
    assert event is not None
    assert (event.at, event.sent_at) == (None, START + 2_000)
    event = parse_line(one(), "stdin:1", START)
    assert event is not None
    assert (event.at, event.sent_at) == (None, None)
    assert parse_line("", "stdin:1", START) is None
    assert parse_line("# no event", "stdin:1", START) is None


def test_the_first_moment_of_a_file() -> None:
    assert first_moment([]) is None
    assert first_moment(["# nothing"]) is None
    assert first_moment([one(), one(at="2026-01-02")]) is None
    assert first_moment(["#", one(at="5s")]) is None
    assert first_moment([one(at="2026-01-02"), one(at="x")]) == START + 86_400_000


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "it is not valid JSON: "),
        ("{'event': 1}", "at column 2"),
        ("[1]", "it is a list, not an object"),
        ("null", "it is null, not an object"),
        ('{"user": "u"}', "the field event is missing"),
        ('{"event": "e"}', "the field user is missing"),
        ('{"event": "e", "user": "u", "data": {"x": NaN}}', "NaN"),
        (one(event=""), "the event name is empty"),
        (one(event="a\u001bb"), "control character U+001B"),
        (one(event="x" * 513), "513 characters"),
        (one(user=7), 'the user of "e" is int and must be text'),
        (one(user={"name": "x"}), "is empty"),
        (one(data=[1]), 'the data of "e" is a list, not an object'),
        (one(data="x"), "not an object"),
        (one(id=5), 'the id of "e" is int'),
        (one(data={"x": "y" * (1 << 20)}), "more than the 1 MiB"),
        ('{"event":"e","user":"u","data":' + '{"x":' * 1_000 + "1" + "}" * 1_001, "nested"),
        ('{"event":"e","user":"u","data":' + "[" * 100_000, "nested"),
        (one(at="3x"), "the field at is '3x', which is not a time"),
        (one(at=""), "which is not a time"),
        (one(at=-1), "which is not a time"),
        (one(at=True), "which is not a time"),
        (one(at=[1]), "which is not a time"),
        (one(at="2026-13-01"), "which is not a time"),
        (one(at="1969-12-31"), "outside the years 1970 to 9999"),
        (one(at="99999y"), "outside the years"),
        (one(at=10**18), "outside the years"),
        ('{"event": "e", "user": "u", "data": {"plan": 1, "plan": 2}}', 'it has the key "plan" twice. Leave'),
        ('{"event": "e", "event": "f", "user": "u"}', 'it has the key "event" twice'),
        (one(at="5x"), '("5x" is not a duration)'),
    ],
)
def test_a_mistake_names_file_line_and_field(line: str, told: str) -> None:
    for lines in ([one(), "# comment", line], [one().encode(), b"", line.encode()]):
        with pytest.raises(EventError) as caught:
            list(read(lines, START, "data/x.jsonl"))
        assert str(caught.value).startswith("data/x.jsonl:3: ")
        assert told in str(caught.value)
        # It says what to do, and never shows a whole megabyte.
        assert caught.value.fix
        assert len(str(caught.value)) < 1_000
    with pytest.raises(EventError, match="stdin:9"):
        parse_line(line, "stdin:9", START)


@pytest.mark.parametrize("now", [False, True])
@pytest.mark.parametrize(
    ("moment", "meant", "when"),
    [
        (1767225600, 1767225600000, "2026-01-01T00:00:00.000Z"),
        (1767225600.25, 1767225600250, "2026-01-01T00:00:00.250Z"),
        (5 * 10**8, 500000000000, "1985-11-05T00:53:20.000Z"),
        (99_999_999_999, 99999999999000, "5138-11-16T09:46:39.000Z"),
    ],
)
def test_unix_seconds_are_refused_with_the_milliseconds_that_were_meant(
    moment: float, meant: int, when: str, now: bool
) -> None:
    line = one(at=moment)
    with pytest.raises(EventError) as caught:
        _ = parse_line(line, "file:1", START) if now else list(read([line], START, "file"))
    assert str(caught.value) == (
        f"file:1: the field at is {moment!r}, which looks like Unix seconds and is more than 15 years from"
        f" the start. Write milliseconds: {meant}, which is {when}."
    )


def test_a_long_offset_is_no_unix_time() -> None:
    assert at(one(at=400_000_000), one(at="20y")) == [400_000_000_000, 20 * 365 * 86_400_000]


def test_what_is_not_utf8_is_named_by_its_byte() -> None:
    with pytest.raises(EventError, match=r"x:1: byte 2 of the line is not UTF-8"):
        list(read([b"{\xff"], START, "x"))


def test_lines_out_of_order_are_refused() -> None:
    with pytest.raises(
        EventError, match=r"x:2: the field at \('1s'\) lies before the start or the line above it"
    ):
        list(read([one(at="2s"), one(at="1s")], START, "x"))


@given(st.integers(0, 10**10), st.sampled_from(["text", "iso", "epoch"]))
def test_every_moment_reads_back(ms: int, form: str) -> None:
    value: object = {"text": f"{ms}ms", "iso": iso(START + ms), "epoch": START + ms}[form]
    assert at(one(at=value)) == [ms]


@pytest.mark.parametrize("path", sorted((ROOT / "data").glob("*.jsonl")), ids=lambda path: path.name)
def test_the_example_files_read(path: Path) -> None:
    with path.open("rb") as file:
        assert list(read(file, START, path.name))
