"""`pytest --journey-coverage` in a project of its own, in a process of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.design.coverage import kept
from studio.source.loader import load
from studio.testing import Journeys
from studio.testing.collected import Collected
from studio.testing.coverage import lines_of, report
from tests.docs.pages import ROOT, block_with
from tests.testing.support import AS_INSTALLED, project, run_pytest

SHORT = """
from studio import Journey, workflow


@workflow(trigger="go")
async def short(journey: Journey):
    if await journey.wait_for("yes", timeout="1d"):
        return "yes"
    return "no"
"""

YES = """
def test_yes(journeys):
    journeys.send("go", user="ada")
    journeys.send("yes", user="ada")
    assert journeys.journey("ada").result == "yes"
"""

NO = """
from pathlib import Path

import pytest

from studio import workflow


@workflow(trigger="go")
async def own(journey):
    await journey.sleep("1d")


@pytest.mark.journeys(start="2026-03-02T09:00")
def test_no(journeys, monkeypatch):
    journeys.send("go", user="ada")
    journeys.forward("2d")
    assert journeys.journey("ada").result == "no"


@pytest.mark.journeys(workflows=own)
def test_a_workflow_of_the_tests_is_none_of_the_projects(journeys):
    journeys.send("go", user="ada")


@pytest.mark.journeys(workflows=Path(__file__).parent.parent / "other")
def test_other(journeys):
    journeys.send("go", user="ada")
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = project(tmp_path)
    (folder / "workflows" / "welcome.py").unlink()
    (folder / "workflows" / "short.py").write_text(SHORT)
    (folder / "tests" / "test_yes.py").write_text(YES)
    return folder


def told(out: str) -> list[str]:
    """The lines of the report."""
    lines = out.partition(" journey coverage ")[2].splitlines()[1:]
    return lines[: next(at for at, line in enumerate(lines) if line.startswith("kept in")) + 1]


def test_what_is_missing_is_named_and_a_share_that_is_too_low_fails(here: Path) -> None:
    code, out = run_pytest(here, "-q", "--journey-coverage-min", "76")
    assert told(out) == [
        "short   75 % of the map (3 of 4 ways),  50 % of the paths (1 of 2)",
        '  no test goes await journey.wait_for("yes", timeout="… :7 → completed "no" :9, timed out',
        "  no test has short-1.jsonl: yes timed out, completed",
        "  journey-studio explore short --write tests/journeys writes what is missing",
        "FAILED: tests went 75 % of short, and 76 % is asked for",
        "kept in .journey-coverage.json",
    ]
    assert (code, "1 passed" in out) == (1, True)
    found = kept.read(here / "workflows" / "short.py", "short")
    assert found is not None
    assert found.percent == 75


@pytest.mark.long
@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_tests_of_all_workers_and_event_files_count_together(here: Path, workers: tuple[str, ...]) -> None:
    (here / "tests" / "test_no.py").write_text(NO)
    (here / "other").mkdir()
    (here / "other" / "second.py").write_text(SHORT.replace("short", "second"))
    code, out = run_pytest(here, "-q", "--journey-coverage", *workers)
    assert told(out)[0] == ("second   25 % of the map (1 of 4 ways),   0 % of the paths (0 of 2)")
    assert told(out)[-2:] == [
        "short   100 % of the map (4 of 4 ways), 100 % of the paths (2 of 2)",
        "kept in .journey-coverage.json",
    ]
    assert (code, "own" in "".join(told(out))) == (0, False), out
    assert set(json.loads((here / kept.FILE).read_text())["workflows"]) == {"short", "second"}


@pytest.mark.long
def test_as_installed_it_needs_no_option_to_be_found(here: Path) -> None:
    (here / "tests" / "journeys" / "no.jsonl").write_text(
        '{"event": "go", "user": "bob"}\n{"at": "1d", "expect": "completed", "user": "bob", "result": "no"}\n'
    )
    # The plugin as it is installed: `studio` comes with the first test that has journeys.
    code, out = run_pytest(here, "-q", "--journey-coverage-min=100", plugin=AS_INSTALLED)
    assert code == 0, out
    assert told(out)[0] == "short  100 % of the map (4 of 4 ways), 100 % of the paths (2 of 2)"


@pytest.mark.long
def test_without_the_option_nothing_is_told_or_kept(here: Path) -> None:
    code, out = run_pytest(here, "-q")
    assert (code, "journey coverage" in out, (here / kept.FILE).exists()) == (0, False, False)
    code, out = run_pytest(here, "-q", "--journey-coverage", "--collect-only")
    assert (code, "journey coverage" in out, (here / kept.FILE).exists()) == (0, False, False)


def test_what_another_process_told_is_added_and_what_cannot_be_found_out_is_told(tmp_path: Path) -> None:
    file = tmp_path / "workflows" / "short.py"
    file.parent.mkdir()
    file.write_text(SHORT)
    ways = [["short.py:6 start", "short.py:7 wait", False]]
    gone = {"file": str(file), "name": "short", "ways": ways, "went": [], "journeys": 1}
    collected = Collected()
    for name in ("short", "made"):
        collected.add_told({"workflows": [{**gone, "name": name}], "problems": ["it hangs"]})
    assert Collected().told() == {"workflows": [], "problems": []}
    again = Collected()
    again.add_told(collected.told())
    found = report(again, [], tmp_path)
    lines = list(lines_of(found, "tests/journeys", 50))
    assert lines[0] == "short   25 % of the map (1 of 4 ways),   0 % of the paths (0 of 2)"
    assert lines[-5:] == [
        "! it hangs",
        f'! {file}: what tests went of "made" is not known:'
        " it is made in another way than by loading its file",
        "FAILED: tests went 25 % of short, and 50 % is asked for",
        "FAILED: 50 % is asked for, and it is not known of everything what tests went",
        "kept in .journey-coverage.json",
    ]
    nothing = lines_of(report(Collected(), [], tmp_path), "x")
    assert next(nothing) == "there is no workflow: nothing was gone"


def test_the_example_of_the_handbook(tmp_path: Path) -> None:
    trial = load(ROOT / "workflows" / "trial.py").workflows["trial"]
    collected = Collected()
    with Journeys(trial) as journeys:
        journeys.stub("send *")
        journeys.send("trial/started", user={"id": "ada", "email": "ada@example.com"})
        journeys.forward("90d")
        engine, _ = journeys._running()
        collected.take(engine.path, engine.workflows)
    lines = lines_of(report(collected, [trial], tmp_path), "tests/journeys")
    assert "\n".join(lines) in block_with("text", " journey coverage ").text
