"""What front ends ask of a store, on real files."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from studio.errors import StoreError
from studio.language.kinds import Kind
from studio.store import view_waits
from studio.store.schema import VERSION
from studio.store.views import Views
from tests.store.build import START, Builder, small


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return small(tmp_path / "studio.db")


# -- opening -------------------------------------------------------------------------------


def test_a_missing_store_is_named_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    with pytest.raises(StoreError, match=r"none\.db: there is no store here\. "):
        Views(path)
    assert not path.exists()


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database at all, but longer than a header of one hundred bytes. " * 4)
    with pytest.raises(StoreError, match="not a database"):
        Views(text)
    foreign = tmp_path / "app.db"
    with sqlite3.connect(foreign) as con:
        con.execute("CREATE TABLE t (x)")
    con.close()
    with pytest.raises(StoreError, match="no store of Journey Studio"):
        Views(foreign)
    empty = tmp_path / "empty.db"
    empty.touch()
    with pytest.raises(StoreError, match="nothing was ever stored here"):
        Views(empty)
    with pytest.raises(StoreError):
        Views(tmp_path)


def test_a_store_of_a_newer_version_is_refused(store: Path) -> None:
    con = sqlite3.connect(store)
    with con:
        con.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, 'm999', '')",
            ("journey-studio",),
        )
    con.close()
    with pytest.raises(StoreError, match=f"newer version .*schema {VERSION + 1}"):
        Views(store)


def test_a_path_with_signs_of_a_url_opens(tmp_path: Path) -> None:
    path = small(tmp_path / "a b?mode=rwc#%41.db")
    with Views(path) as views:
        assert views.totals().users == 2


def test_nothing_can_be_written_through_it(store: Path) -> None:
    with Views(store) as views, pytest.raises(sqlite3.OperationalError):
        views._con.execute("DELETE FROM users")


def test_a_commit_elsewhere_is_seen_once(store: Path) -> None:
    con = sqlite3.connect(store)
    with Views(store) as views:
        assert not views.changed()
        with con:
            con.execute("INSERT INTO meta VALUES ('x', '1')")
        assert views.changed()
        assert not views.changed()
    con.close()


# -- the store as a whole ------------------------------------------------------------------


def test_an_empty_store_answers_everything(tmp_path: Path) -> None:
    with Views(Builder(tmp_path / "studio.db").done()) as views:
        assert views.last_seq() == 0
        assert views.totals().users == views.totals().events == 0
        assert views.clock() == {}
        for found in (
            views.users(),
            views.recent_users(),
            views.journeys(),
            views.waits(),
            views.event_names(),
        ):
            assert found == []
        assert views.timeline("nobody") == views.entries() == views.logs() == []
        assert views.user("nobody") is None
        assert views.journey("welcome/nobody") is None


def test_totals_are_what_the_engine_counted(store: Path) -> None:
    with Views(store) as views:
        totals = views.totals()
    assert (totals.users, totals.events, totals.waits) == (2, 4, 2)
    assert (totals.waiting, totals.failed, totals.completed) == (2, 1, 0)
    assert (totals.idle, totals.exited, totals.cancelled) == (0, 0, 0)


def test_event_names_are_those_seen_and_waited_for(store: Path) -> None:
    with Views(store) as views:
        assert views.event_names() == ["activated", "cart/created", "left", "paid", "signup"]
        assert views.event_names("c") == ["cart/created"]
        assert views.event_names(limit=1) == ["activated"]


# -- waits ---------------------------------------------------------------------------------


def test_the_nearest_deadline_comes_first_and_endless_waits_last(store: Path) -> None:
    with Views(store) as views:
        first, second = views.waits()
        assert views.waits(user="ada") == [first, second]
        assert views.waits(user="bob/x~2") == views.waits(user="?") == views.waits(workflow="?") == []
        assert views.waits(workflow="cart") == [second]
        assert views.waits(user="ada", workflow="cart") == [second]
    assert (first.kind, first.name, first.key, first.match) == (
        "wait",
        "paid, left",
        "wait:paid, left#0",
        None,
    )
    assert (first.journey, first.workflow, first.user) == ("welcome/ada", "welcome", "ada")
    assert (first.opened_at, first.due_at, first.line) == (START + 2_000, START + 62_000, "welcome.py:7")
    assert (second.kind, second.name, second.key, second.journey) == (
        "sleep",
        None,
        "sleep#0",
        "cart/ada/7~2",
    )


@pytest.mark.parametrize("user", [None, "ada"])
def test_waits_come_in_pages(tmp_path: Path, user: str | None) -> None:
    b = Builder(tmp_path / "s.db")
    journey = b.journey("w", "ada", b.event("e", "ada"))
    # Four at one moment, and some for ever between them.
    for n, timeout in enumerate((500, 100, None, 100, 100, None, 100, 900)):
        b.wait(journey, "e", 0, timeout, n=n, match={"n": n})
    with Views(b.done()) as views:
        whole = views.waits(user=user)
        for size in (1, 2, 3, 5):
            seen: list[tuple[int | None, int]] = []
            while page := views.waits(user=user, limit=size, after=seen[-1] if seen else None):
                assert len(page) <= size
                seen += [(row.due_at, row.seq) for row in page]
            assert seen == [(row.due_at, row.seq) for row in whole]
    assert [row.match and row.match["n"] for row in whole] == [1, 3, 4, 6, 0, 7, 2, 5]


def test_the_waits_of_a_place_come_by_deadline_and_within_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    b = Builder(tmp_path / "s.db")
    journeys = [b.journey(name, "ada", b.event("e", "ada")) for name in ("w", "v")]
    for n, timeout in enumerate((500, None, 100, 300, None)):
        b.wait(journeys[0], "e", 0, timeout, n=n, place="w.py:7", match={"n": n})
    b.wait(journeys[0], "e", 0, 50, n=9, place="w.py:8")
    b.wait(journeys[1], "e", 0, 60, n=9, place="w.py:7")
    with Views(b.done()) as views:

        def found(limit: int = 100) -> list[int]:
            return [row.match["n"] for row in views.waits_at("w", "w.py:7", limit=limit) if row.match]

        assert found() == [2, 3, 0, 1, 4]
        assert found(limit=4) == [2, 3, 0, 1]
        assert views.waits_at("w", "?") == views.waits_at("?", "w.py:7") == []
        monkeypatch.setattr(view_waits, "LOOKED_AT", 2)
        assert found() == [2, 1]


def test_steps_and_groups_among_the_waits(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    journey = b.journey("w", "ada", b.event("e", "ada"))
    b.wait(journey, "send welcome", kind=Kind.STEP_STARTED, attempt=1)
    b.wait(journey, "charge", kind=Kind.STEP_STARTED, attempt=1, once=True)
    b.wait(journey, "wait_any", 0, 50, kind=Kind.GROUP_OPENED, members=["wait:e#0"])
    b.wait(journey, "e", n=-1, id="mine")
    with Views(b.done()) as views:
        assert [(row.kind, row.key) for row in views.waits()] == [
            ("group", "any#0"),
            ("step", "step:send welcome#0"),
            ("step", "once:charge#0"),
            ("wait", "wait=mine"),
        ]
        assert views.users()[0].state == "step"
        assert views.journeys()[0].waits_for == "step send welcome"


# -- since when, and of which kind -----------------------------------------------------------


def test_waits_of_a_kind_and_those_still_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    b = Builder(tmp_path / "s.db")
    for n in range(5):
        journey = b.journey("w", "ada", b.event("e", "ada"), key=n)
        b.wait(journey, "x", 0, 1_000 * n)
        b.wait(journey, "", 0, 500 * n, kind=Kind.SLEEP_OPENED)
    b.wait(journey, "mail", 0, kind=Kind.STEP_STARTED)
    ended = b.wait(journey, "gone", 0)
    b.match(journey, ended, b.event("gone", "ada"), 0)
    with Views(b.done()) as views:
        everything = views.waits()
        for few in (0, 1_000):
            monkeypatch.setattr("studio.store.view_waits.FEW", few)
            for kind in ("wait", "sleep", "step", "group"):
                wanted = [row for row in everything if row.kind == kind]
                assert views.waits(kind=kind) == views.waits(kind=kind, workflow="w") == wanted
                assert views.waits(kind=kind, user="ada") == wanted
            assert views.waits(workflow="w", limit=3) == everything[:3]
            last = everything[2]
            assert views.waits(workflow="w", after=(last.due_at, last.seq)) == everything[3:]
        assert views.open_among(everything) == {row.seq for row in everything}
        assert views.open_among([replace(last, seq=ended)]) == set()


@pytest.mark.parametrize(("waiting", "said"), [(0, (0, False)), (3, (3, False)), (4, (3, True))])
def test_events_that_nobody_took_are_counted_up_to_a_bound(
    store: Path, monkeypatch: pytest.MonkeyPatch, waiting: int, said: tuple[int, bool]
) -> None:
    monkeypatch.setattr("studio.store.views.MOST_INBOX", 3)
    with sqlite3.connect(store) as con:
        con.executemany("INSERT INTO inbox (at, kind, body) VALUES (0, 'event', ?)", [("{}",)] * waiting)
        con.execute("INSERT INTO inbox (at, kind, body) VALUES (0, 'cancel', '{}')")
    con.close()
    with Views(store) as views:
        left = views.left_waiting()
    assert (left.events, left.more) == said
    assert bool(left) == (waiting > 0)
