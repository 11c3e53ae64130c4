"""Calls of Segment's clients, of which one may be anything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import EventError
from studio.events.segment_calls import MOST_CALLS, MOST_REFUSED, NoCalls, again, read_calls, split

GOOD = {"type": "track", "event": "Login", "userId": "ada", "messageId": "m1"}


def call(**fields: Any) -> str:
    """A call with fields that may be wrong, as text."""
    return json.dumps({**GOOD, **fields})


def batch(*calls: str) -> str:
    """Calls as clients send them: with what they say of all."""
    return f'{{"context": {{"batch": [1], "a": "]}},"}}, "batch": [{", ".join(calls)}], "sentAt": "now"}}'


def deep(levels: int) -> str:
    return call().replace('"m1"', '"m1", "properties": {"x": ' + "[" * levels + "]" * levels + "}")


@pytest.mark.parametrize(
    ("bad", "why", "user", "event"),
    [
        (call(event="a\tb"), "the field event has the control character U+0009", "ada", "ab"),
        (call(event=""), "the field event is empty", "ada", "track"),
        (call(userId=""), "the field userId is empty", None, "Login"),
        (call(userId="ada\t"), "the field userId has the control character", "ada", "Login"),
        (call(userId="", anonymousId="\t"), "the field", None, "Login"),
        (call(userId=42), "the field userId is a number and must be text", "42", "Login"),
        (call(userId={"id": "ada"}), "the field userId is an object", None, "Login"),
        (call(userId="u" * 513), "has 513 characters", "u" * 512, "Login"),
        (call(type="delete"), "the field type is 'delete'", "ada", "Login"),
        (call(timestamp="never"), "the field timestamp", "ada", "Login"),
        (call(properties={"x": float("nan")}), "it has NaN, which JSON does not know", "ada", "Login"),
        (call(properties={"x": "\ud83d"}), "half of a surrogate pair", "ada", "Login"),
        (call(userId="ada\ud83d"), "half of a surrogate pair", "ada", "Login"),
        (call(properties={"x": 1}).replace("1}", "1e999}"), "larger than any number", "ada", "Login"),
        (call(properties={"x": 1}).replace("1}", "7" * 5_000 + "}"), "4,300 digits", "ada", "Login"),
        (call(properties={"x": "y" * 1_100_000}), "more than the 1 MiB", "ada", "Login"),
        (deep(300), "100 levels deep", "ada", "Login"),
        (deep(30_000), "nested", "ada", "Login"),
        ("[]", "it is a list, not an object", None, None),
        ("null", "it is null, not an object", None, None),
        ('"batch"', "it is a text, not an object", None, None),
    ],
)
def test_one_that_cannot_be_taken_loses_no_other(
    bad: str, why: str, user: str | None, event: str | None
) -> None:
    found = read_calls(batch(call(), bad, call(messageId="m2")), "batch", "body")
    assert [each.id for each in found.events] == ["m1", "m2"]
    (refused,) = found.refused
    assert refused.reason.startswith("body: batch[1]: ")
    assert why in refused.reason
    assert (refused.index, refused.body.strip(), refused.user, refused.event) == (1, bad, user, event)
    assert refused.too_large is ("1 MiB" in why)


def test_a_single_call_has_its_type_from_its_address() -> None:
    (event,) = read_calls(
        '{"event": "a", "userId": "u", "type": "page", "batch": []}', "track", "body"
    ).events
    assert (event.name, event.user) == ("a", "u")
    for body, kept in (('{"userId": "u"}', '{"type":"track","userId": "u"}'), (" {}", ' {"type":"track"}')):
        (refused,) = read_calls(body, "track", "body").refused
        assert (refused.body, refused.event) == (kept, "track")
        assert refused.reason.startswith("body: the field event is missing")


@pytest.mark.parametrize(
    ("text", "call", "why"),
    [
        ("", "batch", "The body is not valid JSON: Expecting value"),
        ("[]", "batch", "The body is not an object."),
        ("[]", "track", "The body is not an object."),
        ("{}", "batch", "body: the field batch is missing."),
        ('{"batch": {}}', "batch", "body: the field batch is an object, not a list."),
        ('{"batch": [{"a": 1}, {"b": }]}', "batch", "The body is not valid JSON: Expecting value"),
        ('{"batch": [{"a": 1}', "batch", "The body is not valid JSON"),
        ('{"x": NaN}', "batch", "no list of calls can be found"),
        ("[" * 100_000, "batch", "The body is not valid JSON"),
        ('{"batch": [' + "[" * 100_000, "batch", "The body is not valid JSON"),
        (batch(deep(30_000), '{"b": }'), "batch", "The body is not valid JSON"),
        (
            batch(*["7"] * (MOST_REFUSED + 1)),
            "batch",
            "More than 1,000 calls cannot be taken. The first: body",
        ),
        (batch(*["{}"] * (MOST_CALLS + 2)), "batch", "The batch has more than 50,000 calls"),
    ],
)
def test_what_is_no_batch_is_refused_as_a_whole(text: str, call: str, why: str) -> None:
    with pytest.raises(NoCalls) as told:
        read_calls(text, call, "body")
    assert why in str(told.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(
    calls=st.lists(JSON, max_size=5),
    around=st.dictionaries(st.text().filter(lambda key: key != "batch"), JSON, max_size=3),
    indent=st.sampled_from([None, 2]),
    ascii=st.booleans(),
)
def test_a_batch_falls_into_its_calls(
    calls: list[Any], around: dict[str, Any], indent: int | None, ascii: bool
) -> None:
    found = split(json.dumps({**around, "batch": calls, "z": around}, indent=indent, ensure_ascii=ascii))
    assert found is not None
    assert [json.loads(each) for each in found] == calls


def test_what_is_sent_again_may_be_a_call_or_anything_that_is_read() -> None:
    (event,) = again({**GOOD, "user": "somebody"}, "refused 1")
    assert (event.name, event.user, event.id) == ("Login", "ada", "m1")
    assert [each.user for each in again([{"event": "a", "user": "u"}, GOOD], "refused 1")] == ["u", "ada"]
    wrongs: list[Any] = [[], {}, {"type": []}, {**GOOD, "userId": ""}, 7]
    for wrong in wrongs:
        with pytest.raises(EventError, match="refused 1"):
            again(wrong, "refused 1")
