"""A workflow file and a step that write on stdout in every way, played for a script."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.cases.playing import HERE
from tests.cli.shell import shell


def test_stdout_carries_data_alone(tmp_path: Path) -> None:
    shutil.copytree(HERE / "stdout-json", tmp_path, dirs_exist_ok=True)
    done = shell(tmp_path, "play", "events.jsonl", "--json")
    entries = [json.loads(line) for line in done.stdout.splitlines()]
    said = [entry["message"] for entry in entries if entry["kind"] == "log"]
    assert said == ["written", "{'pretty': 1}", "from a subprocess", "printed"]
    assert done.stderr.splitlines() == ["settings loaded"]
    assert entries[-1]["kind"] == "journey.completed"
