"""What measures runs: its numbers are for a quiet machine and are believed by nobody here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import first_countdown
from bench.against import Compared, text
from bench.checks import BenchError
from bench.kept_runs import keep_run
from bench.table import Row, Target, plain

ROOT = Path(__file__).parent.parent


def run(*command: str) -> str:
    found = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert found.returncode == 0, found.stderr
    return found.stdout


@pytest.mark.long
def test_the_profile_names_where_the_time_goes(tmp_path: Path) -> None:
    shown = run("bench.profile", "--journeys", "300", "--top", "3", "--dir", str(tmp_path))
    assert "300 journeys in" in shown
    for stage in (
        "read ahead",
        "handle events",
        "gather",
        "write, in one transaction",
        "INSERT INTO history",
    ):
        assert stage in shown, stage


@pytest.mark.long
def test_each_group_of_the_benchmark_can_be_measured(tmp_path: Path) -> None:
    shown = run("bench", "--smoke", "--dir", str(tmp_path))
    for group in (
        "users, FULL",
        "run --events FILE --json, whole process",
        "raw",
        "ingest",
        "waiting",
        "deadlines",
        "from save",
        "studio",
    ):
        assert group in shown, group


RATE = Row("journeys", "a rate", 100.0, "journeys/s")
DELAY = Row("latency", "a delay", 100.0, "ms", Target("under", 200))


@pytest.mark.parametrize(
    ("row", "before", "now", "verdict"),
    [
        (RATE, [100, 110, 105], [90, 99, 95], "SLOWER"),
        (RATE, [100, 110, 105], [120, 131, 118], "faster"),
        # A round that says otherwise, a difference that is too small, too few rounds: nothing is known.
        (RATE, [100, 110, 105], [90, 99, 106], ""),
        (RATE, [100, 100, 100], [99, 99, 99], ""),
        (RATE, [100, 100], [50, 50], ""),
        (DELAY, [100, 110, 105], [120, 131, 118], "SLOWER"),
        (DELAY, [100, 110, 105], [90, 99, 95], "faster"),
        (Row("journeys", "size", 1.0, "bytes"), [100, 100, 100], [120, 120, 120], "WORSE"),
        (Row("raw", "share", 1.0, "%", is_ratio=True), [30, 30, 30], [40, 40, 40], "better"),
    ],
)
def test_two_commits_differ_when_each_round_says_so(
    row: Row, before: list[float], now: list[float], verdict: str
) -> None:
    one = Compared(row, before, now)
    assert one.verdict() == verdict
    last = text([one]).splitlines()[-1]
    named = f"Slower in each round: {row.what}"
    assert last == (named if verdict in ("SLOWER", "WORSE") else "Nothing is slower in each round.")


def test_a_commit_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no-such-commit"):
        run("bench", "--smoke", "--only", "raw", "--against", "no-such-commit", "--dir", str(tmp_path))


def test_ratios_stand_first() -> None:
    rows = [RATE, Row("journeys", "a share", 50.0, "%", is_ratio=True), DELAY]
    lines = [line.split("  ")[0] for line in plain(rows).splitlines()[2:]]
    assert lines == ["a share", "", "a rate", "", "a delay"]


def test_a_whole_run_is_kept_with_its_commit(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    for minutes in (1, 2):
        keep_run({"minutes": minutes, "rows": [RATE.record()]}, path)
    first, second = map(json.loads, path.read_text().splitlines())
    assert (first["minutes"], second["minutes"]) == (1, 2)
    assert first["rows"][0]["value"] == 100.0
    assert len(first["load"]) == 3
    assert {"commit", "measured"} <= set(first)


@pytest.mark.long
def test_the_first_countdown_is_waited_for_on_the_screen_of_a_terminal(tmp_path: Path) -> None:
    """The rest fetches packages, and is run by hand."""
    environment = first_countdown.environment_of(tmp_path, cache="x")
    assert environment["UV_CACHE_DIR"].startswith(str(tmp_path))
    command = [sys.executable, "-m", "journey_studio"]
    empty = tmp_path / "empty"
    empty.mkdir()
    welcome, countdown = first_countdown.first_countdown(command, empty, environment)
    assert 0 < welcome < countdown
    assert (empty / "workflows" / "welcome.py").exists()
    found = [first_countdown.Took("cold", "uvx", welcome, 2.25), first_countdown.Took("again", "", None, 1.0)]
    told = first_countdown.text(found, 0.5)
    assert "| again |  |  | 1.0 s |" in told
    assert "2.2 s" in told
    terminal = first_countdown.Terminal([sys.executable, "-c", "print('gone')"], empty, environment)
    with pytest.raises(BenchError, match="'Never' does not come"):
        terminal.until("Never")
