"""Entries of the history: timelines, the log, and all in order."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from studio.language.kinds import Kind
from studio.store import view_history
from studio.store.records import Entry
from studio.store.views import Views
from tests.store.build import HOSTILE, START, Builder, small


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return small(tmp_path / "studio.db")


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


def test_who_follows_the_log_gets_what_it_filters_in_order(store: Path) -> None:
    with Views(store) as views:
        logs = views.logs()
        assert views.logs_after(0) == logs
        assert views.logs_after(logs[0].seq) == logs[1:]
        assert views.logs_after(0, limit=2) == logs[:2]
        assert views.logs_after(0, contains="CAREFUL") == [logs[1]]
        assert views.logs_after(0, level="note") == [logs[2]]
        assert views.logs_after(0, user="bob/x~2") == views.logs_after(0, workflow="cart") == logs[3:]
        assert views.logs_after(0, kinds=["event"]) == views.entries(kinds=["event"])
        assert views.logs_after(0, kinds=["event"], since_at=START + 3_000) == views.entries(
            kinds=["event"], since_at=START + 3_000
        )


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


def test_a_user_with_very_much_is_answered_at_once(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    for i in range(10_000):
        seq = b.event(f"e{i % 5}", "ada", i)
        journey = b.journey("w", "ada", seq, i, key=i)
        b.wait(journey, "x", i, 1_000 + i)
    for i in range(50_000):
        b.event("tick", "ada", i)
    with Views(b.done()) as views:
        started = time.thread_time()
        page = views.timeline("ada")
        took = time.thread_time() - started
        assert [e.name for e in page] == ["tick"] * 200
        assert len(views.timeline("ada", limit=300, before=20_000)) == 300
        started = time.thread_time()
        row = views.user("ada")
        assert row is not None
        assert (row.journeys, row.state) == (10_000, "waiting")
        took = max(took, time.thread_time() - started)
        started = time.thread_time()
        assert len(views.waits(user="ada")) == 100
        took = max(took, time.thread_time() - started)
    # A generous bound on a busy machine: what is meant is "no walk over everything".
    assert took < 1.0
