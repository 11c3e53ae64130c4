"""What front ends ask of a store, on real files."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.errors import StoreError
from studio.language.kinds import Kind
from studio.store import view_history, view_sql, view_waits
from studio.store.records import Entry
from studio.store.schema import VERSION
from studio.store.views import Views
from tests.store.build import HOSTILE, START, Builder, many, small


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


def test_event_names_are_those_seen_and_waited_for(store: Path) -> None:
    with Views(store) as views:
        assert views.event_names() == ["activated", "cart/created", "left", "paid", "signup"]
        assert views.event_names("c") == ["cart/created"]
        assert views.event_names(limit=1) == ["activated"]


# -- users ---------------------------------------------------------------------------------


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


# -- journeys ------------------------------------------------------------------------------


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


# -- the history ---------------------------------------------------------------------------


def test_a_timeline_has_all_journeys_and_events_of_a_user(store: Path) -> None:
    with Views(store) as views:
        ada = views.timeline("ada")
        everything = views.entries()
        assert ada == [e for e in everything if e.user == "ada"]
        assert views.timeline("ada", limit=3) == ada[-3:]
        assert views.timeline("ada", limit=3, before=ada[-3].seq) == ada[-6:-3]
        assert views.timeline("ada", before=ada[0].seq) == []
        assert views.timeline("?") == []
    kinds = [e.kind for e in ada]
    assert kinds[:5] == ["event", "journey.started", "wait.opened", "log", "log"]
    assert ada[2].key == "wait:activated#0"
    assert ada[3].message == HOSTILE
    assert ada[7].kind == "wait.matched"
    assert ada[7].cause == ada[6].seq


def test_an_event_to_another_user_stands_in_both_timelines(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    journey = b.journey("w", "ada", b.event("e", "ada"))
    sent = b.event("gift", "bob", 3, journey=journey, n=0)
    with Views(b.done()) as views:
        assert [e.seq for e in views.timeline("bob")] == [sent]
        (entry,) = views.timeline("bob")
        assert views.timeline("ada")[-1] == entry
        assert entry in views.entries(user="ada")
        assert entry in views.entries(user="bob")
    assert (entry.user, entry.journey, entry.workflow, entry.key) == ("bob", "w/ada", "w", "ingest:gift#0")


def test_pages_of_a_timeline_join_without_a_gap(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    for i in range(120):
        seq = b.event(f"e{i % 7}", "ada" if i % 3 else "bob", i)
        if i % 5 == 0:
            b.journey("w", "ada", seq, i, key=i)
    with Views(b.done()) as views:
        whole = [e.seq for e in views.entries() if e.user == "ada"]
        assert [e.seq for e in views.timeline("ada")] == whole
        for size in (1, 4, 50):
            seen: list[int] = []
            while page := views.timeline("ada", limit=size, before=seen[0] if seen else None):
                seen = [e.seq for e in page] + seen
            assert seen == whole


def test_entries_stream_in_order_through_filters(store: Path) -> None:
    with Views(store) as views:
        everything = views.entries()
        assert [e.seq for e in everything] == list(range(1, views.last_seq() + 1))
        assert views.entries(after=5, limit=2) == everything[5:7]
        assert views.entries(kinds={"event"}) == [e for e in everything if e.kind == "event"]
        assert views.entries(workflow="cart") == [e for e in everything if e.workflow == "cart"]
        assert views.entries(since_at=START + 3_000) == [e for e in everything if e.at >= START + 3_000]
        assert views.entries(user="?") == views.entries(workflow="?") == views.entries(kinds=()) == []


def test_logs_by_level_user_workflow_and_text(store: Path) -> None:
    with Views(store) as views:
        logs = views.logs()
        assert [e.level or e.kind for e in logs] == ["info", "warning", "note", "journey.failed"]
        assert views.logs(limit=2) == logs[-2:]
        assert views.logs(before=logs[1].seq) == logs[:1]
        assert views.logs(user="ada") == logs[:3]
        assert views.logs(user="ada", limit=1) == logs[2:3]
        assert views.logs(workflow="cart") == logs[3:]
        assert views.logs(user="bob/x~2", workflow="cart") == logs[3:]
        assert views.logs(level="warning") == [logs[1], logs[3]]
        assert views.logs(level="note") == [logs[2]]
        assert views.logs(contains="CAREFUL") == views.logs(contains="CAREFUL", user="ada") == [logs[1]]
        assert views.logs(contains="名前") == logs[:1]
        assert views.logs(user="?") == views.logs(workflow="?") == []
    assert (logs[3].message, logs[3].line) == ("KeyError: 'email'", "cart.py:12")


def test_workflow_entries_belong_to_their_workflow(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    b.entry(
        Kind.WORKFLOW_FAILED,
        0,
        name="welcome",
        data={"file": "welcome.py", "line": 3, "message": "SyntaxError"},
    )
    with Views(b.done()) as views:
        (entry,) = views.logs(workflow="welcome")
    assert (entry.kind, entry.workflow, entry.name) == ("workflow.failed", "welcome", None)
    assert (entry.line, entry.message) == ("welcome.py:3", "SyntaxError")


# -- what it costs -------------------------------------------------------------------------

_WALKS = {
    # By rowid, up to the limit.
    "USERS_NEWEST": {"users"},
    "USERS_OLDEST": {"users"},
    "JOURNEYS": {"j"},
    # Every version of every workflow's source: a few rows.
    "WORKFLOW_NAMES": {"codes"},
    # In the order of its index, up to the limit.
    "USERS_LAST_PAGE": {"users"},
    "USERS_FAILED": {"journeys"},
    # By name or by rowid, up to the limit.
    "USERS_WITH": {"u"},
    # Once over a narrow index or table, where the totals say that few will be found.
    "USERS_OF_FEW": {"journeys", "few"},
    "WAITING_OF_FEW": {"journeys"},
    # By rowid, to the wait with a number.
    "ID_OF_NUMBER": {"waits"},
    # What is on its way, up to the limit.
    "INBOX_EVENTS": {"inbox", "(subquery-1)"},
}
_SORTS_FEW = {
    *("USERS_ACTIVE", "USER_STATUSES", "JOURNEYS_OF_USER", "USER_WAITING", "EVENT_NAMES"),
    *("USER_NEWEST_JOURNEYS", "WORKFLOW_NAMES"),
    *("USERS_OF_FEW", "USERS_SINCE", "STEPPING"),
}


def _statements() -> dict[str, str]:
    return {
        name: text
        for name, text in vars(view_sql).items()
        if name.isupper() and not name.startswith("_") and text.lstrip().startswith(("SELECT", "WITH"))
    }


@pytest.mark.parametrize("name", sorted(_statements()))
def test_every_statement_walks_an_index(store: Path, name: str) -> None:
    with Views(store) as views:
        marks = _statements()[name].count("?")
        values: Any = (1,) * marks if marks else dict.fromkeys(_NAMES, 1)
        rows = views._con.execute(f"EXPLAIN QUERY PLAN {_statements()[name]}", values).fetchall()
    plan = [row[3] for row in rows]
    for line in plan:
        walked = line.removeprefix("SCAN ").split()[0]
        if line.startswith("SCAN ") and "VIRTUAL TABLE" not in line and "CONSTANT ROW" not in line:
            assert walked in _WALKS.get(name, {"seen", "newest"}), plan
        if "TEMP B-TREE" in line:
            assert name in _SORTS_FEW, plan


_NAMES = [
    *("after", "before", "contains", "due", "floor", "from", "id", "journeys", "kinds", "limit"),
    *("seqs", "since", "source", "status", "to", "told", "user", "users", "waits", "workflow"),
    *("like", "names", "statuses", "workflows"),
    *("number", "place", "until", "ceiling"),
]


def test_a_user_with_very_much_is_answered_at_once(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    for i in range(10_000):
        seq = b.event(f"e{i % 5}", "ada", i)
        journey = b.journey("w", "ada", seq, i, key=i)
        b.wait(journey, "x", i, 1_000 + i)
    for i in range(50_000):
        b.event("tick", "ada", i)
    with Views(b.done()) as views:
        started = time.perf_counter()
        page = views.timeline("ada")
        took = time.perf_counter() - started
        assert [e.name for e in page] == ["tick"] * 200
        assert len(views.timeline("ada", limit=300, before=20_000)) == 300
        started = time.perf_counter()
        row = views.user("ada")
        assert row is not None
        assert (row.journeys, row.state) == (10_000, "waiting")
        took = max(took, time.perf_counter() - started)
        started = time.perf_counter()
        assert len(views.waits(user="ada")) == 100
        took = max(took, time.perf_counter() - started)
    # A generous bound on a busy machine: what is meant is "no walk over everything".
    assert took < 1.0


def test_the_log_in_steps_is_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    b = Builder(tmp_path / "s.db")
    journey = b.journey("w", "ann", b.event("e", "ann"))
    for n in range(60):
        if n % 7 == 0:
            b.log(journey, f"line {n}", n)
        else:
            b.event("e", "ann", n)
    monkeypatch.setattr(view_history, "WINDOW_ROWS", 11)
    with Views(b.done()) as views:
        for contains in (None, "line 4"):
            for limit in (1, 2, 100):
                found: list[Entry] = []
                before: int | None = None
                while before != 0:
                    page, before = views.logs_step(before, contains=contains, limit=limit)
                    found += page
                assert found[::-1] == views.logs(limit=1_000, contains=contains)
                assert len(found) == (9 if contains is None else 2)


# -- since when, and of which kind -----------------------------------------------------------


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


def test_the_log_since_a_moment_and_entries_of_other_kinds(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_history, "WINDOW_ROWS", 4)
    with Views(store) as views:
        everything = views.entries()
        logs = views.logs()
        assert views.logs(since_at=START + 12) == logs[2:]
        assert views.logs(since_at=START + 12, user="ada") == logs[2:3]
        assert views.logs(since_at=START + 9_999) == []
        for kinds in (("event",), ("journey.failed", "wait.opened")):
            wanted = [e for e in everything if e.kind in kinds]
            assert views.logs(kinds=kinds) == views.logs_after(0, kinds=kinds) == wanted
            assert views.logs(kinds=kinds, user="ada") == [
                e for e in wanted if "ada" in (e.user, (e.journey or "").split("/")[-1])
            ]
        assert views.logs_after(0) == logs
        assert views.logs_after(logs[1].seq, level="warning", since_at=START) == logs[3:]
        assert views.logs(kinds=["event"], contains="C1", user="bob/x~2") == views.logs(
            kinds=["event"], contains="C1"
        )


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
