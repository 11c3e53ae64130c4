"""Into which arms people were drawn: counted once, kept up, and anew when something was taken away."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio import Engine, Journey, VirtualClock, workflow
from studio.store import view_arms
from studio.store.erase import erase
from studio.store.views import Views


@workflow(trigger="go")
async def parted(journey: Journey) -> str:
    return await journey.split("subject", {"a": 50, "b": 50})


@workflow(trigger="go")
async def other(journey: Journey) -> str:
    return await journey.split("subject", {"c": 100})


async def come(path: Path, *users: str) -> None:
    async with Engine([parted, other], store=path, clock=VirtualClock(), seed="s") as engine:
        for user in users:
            await engine.ingest("go", user)


def arms(views: Views) -> dict[str, int]:
    (split,) = (each for each in views.funnel("parted") if each.kind == "split")
    assert split.said == sum(split.arms.values())
    return dict(split.arms)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Those that were run, by name."""
    run: list[str] = []
    read = view_arms.ArmCounts._read

    def counted(self, rows, workflow, after, upto):  # type: ignore[no-untyped-def]
        run.append("whole" if after == 0 else "since")
        return read(self, rows, workflow, after, upto)

    monkeypatch.setattr(view_arms.ArmCounts, "_read", counted)
    return run


async def test_each_arm_is_counted_and_later_only_what_came_since(
    tmp_path: Path, statements: list[str]
) -> None:
    path = tmp_path / "a.db"
    await come(path, *(f"user{n}" for n in range(20)))
    with Views(path) as views:
        first = arms(views)
        assert sum(first.values()) == 20
        assert set(first) == {"a", "b"}
        await come(path, *(f"more{n}" for n in range(20)))
        later = arms(views)
        assert sum(later.values()) == 40
        assert all(later[arm] >= n for arm, n in first.items())
    assert statements == ["whole", "since"]


async def test_what_was_taken_away_does_not_count(tmp_path: Path, statements: list[str]) -> None:
    path = tmp_path / "a.db"
    await come(path, *(f"user{n}" for n in range(6)))
    with Views(path) as views:
        arms(views)
        await come(path, "later")
    counts = view_arms.ArmCounts()
    with Views(path) as views:
        views._arms = counts
        assert sum(arms(views).values()) == 7
    erase(path, "user0")
    with Views(path) as views:
        views._arms = counts
        assert sum(arms(views).values()) == 6
    assert statements[-1] == "whole"


def test_the_statements_use_the_index_or_the_newest_entries(tmp_path: Path) -> None:
    with Engine(store=tmp_path / "a.db"):
        pass
    with Views(tmp_path / "a.db") as views:
        values = {"after": 0, "upto": 9, "workflow": 1}
        for statement, uses in (
            (view_arms.ARMS, "history_marks"),
            (view_arms.ARMS_SINCE, "INTEGER PRIMARY KEY"),
        ):
            plan = [row[-1] for row in views._rows(f"EXPLAIN QUERY PLAN {statement}", values)]
            assert uses in next(step for step in plan if " h" in step)
