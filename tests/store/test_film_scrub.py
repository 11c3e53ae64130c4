"""What is left of an entry of which nobody is to be known, and what is not."""

from __future__ import annotations

import json

import pytest

from studio.language.kinds import Kind
from studio.store.film_scrub import GONE, Pseudonyms, without_users

NAMES = Pseudonyms(b"salt")


def left(kind: int, **facts: object) -> dict[str, object]:
    text = NAMES.entry(kind, json.dumps(facts))
    assert text is not None
    found: dict[str, object] = json.loads(text)
    return found


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        (Kind.EVENT, {"email": "ada@b.c"}, {}),
        (Kind.WAIT_OPENED, {"timeout": 5, "match": {"a": "a@b.c"}}, {"timeout": 5, "match": {"a": GONE}}),
        (Kind.WAIT_OPENED, {"events": ["app/*"], "after": 7}, {"events": ["app/*"], "after": 7}),
        (Kind.STEP_DONE, {"result": {"sent": "to ada"}, "attempt": 2}, {"attempt": 2}),
        (Kind.FAILED, {"type": "KeyError", "message": "'ada'", "line": "a.py:3", "traceback": "ada"},
         {"type": "KeyError", "message": GONE, "line": "a.py:3"}),
        (Kind.SLEEP_OPENED, {"duration": 9, "data": {"foo": "bar"}, "zone": "Europe/Berlin"},
         {"duration": 9, "zone": "Europe/Berlin"}),
        (Kind.MESSAGE_DEFERRED, {"channel": "email", "duration": 3, "reason": "cap of ada"},
         {"channel": "email", "duration": 3, "reason": GONE}),
        (Kind.SPLIT, {"arm": "in", "of": {"in": 90}}, {"arm": "in", "of": {"in": 90}}),
    ],
)  # fmt: skip
def test_what_stays_is_no_ones(kind: int, data: dict[str, object], expected: dict[str, object]) -> None:
    assert left(kind, **data) == expected


def test_texts_go() -> None:
    assert NAMES.entry(Kind.LOG, "mail to ada@b.c") == GONE
    assert NAMES.entry(Kind.LOG, None) is None
    assert NAMES.entry(Kind.WAIT_OPENED, "no JSON, ada") is None


def test_keys_and_ids_are_replaced_the_same_by_the_same() -> None:
    key = left(Kind.STARTED, key="cart of ada", n=1)["key"]
    assert key != "cart of ada"
    assert json.dumps(key) == NAMES.key(json.dumps("cart of ada"))
    assert NAMES.key("") == ""
    id = left(Kind.WAIT_OPENED, id="ada's")["id"]
    assert left(Kind.GROUP_OPENED, members=["wait:app/login#0", "wait:ada's"])["members"] == [
        "wait:app/login#0",
        f"wait:{id}",
    ]
    assert Pseudonyms(b"other").of("id", "ada's") != id


def test_a_name_in_which_a_user_is_named_names_another() -> None:
    known = {"ada": "user1"}.get
    assert without_users("mail ada", known) == "mail user1"
    assert without_users("mail bob@b.c", known) == f"mail {GONE}"
    assert without_users("app/login", known) == "app/login"
    assert without_users("onboarding.py:13", known) == "onboarding.py:13"
