"""Every hot statement finds its rows through the index that is meant for it."""

from __future__ import annotations

import inspect
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.engine import batch as batch_module
from studio.engine import hooks as hooks_module
from studio.store import inbox
from studio.store import sqlite as sql
from studio.store.sqlite import open_database

GROWING = ("history", "journeys", "waits", "users", "names", "profiles")
"""Tables that grow with users and events: none is ever read from end to end."""

ROWID = "USING INTEGER PRIMARY KEY (rowid=?)"

NEWEST = "SEARCH m USING COVERING INDEX history_journeys (journey=?)"
"""The newest entry of a wait's journey."""

PLANS: dict[str, list[str]] = {
    "USERS": ["SEARCH u USING COVERING INDEX sqlite_autoindex_users_1 (name=?)"],
    "USER_NAMES": [f"SEARCH u {ROWID}"],
    "WAITS_NAMED": [
        "SEARCH w USING INDEX waits_names (user=? AND name=?)",
        f"SEARCH h {ROWID}",
        f"SEARCH g {ROWID}",
        NEWEST,
    ],
    "WAITS_DUE": [
        "SEARCH w USING INDEX waits_due (due>? AND due<?)",
        f"SEARCH h {ROWID}",
        f"SEARCH g {ROWID}",
        NEWEST,
    ],
    "WAITS_STEPS": [
        "SEARCH w USING INDEX waits_steps (kind=? AND rowid>?)",
        f"SEARCH h {ROWID}",
        f"SEARCH g {ROWID}",
        NEWEST,
    ],
    "WAIT_AT": [f"SEARCH w {ROWID}", f"SEARCH h {ROWID}", f"SEARCH g {ROWID}", NEWEST],
    "COUNT_DUE": ["SEARCH waits USING COVERING INDEX waits_due (due>? AND due<?)"],
    "NEXT_DUE": ["SEARCH waits USING COVERING INDEX waits_due (due>?)"],
    "PARKED": ["SEARCH w USING INDEX waits_due (due<?)", f"SEARCH g {ROWID}"],
    "WAITING_IN": ["SEARCH g USING INTEGER PRIMARY KEY (rowid>?)"],
    "ASKED": ["SEARCH meta USING PRIMARY KEY (key>? AND key<?)"],
    "JOURNEYS": [f"SEARCH g {ROWID}"],
    "JOURNEYS_NEWEST": [
        f"SEARCH g {ROWID}",
        "SEARCH m USING COVERING INDEX sqlite_autoindex_journeys_1 (user=? AND workflow=? AND key=?)",
    ],
    "JOURNEYS_KEYED": [
        f"SEARCH g {ROWID}",
        "SEARCH m USING COVERING INDEX sqlite_autoindex_journeys_1 (user=? AND workflow=? AND key=?)",
    ],
    "JOURNEYS_OF": ["SEARCH g USING INDEX sqlite_autoindex_journeys_1 (user=? AND workflow=?)"],
    "JOURNEY_NUMBERED": [
        "SEARCH g USING INDEX sqlite_autoindex_journeys_1 (user=? AND workflow=? AND key=? AND n=?)"
    ],
    "PASSES": [
        f"SEARCH g {ROWID}",
        "SEARCH h USING INDEX history_journeys (journey=? AND rowid>?)",
        f"SEARCH w {ROWID} LEFT-JOIN",
    ],
    "PASS_UNTIL": ["SEARCH history USING INDEX history_journeys (journey=? AND rowid>? AND rowid<?)"],
    "PASS_AT": ["SEARCH history USING INDEX history_journeys (journey=? AND rowid<?)"],
    "SAID": ["SEARCH history USING INDEX history_journeys (journey=? AND rowid>?)"],
    "ONCE": ["SEARCH history USING INDEX history_journeys (journey=?)"],
    "EVENT_SEQS": ["SEARCH history USING INDEX history_events (user=? AND name=? AND rowid>? AND rowid<?)"],
    "EVENTS": ["SEARCH history USING INDEX history_events (user=? AND name=? AND rowid>? AND rowid<?)"],
    "EVENT_TEXTS": ["SEARCH history USING INDEX history_events (user=? AND name=? AND rowid>? AND rowid<?)"],
    "EVENT_AT": [f"SEARCH history {ROWID}"],
    "EVENT_IDS": ["SEARCH h USING COVERING INDEX history_ids (id=?)"],
    "USER_EVENT_NAMES": [
        "SEARCH history USING INDEX history_events (user=?)",
        "SEARCH history USING INDEX history_events (user=? AND name>?)",
    ],
    "PROFILE": ["SEARCH profiles USING PRIMARY KEY (user=? AND seq<?)"],
    "NAME_ID": ["SEARCH names USING COVERING INDEX sqlite_autoindex_names_1 (text=?)"],
    "NAME_TEXT": [f"SEARCH names {ROWID}"],
    "SET_JOURNEY": [f"SEARCH journeys {ROWID}"],
    "SET_DUE": [f"SEARCH waits {ROWID}"],
    "END_WAIT": [f"SEARCH waits {ROWID}"],
    "END_META": ["SEARCH meta USING PRIMARY KEY (key=?)"],
    "END_INBOX": [f"SEARCH inbox {ROWID}"],
}
"""What SQLite must say of each statement, but for `json_each` and sorting."""

SMALL = {"INBOX", "MISSED", "END_ANSWERS"}
"""Read tables that hold only what is on its way: the inbox, a few settings, a minute of answers."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    con = open_database(tmp_path_factory.mktemp("plans") / "studio.db")
    yield con
    con.close()


def plan(con: sqlite3.Connection, statement: str) -> list[str]:
    values: object = (1,) if "?1" in statement else (1,) * statement.count("?")
    if "json_each(?)" in statement:
        values = tuple("[]" if i == 0 else 1 for i in range(statement.count("?")))
    return [row[3] for row in con.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()]  # type: ignore[arg-type]


STATEMENTS = {
    name: value
    for name, value in vars(sql).items()
    if isinstance(value, str) and re.match(r"\s*(SELECT|UPDATE|DELETE|INSERT|WITH)\b", value)
}


def test_every_statement_of_the_engine_is_looked_at() -> None:
    assert {name for name in STATEMENTS if not name.startswith("ADD_") and name != "SET_META"} == {
        *PLANS,
        *SMALL,
    }


@pytest.mark.parametrize("name", PLANS)
def test_a_statement_uses_the_index_that_is_meant_for_it(store: sqlite3.Connection, name: str) -> None:
    found = [line for line in plan(store, STATEMENTS[name]) if re.match(r"(SEARCH|SCAN) ", line)]
    beside = re.compile(r"SCAN (j VIRTUAL|json_each VIRTUAL|seen$|CONSTANT)")
    assert [line for line in found if not beside.match(line)] == PLANS[name]


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_statement_reads_a_growing_table_from_end_to_end(store: sqlite3.Connection, name: str) -> None:
    for line in plan(store, STATEMENTS[name]):
        assert not re.match(rf"SCAN ({'|'.join(GROWING)}|[ghmuw])\b", line), line


@pytest.mark.parametrize(
    "name", ["WAITS_DUE", "NEXT_DUE", "EVENT_SEQS", "EVENTS", "EVENT_TEXTS", "PROFILE", "WAITS_STEPS"]
)
def test_what_asks_for_the_first_few_sorts_no_more_than_it_gives(
    store: sqlite3.Connection, name: str
) -> None:
    """A limit helps only when the index gives the order."""
    assert not [line for line in plan(store, STATEMENTS[name]) if "TEMP B-TREE FOR ORDER BY" in line]


@pytest.mark.parametrize("table", ["history", "users", "journeys", "names"])
def test_the_next_number_is_found_without_a_walk(store: sqlite3.Connection, table: str) -> None:
    column = "seq" if table == "history" else "id"
    (line,) = plan(store, f"SELECT max({column}) FROM {table}")
    assert line == f"SEARCH {table}"


def test_what_set_event_is_told_is_read_on_from_where_it_was(store: sqlite3.Connection) -> None:
    lines = plan(store, hooks_module.TOLD)
    assert "SEARCH h USING INTEGER PRIMARY KEY (rowid>?)" in lines
    assert not [line for line in lines if "B-TREE" in line]


def test_an_answer_is_found_by_its_number(store: sqlite3.Connection) -> None:
    assert plan(store, inbox.ANSWER) == [f"SEARCH answers {ROWID}"]


def test_statements_written_in_the_engine_itself_are_as_quick(store: sqlite3.Connection) -> None:
    """`resume` looks for the newest failure of one journey."""
    found = re.findall(r'"(SELECT [^"]+)"', inspect.getsource(batch_module))
    for statement in found:
        (line,) = plan(store, statement)
        assert "history_journeys (journey=?" in line


def test_a_long_history_changes_no_plan(tmp_path: Path) -> None:
    """Nobody runs ANALYZE on a store, so its plans do not depend on what is in it."""
    con = open_database(tmp_path / "studio.db")
    tables = {name for (name,) in con.execute("SELECT name FROM sqlite_master").fetchall()}
    con.close()
    assert "sqlite_stat1" not in tables
