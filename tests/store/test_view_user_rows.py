"""Users, a row each: by id, by what they did last, by their state."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.language.kinds import Status
from studio.store.views import Views
from tests.store.build import START, Builder, many, small


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return small(tmp_path / "studio.db")


def test_a_user_at_a_glance(store: Path) -> None:
    with Views(store) as views:
        ada, bob = views.users()
        assert views.user("ada") == ada
    assert (ada.id, ada.state, ada.workflow, ada.journeys, ada.note) == (
        "ada",
        "waiting",
        "welcome",
        2,
        "second day",
    )
    assert (ada.due_at, ada.waits_for) == (START + 62_000, "paid, left")
    assert (ada.last_event, ada.last_at) == ("cart/created", START + 4_000)
    assert (bob.id, bob.state, bob.workflow, bob.due_at, bob.waits_for) == (
        "bob/x~2",
        "failed",
        "cart",
        None,
        None,
    )


def test_users_come_in_pages_by_id(tmp_path: Path) -> None:
    names = [f"user{i:03}" for i in range(25)]
    with Views(many(tmp_path / "s.db", reversed(names))) as views:
        seen: list[str] = []
        while page := views.users(limit=10, after=seen[-1] if seen else None):
            seen += [row.id for row in page]
        assert seen == names
        assert [row.id for row in views.users(contains="R01", limit=3)] == ["user010", "user011", "user012"]
        assert views.users(contains="%") == []


def test_the_most_recently_active_users_come_first(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    for name in ("a", "b", "c"):
        b.event("e", name)
    b.event("e", "a", 5)
    with Views(b.done()) as views:
        assert [row.id for row in views.recent_users()] == ["a", "c", "b"]
        assert [row.id for row in views.recent_users(limit=2)] == ["a", "c"]


def test_who_had_an_event_since_a_moment_comes_latest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    b = Builder(tmp_path / "s.db")
    for at, user in enumerate(("ann", "bob", "Cid", "ann")):
        b.event("e", user, at)
    b.journey("w", "bob", b.event("e", "bob", 4), 4)
    monkeypatch.setattr("studio.store.view_user_rows.WINDOW_ROWS", 2)
    with Views(b.done()) as views:

        def since(at: int, **more: str) -> list[str]:
            found: dict[str, None] = {}
            before: int | None = None
            while before != 0:
                page, before = views.users_since(START + at, before=before, **more)
                found |= dict.fromkeys(page)
            return list(found)

        assert since(0) == ["bob", "ann", "Cid"]
        assert since(3) == ["bob", "ann"]
        assert since(9) == since(0, workflow="?") == []
        assert since(0, contains="C") == ["Cid"]
        assert since(0, workflow="w") == ["bob"]


def test_users_of_a_workflow_come_by_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    b = Builder(tmp_path / "s.db")
    for n, user in enumerate(("zoe", "Éva", "ann", "bob")):
        b.journey("w" if n % 2 == 0 else "v", user, b.event("e", user))
    with Views(b.done()) as views:
        for few in (0, 1_000):
            monkeypatch.setattr("studio.store.view_user_rows.FEW", few)
            assert [row.id for row in views.users(workflow="w")] == ["ann", "zoe"]
            assert [row.id for row in views.users(workflow="w", after="ann")] == ["zoe"]
            assert [row.id for row in views.users(workflow="v", contains="éV")] == ["Éva"]
            assert views.users(workflow="?") == []


def test_behind_those_who_were_active_lately_come_those_who_came_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    b = Builder(tmp_path / "s.db")
    for n, name in enumerate(("a", "b", "c", "d", "e")):
        b.event("e", name, n)
    for n in range(30):
        b.event("e", "b", 10 + n)
    monkeypatch.setattr("studio.store.view_user_rows.WINDOW_ROWS", 10)
    with Views(b.done()) as views:
        assert [row.id for row in views.recent_users()] == ["b", "e", "d", "c", "a"]
        assert [row.id for row in views.recent_users(limit=3)] == ["b", "e", "d"]


def test_who_waits_in_a_workflow_that_does_not_run_is_said_to_and_nobody_else(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    waits, rests = (b.journey("w", name, b.event("e", name)) for name in ("waits", "rests"))
    b.wait(waits, "x", 0)
    b.con.execute("UPDATE journeys SET status = ? WHERE id = ?", (Status.IDLE, rests))
    b.con.execute("INSERT INTO meta VALUES (?, 'is gone')", (f"missing/{b.name('w')}",))
    with Views(b.done()) as views:
        assert {row.id: row.waits_for for row in views.users()} == {
            "waits": "workflow is gone",
            "rests": None,
        }
