from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import EventError, StudioError
from studio.language.incoming import incoming


def deep(levels: int) -> dict[str, Any]:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    assert isinstance(value, dict)
    return value


def refusal(*args: Any, **kwargs: Any) -> str:
    with pytest.raises(EventError) as caught:
        incoming(*args, **kwargs)
    assert isinstance(caught.value, StudioError)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "is empty"),
        (" \t", "is empty"),
        ("x" * 513, "has 513 characters, at most 512 are kept"),
        ("a\x1b[2J", "has the control character U+001B at position 2"),
        (None, "is NoneType and must be text"),
        (b"a", "is bytes and must be text"),
    ],
)
def test_a_wrong_event_name_is_refused_with_what_to_write(name: Any, why: str) -> None:
    assert refusal(name, "ada") == f'the event name {why}. Give a name such as "app/login".'


@pytest.mark.parametrize(
    ("user", "why"),
    [
        ("", "is empty"),
        ("x" * 513, "has 513 characters, at most 512 are kept"),
        ("a\nb", "has the control character U+000A at position 2"),
        (7, "is int and must be text"),
        (None, "is NoneType and must be text"),
        ({}, "is empty"),
        ({"id": ""}, "is empty"),
        ({"id": 7}, "is int and must be text"),
        ({"email": "a@b.c"}, "is empty"),
    ],
)
def test_a_wrong_user_is_refused_with_what_to_write(user: Any, why: str) -> None:
    message = refusal("login", user)
    assert message == f'the user of "login" {why}. Give an id such as "user1", or {{"id": "user1", …}}.'


@pytest.mark.parametrize(
    ("id", "why"),
    [
        ("", "is empty"),
        ("x" * 513, "has 513 characters, at most 512 are kept"),
        ("a\x00", "has the control character U+0000 at position 2"),
        (7, "is int and must be text"),
    ],
)
def test_a_wrong_id_is_refused_with_what_to_write(id: Any, why: str) -> None:
    message = refusal("login", "ada", {}, id)
    assert message == (f'the id of "login" {why}. Leave it out, or give a text that is unique to the event.')


@pytest.mark.parametrize(
    ("data", "type"),
    [([1], "list"), ([], "list"), ("text", "str"), ("", "str"), (7, "int"), (0, "int"), (True, "bool")],
)
def test_data_that_is_no_object_is_refused_with_an_example(data: Any, type: str) -> None:
    message = refusal("login", "ada", data)
    assert message == f'the data of "login" is a {type}, not an object. Give fields: {{"plan": "pro"}}.'


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"a": float("nan")}, "it has NaN or an infinity, which JSON does not know"),
        ({"a": [float("inf")]}, "it has NaN or an infinity, which JSON does not know"),
        ({"a": datetime(2026, 1, 1, tzinfo=UTC)}, "a value of type datetime is not JSON serializable"),
        ({"a": {1, 2}}, "a value of type set is not JSON serializable"),
        ({"a": "\ud800"}, "it has half of a surrogate pair, which is no character"),
        ({"a": "x" * (1 << 20)}, "it is 1.0 MiB, more than the 1 MiB that is kept"),
        ({"a": "x" * (3 << 20)}, "it is 3.0 MiB, more than the 1 MiB that is kept"),
        (deep(101), "it is nested more than 100 levels deep"),
    ],
)
def test_data_that_cannot_be_stored_is_refused_with_the_reason(data: dict[str, Any], why: str) -> None:
    assert refusal("login", "ada", data) == f'the data of "login" cannot be stored: {why}'


def test_data_nested_a_thousand_deep_is_refused() -> None:
    message = refusal("login", "ada", deep(1_000))
    assert message.startswith('the data of "login" cannot be stored: it is nested ')


def test_data_that_contains_itself_is_refused() -> None:
    data: dict[str, Any] = {}
    data["self"] = data
    assert "contains itself" in refusal("login", "ada", data)


def test_a_profile_that_cannot_be_stored_is_refused_by_the_users_name() -> None:
    message = refusal("login", {"id": "ada", "age": float("nan")})
    assert message.startswith("the profile of user 'ada' in \"login\" cannot be stored: it has NaN")


def test_further_fields_that_cannot_be_stored_are_refused() -> None:
    message = refusal("login", "ada", extra={"a": object()})
    assert message.startswith('the further fields of "login" cannot be stored: a value of type object')


@pytest.mark.parametrize("sent_at", ["yesterday", "1}", 1.5, float("nan"), True, -(2**70), 2**70])
def test_a_time_stamp_that_is_no_moment_is_refused(sent_at: Any) -> None:
    """It is written into JSON as it is: a text there would spoil the event for every reader."""
    assert "sent_at" in refusal("login", "ada", sent_at=sent_at)


@pytest.mark.parametrize("at", ["2s", 1.5, 2**70])
def test_a_moment_that_the_store_cannot_hold_is_refused(at: Any) -> None:
    assert "at" in refusal("login", "ada", at=at).split()


def test_unknown_fields_are_kept() -> None:
    event = incoming("login", "ada", {"a": 1}, extra={"source": "web", "n": [1]})
    assert event.extra == '{"source":"web","n":[1]}'


def test_what_comes_with_a_user_is_the_profile_without_the_id() -> None:
    given = {"id": "ada", "email": "a@b.c"}
    event = incoming("login", given)
    assert event.user == "ada"
    assert event.profile == '{"email":"a@b.c"}'
    assert given == {"id": "ada", "email": "a@b.c"}
    assert incoming("login", {"id": "ada"}).profile is None


def test_any_mapping_will_do_as_data() -> None:
    assert incoming("login", "ada", MappingProxyType({"a": (1, 2)})).text == '{"a":[1,2]}'


@pytest.mark.parametrize("data", [None, {}])
def test_no_data_is_an_empty_object(data: Any) -> None:
    assert incoming("login", "ada", data).text == "{}"


@given(
    st.text(),
    st.text() | st.dictionaries(st.sampled_from(["id", "email"]), st.text() | st.none()),
    st.none() | st.dictionaries(st.text(), st.none() | st.floats() | st.text()) | st.lists(st.integers()),
    st.none() | st.text(),
)
def test_whatever_is_said_is_taken_or_refused_as_an_event(name: Any, user: Any, data: Any, id: Any) -> None:
    try:
        event = incoming(name, user, data, id)
    except EventError as error:
        assert str(error)  # noqa: PT017 - both ways out are right
    else:
        assert event.name == name
        # All of it is text that SQLite can hold.
        for text in (event.name, event.user, event.text, event.id, event.profile):
            assert text is None or text.encode()
