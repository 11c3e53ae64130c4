"""What measures runs: its numbers are for a quiet machine and are believed by nobody here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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
    for group in ("users, FULL", "raw", "ingest", "waiting", "deadlines", "from save", "studio"):
        assert group in shown, group
