"""Every hot statement finds its rows through the index that is meant for it."""

from __future__ import annotations

import inspect
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from studio.store import (
    approvals,
    changes,
    codes,
    cut,
    event_outbox,
    foreign,
    inbox,
    meta,
    read_entries,
    read_events,
    read_journeys,
    read_marks,
    read_users,
    read_waits,
    undone,
)
from studio.store import sqlite as connection
from studio.store.database import open_database

ENGINE = (
    changes,
    codes,
    connection,
    event_outbox,
    foreign,
    inbox,
    meta,
    read_entries,
    read_events,
    read_journeys,
    read_marks,
    read_users,
    read_waits,
)
"""Where the statements of a running engine stand."""

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
    "WAITS_DUE_AT": [
        "SEARCH g USING INDEX sqlite_autoindex_journeys_1 (user=?)",
        "SEARCH h USING INDEX history_journeys (journey=? AND rowid>?)",
        f"SEARCH w {ROWID}",
        NEWEST,
    ],
    "WAIT_AT": [f"SEARCH w {ROWID}", f"SEARCH h {ROWID}", f"SEARCH g {ROWID}", NEWEST],
    "COUNT_DUE": ["SEARCH waits USING COVERING INDEX waits_due (due>? AND due<?)"],
    "NEXT_DUE": ["SEARCH waits USING COVERING INDEX waits_due (due>?)"],
    "SUSPENDED_TIMERS": ["SEARCH w USING INDEX waits_due (due<?)", f"SEARCH g {ROWID}"],
    "WAITING_IN": ["SEARCH g USING INTEGER PRIMARY KEY (rowid>?)"],
    "WAITING_WINDOW": ["SEARCH g USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
    "LATE_IN": [
        "SEARCH g USING INTEGER PRIMARY KEY (rowid=?)",
        "SEARCH w USING INDEX waits_due (due>? AND due<?)",
    ],
    "FINISHED_WINDOW": [
        "SEARCH g USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
        "SEARCH m USING COVERING INDEX sqlite_autoindex_journeys_1 (user=? AND workflow=? AND key=? AND n>?)",
    ],
    "STATUS_TOTAL": ["SEARCH totals USING PRIMARY KEY (workflow=? AND kind=?)"],
    "META": ["SEARCH meta USING PRIMARY KEY (key=?)"],
    "META_UNDER": ["SEARCH meta USING PRIMARY KEY (key>? AND key<?)"],
    "ANY_UNDER": ["SEARCH meta USING PRIMARY KEY (key>? AND key<?)"],
    "META_KEYED": ["SEARCH m USING PRIMARY KEY (key=?)"],
    "DEADLINES": [f"SEARCH w {ROWID}"],
    "OPENINGS": [f"SEARCH g {ROWID}", "SEARCH h USING INDEX history_journeys (journey=? AND rowid>?)"],
    "ENTRY_OF": [
        f"SEARCH h {ROWID}",
        f"SEARCH u {ROWID} LEFT-JOIN",
        f"SEARCH j {ROWID} LEFT-JOIN",
        f"SEARCH o {ROWID} LEFT-JOIN",
        f"SEARCH w {ROWID} LEFT-JOIN",
        f"SEARCH e {ROWID} LEFT-JOIN",
        f"SEARCH p {ROWID} LEFT-JOIN",
        f"SEARCH c {ROWID} LEFT-JOIN",
        "SEARCH m USING PRIMARY KEY (key=?)",
        "SEARCH r USING INDEX history_events (user=?)",
    ],
    "NEWEST_ENTRY": ["SEARCH history USING COVERING INDEX history_journeys (journey=?)"],
    "SAID_THERE": [
        "SEARCH history USING INDEX history_journeys (journey=? AND rowid>? AND rowid<?)",
        "SEARCH names USING COVERING INDEX sqlite_autoindex_names_1 (text=?)",
    ],
    "MOMENT": [f"SEARCH history {ROWID}"],
    "ENTRY_USER": [f"SEARCH h {ROWID}", f"SEARCH u {ROWID}"],
    "UNTOLD": [
        "SEARCH h USING INTEGER PRIMARY KEY (rowid>?)",
        f"SEARCH n {ROWID}",
        f"SEARCH u {ROWID}",
        "SEARCH meta USING PRIMARY KEY (key=?)",
    ],
    "NEXT_TURNS": [f"SEARCH f {ROWID}"],
    "SPAN_AT": ["SEARCH foreign_spans USING PRIMARY KEY (user=? AND first<?)"],
    "TURN_AT": ["SEARCH foreign_spans USING PRIMARY KEY (user=? AND first=?)"],
    "OWN_NUMBER": [
        "SEARCH h USING INTEGER PRIMARY KEY (rowid=?)",
        "SEARCH j USING INTEGER PRIMARY KEY (rowid=?)",
        "SEARCH u USING INTEGER PRIMARY KEY (rowid=?)",
        "SEARCH s USING PRIMARY KEY (user=?)",
    ],
    "FOREIGN_JOURNEYS": ["SEARCH f USING PRIMARY KEY (user=? AND number=?)"],
    "FOREIGN_IDS": ["SEARCH h USING COVERING INDEX history_ids (id=? AND user=?)"],
    "ANSWER": [f"SEARCH answers {ROWID}"],
    "CODE": ["SEARCH codes USING INDEX sqlite_autoindex_codes_1 (workflow=? AND hash=?)"],
    "OWN_HISTORY": ["SEARCH history", "SCAN foreign_users"],
    "NEWEST_CODE": ["SEARCH codes USING COVERING INDEX sqlite_autoindex_codes_1 (workflow=?)"],
    "LAST_ENTRY": ["SEARCH history"],
    "LAST_USER": ["SEARCH users"],
    "LAST_JOURNEY": ["SEARCH journeys"],
    "LAST_NAME": ["SEARCH names"],
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
    "MARKS_OF": ["SEARCH h USING INDEX history_marks (user=? AND kind=?)", f"SEARCH j {ROWID} LEFT-JOIN"],
    "ENTERED": [
        "SEARCH j USING COVERING INDEX sqlite_autoindex_journeys_1 (user=? AND workflow=?)",
        f"SEARCH h {ROWID}",
        "SEARCH f USING COVERING INDEX history_journeys (journey=?)",
    ],
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
    "NEWEST_END": ["SEARCH history USING INDEX history_journeys (journey=?)"],
    "NEWEST_OF_KIND": ["SEARCH history USING INDEX history_journeys (journey=?)"],
    "NAME_ID": ["SEARCH names USING COVERING INDEX sqlite_autoindex_names_1 (text=?)"],
    "NAME_TEXT": [f"SEARCH names {ROWID}"],
    "SET_JOURNEY": [f"SEARCH journeys {ROWID}"],
    "SET_DUE": [f"SEARCH waits {ROWID}"],
    "END_WAIT": [f"SEARCH waits {ROWID}"],
    "END_META": ["SEARCH meta USING PRIMARY KEY (key=?)"],
    "END_INBOX": [f"SEARCH inbox {ROWID}"],
}
"""What SQLite must say of each statement, but for `json_each` and sorting."""

SMALL = {"NEXT_CODE", "REFUSED_TURNS", "REFUSED_TURNS_COUNT", "INBOX", "END_ANSWERS", "CODES"}
"""Read tables that hold only what is on its way, or few: the inbox, a minute of answers, versions."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    con = open_database(tmp_path_factory.mktemp("plans") / "studio.db")
    yield con
    con.close()


def plan(con: sqlite3.Connection, statement: str) -> list[str]:
    values: object = (1,) * statement.count("?")
    if "json_each(?)" in statement:
        values = tuple("[]" if i == 0 else 1 for i in range(statement.count("?")))
    return [row[3] for row in con.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()]  # type: ignore[arg-type]


def statements(module: ModuleType) -> dict[str, str]:
    """What stands in a module by a name of its own."""
    text = inspect.getsource(module)
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, str)
        and re.match(r"\s*(SELECT|UPDATE|DELETE|INSERT|WITH)\b", value)
        and re.search(rf"^{name} = ", text, re.MULTILINE)
    }


STATEMENTS = {name: value for module in ENGINE for name, value in statements(module).items()}


def test_a_statement_has_a_name_of_its_own() -> None:
    assert len(STATEMENTS) == sum(len(statements(module)) for module in ENGINE)


def test_every_statement_of_the_engine_is_looked_at() -> None:
    assert {
        name
        for name in STATEMENTS
        if not name.startswith("ADD") and name not in ("SET_META", "SET_FOREIGN_NEXT")
    } == {
        *PLANS,
        *SMALL,
    }


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_statement_numbers_its_placeholders(name: str) -> None:
    """Python 3.12.0 to 3.12.3 warn of `?1` with a sequence, and whoever takes warnings for errors fails."""
    assert not re.search(r"\?\d", STATEMENTS[name])


@pytest.mark.parametrize("name", PLANS)
def test_a_statement_uses_the_index_that_is_meant_for_it(store: sqlite3.Connection, name: str) -> None:
    found = [line for line in plan(store, STATEMENTS[name]) if re.match(r"(SEARCH|SCAN) ", line)]
    beside = re.compile(r"SCAN (j VIRTUAL|x VIRTUAL|json_each VIRTUAL|seen$|CONSTANT)")
    assert [line for line in found if not beside.match(line)] == PLANS[name]


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_statement_reads_a_growing_table_from_end_to_end(store: sqlite3.Connection, name: str) -> None:
    for line in plan(store, STATEMENTS[name]):
        assert not re.match(rf"SCAN ({'|'.join(GROWING)}|[ghmuw])\b", line), line


@pytest.mark.parametrize(
    "name",
    [
        "WAITS_DUE",
        "NEXT_DUE",
        "EVENT_SEQS",
        "EVENTS",
        "EVENT_TEXTS",
        "MARKS_OF",
        "PROFILE",
        "WAITS_STEPS",
        "UNTOLD",
    ],
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


@pytest.mark.parametrize("statement", [cut.LAST_ENTRY, cut.FIRST_MOMENT, cut.LAST_MOMENT, undone.LAST_MOMENT])
def test_what_a_rewind_asks_for_walks_no_history(store: sqlite3.Connection, statement: str) -> None:
    """The first and the newest entry are the ends of the table; what was taken back stands by its number."""
    for line in plan(store, statement):
        assert not line.startswith("SCAN") or line == "SCAN history", line
        assert "B-TREE" not in line


def test_holds_are_found_among_the_settings_and_never_by_a_walk_over_the_waits(
    store: sqlite3.Connection,
) -> None:
    lines = plan(store, approvals.ORPHANED_HOLDS)
    assert lines[0] == "SEARCH meta USING PRIMARY KEY (key>? AND key<?)"
    assert not [line for line in lines if line.startswith("SCAN")]


def test_a_long_history_changes_no_plan(tmp_path: Path) -> None:
    """Nobody runs ANALYZE on a store, so its plans do not depend on what is in it."""
    con = open_database(tmp_path / "studio.db")
    tables = {name for (name,) in con.execute("SELECT name FROM sqlite_master").fetchall()}
    con.close()
    assert "sqlite_stat1" not in tables
