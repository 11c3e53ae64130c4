"""A journey's id: unambiguous, unchanged where no part holds a mark, and read as it is written."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from studio.language.journey_ids import (
    Parts,
    behind_user,
    bounds_of,
    escaped,
    exact_id,
    is_escaped,
    joined_bounds,
    journey_id,
    meant,
    only_id,
    parse,
    plain_id,
    user_prefix,
)
from studio.language.names import fault

texts = st.text('ab12/~"{ ', min_size=1, max_size=6)
users = texts.filter(lambda text: fault(text) is None)
values = st.one_of(
    texts, st.just(""), st.integers(-3, 22), st.booleans(), st.none(), st.lists(texts, max_size=2)
)
keys = st.one_of(st.just(""), values.map(lambda value: json.dumps(value, ensure_ascii=False)))
parts = st.builds(Parts, st.sampled_from(["w", "w1"]), users, keys, st.integers(1, 12))


@given(parts, parts)
@example(Parts("cart", "org/1", '"c"', 1), Parts("cart", "org", '"1/c"', 1))
@example(Parts("ping", "ada~2", "", 1), Parts("ping", "ada", "", 2))
@example(Parts("w", "a~", "", 2), Parts("w", "a~~2", "", 1))
@example(Parts("w", "a", '"~2"', 1), Parts("w", "a", '""', 2))
@example(Parts("w", "a", '"7"', 1), Parts("w", "a", "7", 1))
def test_no_two_journeys_have_one_exact_id(one: Parts, other: Parts) -> None:
    assert (exact_id(*one) == exact_id(*other)) == (one == other)


@given(parts)
@example(Parts("w", "a", '"\\"7\\""', 1))
@example(Parts("w", "a", '"{"', 3))
def test_an_id_reads_as_it_is_written(one: Parts) -> None:
    assert one in parse(journey_id(*one))
    assert parse(exact_id(*one))[0] == one


@given(parts)
def test_an_id_without_marks_in_its_parts_is_as_it_always_was(one: Parts) -> None:
    if not set("/~") & set(one.user + one.key):
        assert journey_id(*one) == plain_id(*one)


def stored(*journeys: Parts, old: int = 0) -> Any:
    """Finds those of the journeys that an id means; the first `old` are from before marks were escaped."""

    def find(text: str) -> list[Parts]:
        return meant(
            text,
            lambda wanted: wanted if wanted in journeys else None,
            lambda found: journeys.index(found) >= old,
        )

    return find


@given(st.lists(parts, min_size=1, max_size=4, unique=True), st.integers(0, 4), st.data())
def test_what_an_id_means_is_never_another_journey(journeys: list[Parts], old: int, data: Any) -> None:
    find = stored(*journeys, old=old)
    one = data.draw(st.sampled_from(journeys))
    shown = plain_id(*one) if journeys.index(one) < old else journey_id(*one)
    assert one in find(shown)
    assert find(only_id(*one)) == [one]


def test_an_id_that_two_have_means_both() -> None:
    one, other = Parts("cart", "org/1", '"c"', 1), Parts("cart", "org", '"1/c"', 1)
    find = stored(one, other, old=2)
    assert set(find("cart/org/1/c")) == {one, other}
    assert find("cart/org~/1/c") == [one]
    # Since marks are escaped neither is called so, and it may be either.
    assert set(stored(one, other)("cart/org/1/c")) == {one, other}
    assert stored(one)("cart/org/1/c") == [one]
    second, user = Parts("ping", "ada", "", 2), Parts("ping", "ada~2", "", 1)
    assert stored(second, user)("ping/ada~2") == [second]
    assert stored(user, second, old=1)("ping/ada~2") == [second, user]
    assert stored(user, second, old=1)("ping//ada~2") == [second]
    assert stored(user, second, old=1)("ping/ada~~2") == [user]
    number, text = Parts("w", "a", "7", 1), Parts("w", "a", '"7"', 1)
    assert stored(number, text)("w/a/7") == [number, text]
    assert stored(text)("w/a/7") == [text]
    assert stored(number, text)('w//a/"7"') == [text]
    assert stored(number, text)("w//a/7") == [number]


def test_what_is_no_id_means_nothing() -> None:
    find = stored(Parts("w", "a", "", 1))
    for wrong in (
        "",
        "/",
        "//",
        "w",
        "w/",
        "w//",
        "~",
        "w/a~0",
        "w/a~01",
        "w/a~2x",
        "w/a/",
        "w/~a",
        "\ud800",
    ):
        assert find(wrong) == [], wrong


@given(users, users)
def test_the_user_in_an_id_is_known(user: str, other: str) -> None:
    for key, n, rest in (("", 1, ""), ('"c"', 1, "/c"), ("", 2, "~2"), ('"c"', 2, "/c~2")):
        id = journey_id("w", user, key, n)
        assert behind_user(id, "w", user) == rest
        assert user_prefix(id.removeprefix("w/")) == user
    if other != user and not {"/", "~"} & set(user + other):
        assert behind_user(journey_id("w", user, "", 1), "w", other) is None
    assert behind_user(f"w/{escaped('ada~2')}", "w", "ada") is None


def test_bounds_say_which_numbers_are_escaped() -> None:
    assert [n for n in range(1, 12) if is_escaped(n, bounds_of("[3, 5, 9]"))] == [3, 4, 9, 10, 11]
    assert not is_escaped(1, bounds_of(None))


@given(
    st.lists(st.integers(1, 9), unique=True, max_size=5).map(sorted),
    st.lists(st.integers(1, 9), unique=True, max_size=5).map(sorted),
    st.integers(0, 8),
)
def test_journeys_of_another_store_keep_what_they_are(own: list[int], theirs: list[int], count: int) -> None:
    first = max(10, *own, 1)
    joined = joined_bounds(tuple(own), tuple(theirs), first, count)
    for number in range(1, first):
        assert is_escaped(number, joined) == is_escaped(number, tuple(own))
    for number in range(1, count + 1):
        assert is_escaped(first - 1 + number, joined) == is_escaped(number, tuple(theirs))
    assert is_escaped(first + count, joined)
