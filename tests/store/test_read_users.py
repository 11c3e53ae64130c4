"""What the engine asks about users, of a store written row by row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.store import read_users
from studio.store.sqlite import Store
from tests.store.build import Builder


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    b = Builder(tmp_path / "s.db")
    b.event("signup", "ada", 0, {"email": "ada@example.com"})
    b.event("signup", "bob")
    b.event("moved", "ada")
    b.con.execute("""INSERT INTO profiles VALUES (1, 3, '{"email":"new"}')""")
    made = Store(b.done())
    yield made
    made.abandon()


def test_users_are_found_by_name_and_by_number(store: Store) -> None:
    assert read_users.user_ids(store, ["bob", "nobody", "ada"]) == {"ada": 1, "bob": 2}
    assert read_users.user_names(store, [2, 9, 1]) == {1: "ada", 2: "bob"}


def test_a_profile_is_the_newest_version_up_to_an_entry(store: Store) -> None:
    assert read_users.profile(store, 1, 2) == (1, '{"email":"ada@example.com"}')
    assert read_users.profile(store, 1, 3) == (3, '{"email":"new"}')
    assert read_users.profile(store, 1, 0) is None
    assert read_users.profile(store, 2, 9) is None
