"""What asks for a person, as a store tells it: failures by journey, events of which nothing came."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from studio import Journey, workflow
from studio.language.kinds import Kind, Status
from studio.store import view_needs
from studio.store.view_needs import FAILED_CAUSES, IDLE_EVENTS
from studio.store.views import Views
from tests.reports.journeys import START_MS, play
from tests.store.build import START, Builder


@workflow(trigger="app/signup")
async def welcome(journey: Journey) -> dict[str, bool]:
    """Fails for one."""
    if journey.user.id == "zoe":
        raise KeyError("plan")
    await journey.wait_for("app/paid")
    return {"ok": True}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    sent = [("0s", "mia", "app/signup"), ("1m", "zoe", "app/signup"), ("2m", "mia", "app/piad")]
    play(tmp_path / "s.db", welcome, sent, "10m")
    return tmp_path / "s.db"


def test_a_failed_journey_says_who_what_and_where(store: Path) -> None:
    with Views(store) as views:
        (found,) = views.failures()
    assert (found.user, found.workflow, found.journey) == ("zoe", "welcome", "welcome/zoe")
    assert (found.type, found.message) == ("KeyError", "'plan'")
    assert found.line is not None
    assert found.line.startswith("test_view_needs.py:")


def test_events_of_which_nothing_came_are_the_newest_first_and_not_older_than_asked(store: Path) -> None:
    with Views(store) as views:
        (seq,) = views.idle_events(START_MS)
        entry = views.entry(seq)
        assert entry is not None
        assert entry.name == "app/piad"
        assert views.idle_events(START_MS + 3 * 60_000) == []


def test_failures_are_those_of_now_the_newest_first_and_an_entry_may_say_little(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    facts = {"type": "KeyError", "message": "'a'", "line": "a.py:4"}
    ada = b.journey("buy", "ada", b.event("go", "ada"), key="c1")
    b.end(ada, Kind.FAILED, Status.FAILED, 10, {**facts, "line": "a.py:1"})
    b.entry(Kind.RESUMED, 20, journey=ada)
    b.end(ada, Kind.FAILED, Status.FAILED, 30, facts)
    gone_on = b.journey("buy", "bob", b.event("go", "bob"))
    b.end(gone_on, Kind.FAILED, Status.WAITING, 40, facts)
    b.end(b.journey("buy", "eve", b.event("go", "eve")), Kind.FAILED, Status.FAILED, 50)
    with Views(b.done()) as views:
        eve, first = views.failures()
        assert (eve.user, eve.type, eve.message, eve.line) == ("eve", "", "", None)
        assert (first.at, first.user, first.line) == (START + 30, "ada", "a.py:4")
        assert views.failures(limit=1) == [eve]


def test_an_event_that_did_something_or_that_a_journey_sent_is_not_idle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    b = Builder(tmp_path / "s.db")
    first = b.event("nothing", "ada")
    ada = b.journey("buy", "ada", b.event("go", "ada"))
    b.entry(Kind.EVENT, 10, user="ada", journey=ada, name="sent")
    last = b.event("nothing", "ada", 20)
    with Views(b.done()) as views:
        assert views.idle_events(START) == [last, first]
        assert views.idle_events(START, limit=1) == [last]
        assert views.idle_events(START + 20) == [last]
        monkeypatch.setattr(view_needs, "IDLE_ROWS", last - first)
        assert views.idle_events(START) == [last]


def test_the_statements_walk_an_index_or_the_newest_entries(store: Path) -> None:
    con = sqlite3.connect(store)
    values = {"limit": 1, "from": 0, "since": 0, "top": 1}
    failed = [row[3] for row in con.execute(f"EXPLAIN QUERY PLAN {FAILED_CAUSES}", values)]
    idle = [row[3] for row in con.execute(f"EXPLAIN QUERY PLAN {IDLE_EVENTS}", values)]
    con.close()
    assert "SEARCH f USING INDEX history_journeys (journey=? AND rowid<?)" in failed
    assert not [line for line in failed if line.startswith(("SCAN h", "SCAN f"))]
    assert [line for line in idle if "history" in line] == [
        "SEARCH history USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
        "SEARCH history USING INTEGER PRIMARY KEY (rowid>?)",
    ]
