"""Journeys, a row each: by user, workflow and status, and by their ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.store.views import Views
from tests.store.build import START, Builder, small


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return small(tmp_path / "studio.db")


def test_journeys_by_user_workflow_and_status(store: Path) -> None:
    with Views(store) as views:
        ids = ["welcome/ada", "cart/bob~/x~~2/c1", "cart/ada/7~2"]
        assert [row.id for row in views.journeys()] == ids
        assert [row.id for row in views.journeys(user="ada")] == [ids[0], ids[2]]
        assert [row.id for row in views.journeys(workflow="cart")] == ids[1:]
        assert [row.id for row in views.journeys(status="failed")] == [ids[1]]
        assert (
            views.journeys(status="exited")
            == views.journeys(status="?")
            == views.journeys(workflow="?")
            == []
        )
        assert views.journeys(user="?") == []
        assert [row.id for row in views.journeys(after=ids[0], limit=1)] == [ids[1]]
        first, failed, sleeping = views.journeys()
    assert (first.status, first.pass_number, first.note) == ("waiting", 1, "second day")
    assert (first.due_at, first.waits_for, first.started_at) == (START + 62_000, "paid, left", START)
    assert (failed.key, failed.status, failed.waits_for) == ("c1", "failed", None)
    assert (sleeping.key, sleeping.waits_for, sleeping.due_at) == ("7", "sleep", START + 3_604_000)


def test_what_a_journey_waits_for_is_told_in_a_later_pass_too(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    b.wait(b.journey("w", "ada", b.event("e", "ada")), "paid", 0, 9_000)
    b.con.execute("UPDATE journeys SET pass = 2")
    with Views(b.done()) as views:
        (row,) = views.journeys()
    assert (row.pass_number, row.waits_for, row.due_at) == (2, "paid", START + 9_000)


def test_a_journey_is_found_by_its_id_whatever_its_parts_hold(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    ids = []
    for user, key, n in (
        ("a/b~2", None, 1),
        ("a/b", None, 2),
        ("a", "b/c", 3),
        ("x", 5, 1),
        ("x", "5", 2),
        ("y", True, 1),
    ):
        b.journey("w", user, b.event("e", user), key=key, n=n)
    path = b.done()
    with Views(path) as views:
        ids = [row.id for row in views.journeys()]
        assert ids == ["w/a~/b~~2", "w/a~/b~2", "w/a/b~/c~3", "w/x/5", "w/x/5~2", "w/y/true"]
        for id in ids:
            found = views.journey(id)
            assert found is not None
            assert found.id == id
        # As it was written before marks were escaped, where no other has that id.
        old = views.journey("w/a/b/c~3")
        assert old is not None
        assert old.user == "a"
        for wrong in (
            "w/a/b~9",
            "w",
            "w/",
            "",
            "/",
            "~",
            "w/x/6",
            "v/x/5",
            "w/x/5~0",
            "w/x/5~02x",
            "\ud800/x",
            "w/x/\ud800",
        ):
            assert views.journey(wrong) is None


def test_journeys_that_began_since_a_moment_stand_behind_a_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.store.view_journey_rows.STRETCH", 3)
    b = Builder(tmp_path / "s.db")
    for at in range(20):
        b.journey("w", f"u{at}", b.event("e", f"u{at}", at), at)
    # A late timer of long ago.
    b.journey("w", "late", b.event("e", "late", 1), 1)
    with Views(b.done()) as views:
        for at in range(23):
            rows = views.journeys(after=views.began_since(START + at))
            there = [row.id for row in rows if row.started_at >= START + at]
            assert there == [row.id for row in views.journeys() if row.started_at >= START + at]
        assert len(views.journeys(after=views.began_since(START + 19))) < 6
