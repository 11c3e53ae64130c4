"""What counting reads of the history: one workflow's entries, in windows, by the indexes that are meant."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from studio.language.kinds import Kind
from studio.store import view_report_rows
from studio.store.view_report_rows import REPORT_EVENTS, REPORT_ROWS, TEST_USERS_SINCE
from studio.store.views import Views
from tests.store.build import Builder


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


def test_a_workflow_that_never_ran_has_no_entries(store: Path) -> None:
    with Views(store) as views:
        assert views.report_rows("nothing", 0)[0] == []


def test_the_statement_walks_the_window_and_looks_up_each_journey(store: Path) -> None:
    con = sqlite3.connect(store)
    values = {"after": 0, "upto": 1, "workflow": 1}
    plan = [row[3] for row in con.execute(f"EXPLAIN QUERY PLAN {REPORT_ROWS}", values)]
    events = [row[3] for row in con.execute(f"EXPLAIN QUERY PLAN {REPORT_EVENTS}", (1,))]
    testers = [row[3] for row in con.execute(f"EXPLAIN QUERY PLAN {TEST_USERS_SINCE}", (1,))]
    con.close()
    assert testers == [
        "SEARCH h USING INTEGER PRIMARY KEY (rowid>?)",
        "SEARCH p USING PRIMARY KEY (user=? AND seq=?)",
    ]
    assert events == ["SCAN h USING INDEX history_events"]
    assert plan == [
        "SEARCH h USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
        "SEARCH j USING INTEGER PRIMARY KEY (rowid=?)",
    ]
