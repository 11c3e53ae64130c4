"""A step that does not come back is named while `run` and `play` go on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cases.playing import HERE

MAIN = """
import sys

from studio.cli import main
from studio.engine.effects import stuck_calls as stuck

stuck.AFTER = stuck.EVERY = 0.1
main(sys.argv[1:])
"""


@pytest.mark.parametrize("command", ["play e.jsonl", "run --events e.jsonl --store s.db"])
def test_it_is_named_on_stderr_once(tmp_path: Path, command: str) -> None:
    (tmp_path / "e.jsonl").write_bytes((HERE / "hang" / "e.jsonl").read_bytes())
    workflows = ["--workflows", str(HERE / "hang" / "workflows")]
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, *command.split(), *workflows],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        lines = [process.stderr.readline()]
        while "has not come back" not in lines[-1]:
            assert lines[-1], lines
            lines.append(process.stderr.readline())
    finally:
        process.terminate()
        _, err = process.communicate(timeout=60)
    assert lines[-1].startswith('The step "hang" of w/ada has not come back for ')
    assert lines[-1].endswith(", at w.py:7.\n")
    assert "has not come back" not in err
