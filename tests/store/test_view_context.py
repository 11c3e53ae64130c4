"""What stood around an event: read through indexes, bounded, and right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.language.kinds import Kind, Status
from studio.store import view_context_sql
from studio.store.views import Views
from tests.store.build import Builder, small

PLANS = {
    "ENTRY": "SEARCH h USING INTEGER PRIMARY KEY (rowid=?)",
    "EFFECTS": "SEARCH h USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
    "JOURNEYS_BEFORE": "SEARCH j USING INDEX sqlite_autoindex_journeys_1 (user=?)",
    "JOURNEY_BEFORE": "SEARCH h USING INDEX history_journeys (journey=? AND rowid<?)",
    "JOURNEY_MATCHES": "SEARCH h USING INDEX history_journeys (journey=? AND rowid>?)",
    "JOURNEY_ENDINGS": "SEARCH h USING INDEX history_journeys (journey=? AND rowid>?)",
    "JOURNEY_FAILURE": "SEARCH h USING INDEX history_journeys (journey=?)",
    "USER_EVENT_NAMES": "SEARCH history USING INDEX history_events (user=? AND name>?)",
    "EVENTS_NAMED": "SEARCH h USING INDEX history_events (user=? AND name=?)",
    "USERS_NAMED": "SEARCH u USING COVERING INDEX sqlite_autoindex_users_1 (name=?)",
    "USERS_BEFORE": "SEARCH users USING COVERING INDEX sqlite_autoindex_users_1 (name<?)",
    "USERS_BEHIND": "SEARCH users USING COVERING INDEX sqlite_autoindex_users_1 (name>?)",
    "IS_OPEN": "SEARCH waits USING INTEGER PRIMARY KEY (rowid=?)",
    "HAS_JOURNEY": "SEARCH main.journeys USING COVERING INDEX sqlite_autoindex_journeys_1 (user=?)",
}
STATEMENTS = {
    name: text for name, text in vars(view_context_sql).items() if name.isupper() and "SELECT" in text
}
VALUES: dict[str, Any] = dict.fromkeys(
    ("seq", "from", "to", "seqs", "limit", "user", "journey", "name", "names"), 1
)


def test_every_statement_is_looked_at() -> None:
    assert {name for name in STATEMENTS if name not in ("COLUMNS", "JOINS")} == set(PLANS)


@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_statement_uses_the_index_that_is_meant_for_it(tmp_path: Path, name: str) -> None:
    with Views(small(tmp_path / "s.db")) as views:
        rows = views._con.execute(f"EXPLAIN QUERY PLAN {STATEMENTS[name]}", VALUES).fetchall()
    plan = [row[3] for row in rows]
    assert PLANS[name] in plan, plan
    for line in plan:
        walked = line.removeprefix("SCAN ").split()[0]
        if line.startswith("SCAN ") and "VIRTUAL TABLE" not in line and "CONSTANT ROW" not in line:
            assert walked == "seen", plan
        if "TEMP B-TREE" in line:
            assert name == "JOURNEYS_BEFORE", plan


def test_what_an_event_brought_about_is_found_by_its_cause(tmp_path: Path) -> None:
    with Views(small(tmp_path / "s.db")) as views:
        signup, activated = (each for each in views.entries(user="ada", kinds=["event"])[:2])
        assert [each.kind for each in views.effects([signup.seq])] == ["journey.started"]
        assert [each.kind for each in views.effects([activated.seq])] == ["wait.matched"]
        assert len(views.effects([signup.seq, activated.seq])) == 2
        assert views.effects([]) == []
        assert views.effects([signup.seq, activated.seq], limit=1)[0].kind == "journey.started"
        assert views.entry(signup.seq) == signup
        assert views.entry(9_999) is None


def test_what_the_journeys_of_a_user_had_done_before_a_moment(tmp_path: Path) -> None:
    with Views(small(tmp_path / "s.db")) as views:
        (activated,) = views.entries(user="ada", kinds=["event"])[1:2]
        (before,) = views.before("ada", activated.seq)
        assert [each.kind for each in before] == ["journey.started", "wait.opened"], "logs are left out"
        assert len(views.before("ada", 10_000)) == 2
        assert views.before("nobody", 10_000) == []
        assert not views.is_open(before[-1].seq)
        assert views.is_open(views.waits(user="ada")[0].seq)


def test_the_events_of_a_user_by_name(tmp_path: Path) -> None:
    with Views(small(tmp_path / "s.db")) as views:
        names = views.events_of("ada")
        assert set(names) == {"signup", "activated", "cart/created"}
        assert [each.name for each in views.newest_events("ada", names["signup"])] == ["signup"]
        assert views.events_of("nobody") == {}


def test_users_are_found_by_their_ids_and_neighbours(tmp_path: Path) -> None:
    with Views(small(tmp_path / "s.db")) as views:
        assert views.known_users(["ada", "nobody", "\ud800"]) == ["ada"]
        assert views.known_users(["ada", "nobody"]) == ["ada"]
        assert views.neighbours("b") == ["ada", "bob/x~2"]
        assert views.has_journey("ada")
        assert not views.has_journey("nobody")


def test_the_failure_of_a_journey(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    signup = b.event("signup", "ada")
    journey = b.journey("welcome", "ada", signup)
    b.end(journey, Kind.FAILED, Status.FAILED, 1, {"type": "KeyError", "message": "'x'"})
    with Views(b.done()) as views:
        failed = views.failure("welcome/ada")
        assert failed is not None
        assert failed.message == "KeyError: 'x'"
        assert views.failure("welcome/nobody") is None


def test_waits_that_the_past_answered_after_an_entry(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    first = b.event("paid", "ada")
    journey = b.journey("w", "ada", b.event("go", "ada"))
    by_past = b.entry(
        Kind.WAIT_MATCHED, 1, journey=journey, name="paid", n=0, data={"count": 1, "first": first}
    )
    opened = b.wait(journey, "left", 2)
    # What ends an open wait when it comes says nothing of the past.
    b.match(journey, opened, b.event("left", "ada", 3), 3)
    with Views(b.done()) as views:
        assert [each.seq for each in views.matched_after("ada", first)] == [by_past]
        assert views.matched_after("ada", by_past) == []
        assert views.matched_after("nobody", 0) == []
