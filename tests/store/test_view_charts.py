"""What charts draw beside the funnel: deadlines in windows, the pace by minutes, workflows side by side."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from studio import Journey, workflow
from studio.store import view_charts
from studio.store.view_base import ENDLESS
from studio.store.view_charts import DUE_WINDOW, NUMBERED_USERS, OVERDUE, PACE
from studio.store.views import Views
from tests.reports.journeys import START_MS, play

MINUTE, HOUR = 60_000, 3_600_000


@workflow(trigger="app/signup")
async def welcome(journey: Journey) -> dict[str, bool] | None:
    """Waits an hour, then for ever; one fails."""
    if journey.user.id == "zoe":
        raise ValueError("no plan")
    if await journey.wait_for("app/paid", timeout="1h"):
        return {"ok": True}
    await journey.wait_for("app/paid")
    return {"ok": True}


SENT = [
    ("0s", "mia", "app/signup"),
    ("30m", "zoe", "app/signup"),
    ("40m", "leo", "app/signup"),
    ("50m", "kim", "app/signup"),
    ("55m", "kim", "app/paid"),
]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    play(tmp_path / "s.db", welcome, SENT, "80m")
    return tmp_path / "s.db"


def test_deadlines_come_nearest_first_in_windows_of_all(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Views(store) as views:
        whole, after = views.deadlines("welcome")
        assert (whole, after) == ([START_MS + 100 * MINUTE], None)
        assert views.deadlines("other")[0] == []
        monkeypatch.setattr(view_charts, "DUE_ROWS", 1)
        first, after = views.deadlines("welcome")
        assert first == whole
        assert after is not None
        assert views.deadlines("welcome", after) == ([], None)


def test_workflows_stand_side_by_side_and_what_is_past_is_overdue(store: Path) -> None:
    with Views(store) as views:
        (found,) = views.workflow_counts(0)
        assert (found.name, found.entered, found.waiting, found.failed, found.completed) == (
            "welcome",
            4,
            2,
            1,
            1,
        )
        assert (found.overdue, found.waits) == (0, 2)
        assert views.overdue(START_MS + 2 * HOUR) == {"welcome": 1}


def test_the_pace_is_told_by_the_minute_and_only_what_came_since(store: Path) -> None:
    with Views(store) as views:
        rows, upto = views.pace(0)
        first = START_MS // MINUTE
        assert {(minute - first, failed, n) for minute, failed, n in rows} == {
            (0, False, 1),
            (30, False, 1),
            (30, True, 1),
            (40, False, 1),
            (50, False, 1),
            (55, False, 1),
        }
        assert views.pace(upto) == ([], upto)


def test_users_are_named_by_their_numbers(store: Path) -> None:
    with Views(store) as views:
        assert set(views.users_numbered([1, 2, 3, 4, 99]).values()) == {"mia", "zoe", "leo", "kim"}


def test_the_statements_walk_an_index_or_a_window(store: Path) -> None:
    con = sqlite3.connect(store)

    def plan(statement: str, **values: object) -> list[str]:
        return [row[3] for row in con.execute(f"EXPLAIN QUERY PLAN {statement}", values)]

    ahead = plan(DUE_WINDOW, workflow=1, due=-ENDLESS, id=0, limit=1)
    assert ahead[0].startswith("SEARCH w USING INDEX waits_due (due>")
    assert not [line for line in ahead if "B-TREE" in line]
    assert any("waits_due (due>? AND due<?)" in line for line in plan(OVERDUE, before=1, limit=1))
    assert plan(PACE, after=0, upto=1)[0] == "SEARCH history USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"
    assert plan(NUMBERED_USERS, ids="[1]")[-1] == "SEARCH u USING INTEGER PRIMARY KEY (rowid=?)"
    con.close()
