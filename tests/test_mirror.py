"""Each module of the rooms that decide, drive and keep has a file of its name that tests it."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("kernel", "engine", "store")
VALUES = "values alone: who makes and who takes them is tested"
CLIENT = "test_client.py asks all of them alike"
OTHERWISE = {
    "kernel/decisions.py": "values alone: test_resolver.py, which makes them, and test_transition.py",
    "engine/local.py": CLIENT,
    "engine/remote.py": CLIENT,
    "engine/store_client.py": CLIENT,
    "engine/on_demand.py": "commands ask it: cli/test_time.py, cli/test_start.py, cli/test_keeping.py",
    "engine/reload/openings.py": "kernel/test_dry_run.py, and the report beforehand: test_report.py",
    "engine/rewind/time_travel.py": "the engine's words for what test_rewind.py and test_undo.py test",
    "engine/work/attempt_result.py": VALUES,
    "engine/work/commit_hooks.py": "does nothing by itself: test_batches.py, test_committer.py",
    "store/past_sql.py": "statements alone: test_past_views.py",
    "store/view_context_sql.py": "statements alone: test_view_context.py, test_plans.py",
    "store/schema.py": "tables alone: test_migrations.py makes them, test_plans.py has the indexes",
}
"""Modules without a file of their name, with the reason."""


def modules(room: str) -> list[str]:
    """The modules of a room, as "kernel/drive.py"."""
    files = (ROOT / "studio" / room).rglob("*.py")
    return sorted(
        file.relative_to(ROOT / "studio").as_posix() for file in files if file.name != "__init__.py"
    )


def where_tested(module: str) -> Path:
    """Where its tests are."""
    path = ROOT / "tests" / module
    return path.with_name(f"test_{path.name}")


@pytest.mark.parametrize("room", ROOMS)
def test_each_module_has_tests_under_its_name(room: str) -> None:
    found = modules(room)
    assert found
    missing = [module for module in found if not where_tested(module).exists() and module not in OTHERWISE]
    assert not missing, f"write {', '.join(str(where_tested(each).relative_to(ROOT)) for each in missing)}"


def test_no_exception_outlives_its_reason() -> None:
    assert [each for each in OTHERWISE if not (ROOT / "studio" / each).exists()] == []
