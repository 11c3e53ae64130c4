"""What charts draw beside the funnel: deadlines in windows, the pace by minutes, workflows side by side."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from studio import Journey, workflow
from studio.language.kinds import Kind, Status
from studio.store import view_charts
from studio.store.view_base import ENDLESS
from studio.store.view_charts import DUE_WINDOW, NUMBERED_USERS, OVERDUE, PACE, WorkflowCounts
from studio.store.views import Views
from tests.reports.journeys import START_MS, play
from tests.store.build import START, Builder

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
        assert (views.waiting_of("welcome"), views.waiting_of("nothing")) == (2, 0)
        assert views.overdue(START_MS + 2 * HOUR) == {"welcome": 1}


def test_windows_of_deadlines_end_between_two_of_one_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    b = Builder(tmp_path / "s.db")
    for number, due in enumerate((30, 10, 10, 10, None, 20, 10)):
        name = "other" if number == 2 else "welcome"
        b.wait(b.journey(name, f"user{number}", b.event("go", f"user{number}")), "paid", 0, due)
    with Views(b.done()) as views:
        for rows in (1, 2, 3, 5, 6, 7):
            monkeypatch.setattr(view_charts, "DUE_ROWS", rows)
            found, windows, after = list[int](), 0, (-ENDLESS, 0)
            while True:
                part, following = views.deadlines("welcome", after)
                found += part
                windows += 1
                if following is None:
                    break
                after = following
            assert [due - START for due in found] == [10, 10, 10, 20, 30]
            assert windows == 6 // rows + 1


def test_each_way_to_do_is_counted_by_workflow(tmp_path: Path) -> None:
    b = Builder(tmp_path / "s.db")
    numbers = {
        Status.WAITING: 3,
        Status.IDLE: 2,
        Status.COMPLETED: 4,
        Status.FAILED: 1,
        Status.EXITED: 5,
        Status.CANCELLED: 6,
    }
    for status, count in numbers.items():
        for n in range(count):
            user = f"{status} {n}"
            journey = b.journey("welcome", user, b.event("go", user), status=status)
            if status == Status.WAITING:
                b.wait(journey, "paid", 0, 1_000 * (n + 1))
    b.journey("cart", "ada", b.event("go", "ada"), status=Status.EXITED)
    b.journey("basket", "ada", b.event("go", "ada"), status=Status.CANCELLED)
    # One that was loaded, and has had no journey.
    b.con.execute("INSERT INTO totals VALUES (?, ?, 1)", (b.name("loaded"), Kind.WORKFLOW_LOADED))
    with Views(b.done()) as views:
        basket, cart, welcome = views.workflow_counts(START + 3_000)
        assert welcome == WorkflowCounts(
            "welcome", 21, waiting=3, idle=2, overdue=2, failed=1, completed=4, left=11, waits=3
        )
        assert cart == WorkflowCounts("cart", 1, 0, 0, 0, 0, 0, left=1, waits=0)
        assert basket == WorkflowCounts("basket", 1, 0, 0, 0, 0, 0, left=1, waits=0)
        assert views.overdue(START + 3_001) == {"welcome": 3}
        assert views.overdue(START + 1_000) == {}


def test_the_pace_of_a_long_history_is_told_in_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    b = Builder(tmp_path / "s.db")
    for number in range(5):
        b.event("go", "ada", number * 40_000)
    with Views(b.done()) as views:
        whole = views.pace(0)
        first = START // MINUTE
        assert whole == ([(first, False, 2), (first + 1, False, 1), (first + 2, False, 2)], 5)
        monkeypatch.setattr(view_charts, "PACE_ROWS", 3)
        assert views.pace(0) == (whole[0][:2], 3)
        assert views.pace(3) == (whole[0][2:], 5)
        assert views.pace(7) == ([], 7)


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
