"""A film shows a store to others: of one user or of all, with their names or without."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from studio import Engine, VirtualClock
from studio.errors import NotOffered, StoreError
from studio.language.incoming import incoming
from studio.store.capabilities import capabilities_of
from studio.store.film import write_film
from studio.store.inbox import send
from studio.store.past_views import PastViews
from studio.store.rebuild import compare
from studio.store.views import Views
from tests.store.build import START
from tests.store.lived import lived
from tests.store.lives import guest, welcome
from tests.store.shop import LENGTH, store


def kinds(path: Path, user: str) -> list[str]:
    with Views(path) as views:
        return [entry.kind for entry in views.timeline(user)]


def test_a_film_of_all_is_the_store_to_be_looked_at(tmp_path: Path) -> None:
    path = store(tmp_path / "s.db")
    film = write_film(path, tmp_path / "film.db")
    assert (film.users, film.entries) == (3, LENGTH)
    assert film.size == film.path.stat().st_size
    assert compare(film.path) == []
    with PastViews(path) as there, PastViews(film.path) as here:
        for seq in (0, 7, 16, LENGTH):
            assert there.go(seq) == here.go(seq)
            assert there.users() == here.users()
            assert there.waits() == here.waits()
            assert there.logs() == here.logs()
            assert there.totals() == here.totals()
    assert sorted(file.name for file in tmp_path.iterdir() if "film" in file.name) == ["film.db"]


def test_nothing_runs_on_a_film_and_nothing_can_be_sent(tmp_path: Path) -> None:
    film = write_film(lived(tmp_path / "s.db"), tmp_path / "film.db").path
    with Views(film) as views:
        assert not views.left_waiting()
    assert capabilities_of(film).missing()
    with pytest.raises(NotOffered, match="it is a film"):
        send(film, [incoming("tick", "Bob-Bob", {})])


async def test_no_engine_starts_on_a_film(tmp_path: Path) -> None:
    film = write_film(store(tmp_path / "s.db"), tmp_path / "film.db").path
    with pytest.raises(NotOffered, match="it is a film"):
        await Engine([welcome, guest], store=film, clock=VirtualClock(START)).start()


def test_a_film_of_one_user_has_nobody_else_in_it(tmp_path: Path) -> None:
    path = lived(tmp_path / "s.db")
    film = write_film(path, tmp_path / "film.db", "Zelda-Quux")
    assert film.users == 1
    assert compare(film.path) == []
    assert kinds(film.path, "Zelda-Quux") == kinds(path, "Zelda-Quux")
    with Views(film.path) as views:
        assert [row.id for row in views.users()] == ["Zelda-Quux"]
        assert {row.workflow for row in views.journeys()} == {"welcome", "guest"}
    raw = film.path.read_bytes()
    for other in (b"Bob-Bob", b"Carol-Carol", b"carol@example.com"):
        assert other not in raw
    with pytest.raises(StoreError, match="there is no user 'nobody'"):
        write_film(path, tmp_path / "other.db", "nobody")


@pytest.mark.parametrize("user", [None, "Zelda-Quux"])
def test_an_anonymous_film_names_nobody_and_has_no_payload(tmp_path: Path, user: str | None) -> None:
    path = lived(tmp_path / "s.db")
    film = write_film(path, tmp_path / "film.db", user, anonymous=True)
    assert compare(film.path) == []
    raw = film.path.read_bytes().lower()
    for text in (b"zelda", b"bob-bob", b"carol", b"example.com"):
        assert text not in raw
    con = sqlite3.connect(film.path)
    # The source of the workflows is the author's, and stays.
    said = con.execute("SELECT group_concat(data) FROM history").fetchone()[0]
    con.close()
    assert not [text for text in ("a friend", "asked in", "mailed", "hello") if text in said]
    with Views(path) as there, Views(film.path) as here:
        who = ["Zelda-Quux", "Bob-Bob", "Carol-Carol", "xuuQ-adleZ"] if user is None else [user]
        names = {row.id for row in here.users()}
        assert names == {f"user{number}" for number in range(1, len(names) + 1)}
        if user is None:
            assert len(names) == len(there.users())
            assert here.totals() == there.totals()
        # The same happened to each, at the same time.
        told = [[(e.kind, e.at, e.name) for e in here.timeline(name)] for name in names]
        for name in who:
            if there.user(name) is not None:
                assert [(e.kind, e.at, e.name) for e in there.timeline(name)] in told
        assert sorted(w.due_at or 0 for w in here.waits()) == sorted(
            w.due_at or 0 for w in there.waits(user=user)
        )


def test_a_film_takes_nobodys_place(tmp_path: Path) -> None:
    path = store(tmp_path / "s.db")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="a file of this name already exists"):
        write_film(path, path)
    assert path.read_bytes() == before
    with pytest.raises(StoreError):
        write_film(tmp_path / "none.db", tmp_path / "film.db")
    con = sqlite3.connect(path)
    assert con.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    con.close()
