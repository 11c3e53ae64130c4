"""Users and their profiles: those that are written, and those that a batch makes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.language.event import Event
from studio.store.sqlite import Store
from tests.engine.work.parts import Parts
from tests.store.build import Builder


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    b = Builder(tmp_path / "s.db")
    b.event("go", "ada", data={"email": "ada@x.io"})
    b.user("bob")
    store = Store(b.done())
    yield Parts(store)
    store.abandon()


def test_a_user_is_one_object_by_name_and_by_number(parts: Parts) -> None:
    users = parts.users
    ada = users.user("ada")
    assert (ada.id, ada.new, users.user("ada"), users.user_by_id(1)) == (1, False, ada, ada)
    bob = users.user_by_id(2)
    assert (bob.name, users.user("bob")) == ("bob", bob)
    assert users.load_by_id({1, 2}) == {1: ada, 2: bob}


def test_a_user_who_is_not_there_is_made_once_and_counted(parts: Parts) -> None:
    users = parts.users
    assert not users.has_user("cyd")
    users.load(["cyd", "ada", "cyd"])
    # A batch may end before it comes to those that it has read for.
    assert (users.has_user("cyd"), users.has_user("ada"), parts.changes.users) == (False, True, [])
    cyd = users.user("cyd")
    assert (cyd.id, cyd.new, users.has_user("cyd")) == (3, True, True)
    assert parts.changes.users == [(3, "cyd")]
    ((_, _, n),) = parts.totals.rows()
    assert n == 1
    # Not written: the number is given out again.
    assert Parts(parts.store).users.user("dan").id == 3
    users.written()
    assert Parts(parts.store).users.user("eve").id == 4


def test_what_an_event_says_of_its_user_is_known_from_it_on(parts: Parts) -> None:
    users = parts.users
    ada = users.user("ada")
    seq = parts.store.next_seq
    users.learn(Event("identify", "ada", 5, '{"name":"Ada"}', None, seq), None)
    assert users.profile(ada, seq - 1) == {"email": "ada@x.io"}
    assert users.profile(ada, seq) == {"email": "ada@x.io", "name": "Ada"}
    ((user, at, text),) = parts.changes.profiles
    assert (user, at, json.loads(text)) == (1, seq, users.profile(ada, seq))
    # What is known already, or says nothing, is no version.
    users.learn(Event("identify", "ada", 6, '{"name":"Ada"}', None, seq + 1), None)
    users.learn(Event("login", "ada", 7, '{"n":1}', None, seq + 2), None)
    assert len(parts.changes.profiles) == 1


def test_of_a_new_user_nothing_is_known_and_what_is_put_holds_from_there(parts: Parts) -> None:
    cyd = parts.users.user("cyd")
    assert parts.users.profile(cyd, 99) == {}
    parts.users.put_profile(cyd, 7, {"plan": "pro"})
    assert (parts.users.profile(cyd, 6), parts.users.profile(cyd, 7)) == ({}, {"plan": "pro"})
    assert parts.changes.profiles == [(3, 7, '{"plan":"pro"}')]
