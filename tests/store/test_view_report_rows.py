"""What counting reads of the history: one workflow's entries, in windows, by the indexes that are meant."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from studio.language.kinds import Kind
from studio.store import view_report_rows
from studio.store.view_report_rows import REPORT_EVENTS, REPORT_ROWS, TEST_USERS_SINCE, USER_ZONES_SINCE
from studio.store.views import Views
from tests.store.build import START, Builder


@pytest.fixture
def store(tmp_path: Path) -> Path:
    b = Builder(tmp_path / "s.db")
    for user in ("ada", "bob"):
        journey = b.journey("welcome", user, b.event("app/signup", user))
        b.wait(journey, "app/activated", 0, 60_000)
    b.journey("other", "ada", b.event("app/other", "ada"))
    return b.done()


def test_windows_hold_one_workflow_s_entries_in_order_and_end_at_the_newest(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Views(store) as views:
        whole, last = views.report_rows("welcome", 0)
        assert last == views.last_seq()
        assert views.report_rows("welcome", last) == ([], last)
        kinds = [row.kind for row in whole]
        assert kinds.count(Kind.STARTED) == 2
        assert kinds.count(Kind.WAIT_OPENED) == 2
        assert [row.seq for row in whole] == sorted(row.seq for row in whole)
        monkeypatch.setattr(view_report_rows, "WINDOW_ROWS", 2)
        found, after = [], 0
        while (window := views.report_rows("welcome", after))[1] != after:
            found += window[0]
            after = window[1]
        assert found == whole


def test_a_workflow_that_never_ran_has_no_entries_and_all_were_looked_at(store: Path) -> None:
    with Views(store) as views:
        last = views.last_seq()
        assert views.report_rows("nothing", 0) == ([], last)
        assert views.report_rows("nothing", last) == ([], last)
        assert views.report_rows("nothing", last + 5) == ([], last + 5)


def test_what_is_long_or_was_said_is_not_read(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    ada = b.journey("welcome", "ada", b.event("app/signup", "ada"))
    b.log(ada, "hello", 10)
    b.entry(Kind.STEP_DONE, 20, journey=ada, name="charge", n=0, data={"result": "x" * 99, "attempts": 2})
    b.entry(Kind.EVENT, 30, user="crm", journey=ada, name="welcomed", data={"plan": "pro"})
    b.entry(Kind.GOAL, 40, journey=ada, name="paid", data={"took": 5})
    with Views(b.done()) as views:
        rows, _ = views.report_rows("welcome", 0)
        told = [(row.kind, row.at - START, row.data) for row in rows]
        assert told[1:] == [
            (Kind.STEP_DONE, 20, '{"attempts":2}'),
            (Kind.EVENT, 30, None),
            (Kind.GOAL, 40, '{"took":5}'),
        ]
        # The journey's user, not the one to whom it was sent.
        assert {row.user for row in rows} == {b.user("ada")}
        assert views.texts(json.dumps([row.name for row in rows[1:]])) == {
            b.name("charge"): "charge",
            b.name("welcomed"): "welcomed",
            b.name("paid"): "paid",
        }
        assert views.texts("[99]") == {}
        assert views.user_names() == {1: "ada", 2: "crm"}


def test_versions_of_a_workflow_stand_in_the_order_in_which_they_were_loaded(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    codes = ((1, "welcome", "second", 20), (2, "welcome", "first", 10), (3, "other", "third", 0))
    for number, workflow, text, at in codes:
        b.con.execute("INSERT INTO codes VALUES (?, ?, ?, 'a.py', '', ?)", (number, workflow, text, at))
    with Views(b.done()) as views:
        assert list(views.code_hashes("welcome").items()) == [(2, "first"), (1, "second")]
        assert views.code_hashes("nothing") == {}


@pytest.mark.parametrize(
    ("profile", "is_tester"),
    [
        ({"test": True}, True),
        ({"test": False}, False),
        ({"test": 1}, False),
        ({"test": "true"}, False),
        ({"test": {"test": True}}, False),
        ({"plan": "pro"}, False),
    ],
)
def test_testers_are_whose_profile_says_true_and_nothing_like_it(
    tmp_path: Path, profile: dict[str, object], is_tester: bool
) -> None:
    b = Builder(tmp_path / "s.db")
    for user in ("ada", "bob"):
        seq = b.event("identify", user)
        b.con.execute("INSERT INTO profiles VALUES (?, ?, ?)", (b.user(user), seq, json.dumps(profile)))
    with Views(b.done()) as views:
        assert views.test_users() == ({1, 2} if is_tester else set())
        assert views.test_users(1) == ({2} if is_tester else set())
        assert views.test_users(2) == set()


def test_events_of_a_name_are_those_that_no_journey_sent(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    bob = b.event("app/paid", "bob", 50)
    b.event("app/paid", "ada", 40)
    b.event("app/paid", "bob", 30)
    b.event("app/left", "bob", 20)
    b.entry(Kind.EVENT, 60, user="bob", journey=b.journey("welcome", "bob", bob, 50), name="app/paid")
    with Views(b.done()) as views:
        told = [(user, at - START) for user, at in views.events_from_outside("app/paid")]
        assert told == [(1, 30), (1, 50), (2, 40)]
        assert views.events_from_outside("nothing") == []


def test_who_entered_is_named_once_and_from_the_moment_on(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    for user, at, n in (("bob", 10, 1), ("ada", 20, 1), ("bob", 30, 2)):
        b.journey("welcome", user, b.event("app/signup", user, at), at, n=n)
    b.journey("other", "eve", b.event("app/other", "eve", 40), 40)
    with Views(b.done()) as views:
        assert views.entered("welcome", None) == ["bob", "ada"]
        assert views.entered("welcome", START + 20) == ["bob", "ada"]
        assert views.entered("welcome", START + 30) == ["bob"]
        assert views.entered("welcome", START + 31) == []
        assert views.entered("nothing", None) == []


def test_the_statement_walks_the_window_and_looks_up_each_journey(store: Path) -> None:
    con = sqlite3.connect(store)
    values = {"after": 0, "upto": 1, "top": 1, "workflow": 1, "name": 1}
    plan = [row[3] for row in con.execute(f"EXPLAIN QUERY PLAN {REPORT_ROWS}", values)]
    events = [row[3] for row in con.execute(f"EXPLAIN QUERY PLAN {REPORT_EVENTS}", values)]
    testers = [row[3] for row in con.execute(f"EXPLAIN QUERY PLAN {TEST_USERS_SINCE}", values)]
    zones = [row[3] for row in con.execute(f"EXPLAIN QUERY PLAN {USER_ZONES_SINCE}", values)]
    con.close()
    assert zones == testers
    assert testers == [
        "SEARCH h USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
        "SEARCH p USING PRIMARY KEY (user=? AND seq=?)",
    ]
    assert events == ["SCAN h USING INDEX history_events"]
    assert plan == [
        "SEARCH h USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
        "SEARCH j USING INTEGER PRIMARY KEY (rowid=?)",
    ]
