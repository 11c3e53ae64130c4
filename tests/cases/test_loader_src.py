"""A package in the project's root is had from wherever its workflows are run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cases.results import CASES, play

NAME = "loader-src"
LINE = '   +0.0s      ✓ w completed {"r": "hello ada"}'
SCRIPT = [str(Path(sys.executable).with_name("journey-studio"))]
MODULE = [sys.executable, "-m", "studio.cli"]


def test_in_process() -> None:
    assert play(NAME, "e.jsonl") == {"w/ada": {"r": "hello ada"}}


@pytest.mark.parametrize("command", [SCRIPT, MODULE])
def test_by_command(command: list[str]) -> None:
    done = subprocess.run(
        [*command, "play", "e.jsonl"], cwd=CASES / NAME, capture_output=True, text=True, timeout=180
    )
    assert done.stdout.splitlines()[-1] == LINE, done.stderr


@pytest.mark.long
def test_by_pytest(tmp_path: Path) -> None:
    project = tmp_path / NAME
    shutil.copytree(CASES / NAME, project, ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [str(Path(sys.executable).with_name("pytest")), "-q"],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert "1 passed" in done.stdout, done.stdout
