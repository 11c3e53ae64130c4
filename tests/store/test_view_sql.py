"""What each statement of the views walks: an index, up to its limit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.store import view_sql
from studio.store.views import Views
from tests.store.build import small


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return small(tmp_path / "studio.db")


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
    *("number", "place", "until", "ceiling", "top"),
]
