"""A step that sends an event to its own engine, by real and virtual time, plain and async."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cases.playing import HERE


@pytest.mark.parametrize("ways", [["virtual"], ["virtual", "async"]], ids="-".join)
def test_the_journey_goes_on(tmp_path: Path, ways: list[str]) -> None:
    app = HERE / "submit-in-step" / "app.py"
    done = subprocess.run(
        [sys.executable, str(app), *ways], cwd=tmp_path, capture_output=True, text=True, timeout=180
    )
    assert done.stdout == "completed\n", done.stderr
