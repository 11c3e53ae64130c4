"""Taking a user out of a store, and what must be so before."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.errors import StoreError, StoreLocked
from studio.language.incoming import incoming
from studio.store.away import Handover, handover_of
from studio.store.handed_over import has_user, let_go, note_handover, share_salt
from studio.store.inbox import send
from studio.store.lock import alone_on
from studio.store.rebuild import compare
from studio.store.sqlite import Store
from studio.store.views import Views
from tests.store.build import small


def test_who_is_let_go_is_gone_and_the_others_are_as_they_were(tmp_path: Path) -> None:
    path = small(tmp_path / "a.db")
    with Views(path) as views:
        before = [entry.as_json() for entry in views.timeline("bob")]
    assert has_user(path, "ada")
    let_go(path, "ada", Handover(1, "away"))
    assert not has_user(path, "ada")
    assert handover_of(path, "ada") == Handover(1, "away")
    with Views(path) as views:
        assert [entry.as_json() for entry in views.timeline("bob")] == before
        (told,) = [e.data for e in views.entries(limit=100) if e.kind == "user.erased"]
    assert told["handed_over"]
    assert compare(path) == []
    let_go(path, "ada", Handover(1, "away"))
    assert compare(path) == []


def test_one_whose_events_wait_does_not_leave(tmp_path: Path) -> None:
    path = small(tmp_path / "a.db")
    send(path, [incoming("signup", "ada")])
    with pytest.raises(StoreError, match="events of 'ada' wait in the inbox"):
        note_handover(path, "ada", Handover(1, "leaving"))
    assert handover_of(path, "ada").state == "here"
    note_handover(path, "bob", Handover(1, "leaving"))
    assert handover_of(path, "bob").state == "leaving"


def test_beside_an_engine_nobody_leaves(tmp_path: Path) -> None:
    path = small(tmp_path / "a.db")
    with alone_on(path):
        for act in (note_handover, let_go):
            with pytest.raises(StoreLocked):
                act(path, "ada", Handover(1, "leaving"))


def test_a_store_without_users_takes_the_salt_over_and_one_with_users_does_not(tmp_path: Path) -> None:
    empty, other = tmp_path / "b.db", small(tmp_path / "a.db")
    share_salt(empty, "s", "seed")
    store = Store(empty)
    assert (store.salt, store.seed) == ("s", "seed")
    store.close()
    with pytest.raises(StoreError, match="different salts"):
        share_salt(other, "s", None)
    store = Store(other)
    salt = store.salt
    store.close()
    share_salt(other, salt, None)
