"""How a hook wants to be called is seen before the first event needs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from studio import Event
from studio.engine.effects.hook_calls import check_by, tell_by
from studio.errors import StudioError

EVENT = Event("paid", "ada", 5, '{"n":1}', "p1", 7)


def in_order(user: str, events: tuple[str, ...], match: Any) -> list[dict[str, Any]]:
    return [{"name": name, "data": {"user": user, "match": match}} for name in events]


def by_keywords(*, user: str, data: Any, event: str) -> dict[str, Any]:
    return {"user": user, "asked": data}


async def later(user: str, events: tuple[str, ...], match: Any) -> list[dict[str, Any]]:
    return in_order(user, events, match)


@pytest.mark.parametrize("hook", [in_order, later])
def test_a_check_is_asked_in_order_for_all_names_together(hook: Callable[..., Any]) -> None:
    found = check_by(hook)("ada", ("a", "b"), {"n": 1})
    assert [each["name"] for each in found] == ["a", "b"]
    assert found[0]["data"] == {"user": "ada", "match": {"n": 1}}


def test_one_that_takes_keywords_is_asked_for_each_name_and_may_give_bare_data() -> None:
    assert check_by(by_keywords)("ada", ("a", "b"), None) == [
        {"name": "a", "data": {"user": "ada", "asked": {}}},
        {"name": "b", "data": {"user": "ada", "asked": {}}},
    ]


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (None, []),
        (False, []),
        ({"name": "a"}, [{"name": "a"}]),
        ([{"name": "a"}, {"name": "b"}], [{"name": "a"}, {"name": "b"}]),
    ],
)
def test_an_answer_is_nothing_one_event_or_several(answer: Any, found: Any) -> None:
    assert check_by(lambda user, events, match: answer)("ada", ("a",), None) == found


def test_an_answer_by_keywords_may_name_its_event_itself() -> None:
    def hook(*, user: str, data: Any, event: str) -> Any:
        return [{"event": "other", "data": {}}, {"data": {"n": 1}, "id": "x"}]

    assert check_by(hook)("ada", ("a",), None) == [
        {"event": "other", "data": {}, "name": "other"},
        {"data": {"n": 1}, "id": "x", "name": "a"},
    ]


def test_who_is_told_gets_the_event_or_its_parts() -> None:
    told: list[Any] = []
    tell_by(told.append)(EVENT)

    def parts(*, user: str, data: Any, event: str) -> None:
        told.append((user, dict(data), event))

    async def later(event: Event) -> None:
        told.append(event.id)

    tell_by(parts)(EVENT)
    tell_by(later)(EVENT)
    assert told == [EVENT, ("ada", {"n": 1}, "paid"), "p1"]


@pytest.mark.parametrize(
    ("make", "hook", "said"),
    [
        (check_by, 7, "check_event is a int, not a function"),
        (check_by, lambda one: None, "is called with user, events and match"),
        (tell_by, lambda: None, "is called with the event"),
        (tell_by, lambda a, b: None, "is called with the event"),
    ],
)
def test_what_cannot_be_called_so_is_refused_at_once(make: Any, hook: Any, said: str) -> None:
    with pytest.raises(StudioError, match=said):
        make(hook)


def test_names_alone_are_no_call_by_keywords() -> None:
    def more(user: str, data: Any, event: str, more: int) -> None:
        """Has the keywords, and needs another."""

    with pytest.raises(StudioError, match="is called with user, events and match"):
        check_by(more)

    def anything(*args: Any, **kwargs: Any) -> Any:
        return [{"args": args, "kwargs": kwargs}]

    assert check_by(anything)("ada", ("a",), None) == [{"args": ("ada", ("a",), None), "kwargs": {}}]


def test_of_a_function_that_is_not_written_in_python_nothing_is_said() -> None:
    # Its signature is not known: `type` takes one argument, and no keywords.
    tell_by(type)(EVENT)
