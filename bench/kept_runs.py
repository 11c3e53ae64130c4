"""Each whole run of the benchmark, kept with its commit and its machine: `bench/history.jsonl`."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from bench.fresh import ROOT

HISTORY = ROOT / "bench" / "history.jsonl"


def keep_run(record: dict[str, object], path: Path = HISTORY) -> None:
    """Append a run as a line of JSON, with the commit, the time and how busy the machine was."""
    line = {
        "commit": commit(),
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "load": [round(each, 2) for each in os.getloadavg()],
        **record,
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def commit() -> str | None:
    """The commit that is checked out, with a + where files differ from it; None outside a repository."""
    found = subprocess.run(
        ["git", "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=+"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or None
