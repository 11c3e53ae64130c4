"""Completed reference journeys a second of `journey-studio run --events FILE`, the whole process."""

from __future__ import annotations

import inspect
import json
import subprocess
import time
from pathlib import Path

from bench.checks import count_journeys, expect
from bench.commands import journey_studio
from bench.journeys import reference, reference_events
from bench.numbers import Numbers
from studio.language.kinds import Status


def run(folder: Path, users: int, options: list[str]) -> Numbers:
    """From a file of events to the end of the process, its start and what it prints included.

    Args:
        options: further ones of the command: ["--json"].
    """
    (folder / "workflows").mkdir()
    code = inspect.getsource(reference.original)
    (folder / "workflows" / "reference.py").write_text(f"from studio import Journey, workflow\n\n\n{code}")
    events = ({"event": each.name, "user": each.user} for each in reference_events(users, "phases"))
    (folder / "events.jsonl").write_text("".join(f"{json.dumps(event)}\n" for event in events))
    command = [*journey_studio(), "run", "--events", "events.jsonl", "--until-idle", "--store", "run.db"]
    with (folder / "printed").open("wb") as printed:
        start = time.perf_counter()
        subprocess.run(
            [*command, *options], cwd=folder, check=True, stdout=printed, stderr=subprocess.DEVNULL
        )
        seconds = time.perf_counter() - start
    expect("journeys completed", count_journeys(folder / "run.db", Status.COMPLETED), users)
    return {"journeys_per_s": users / seconds, "seconds": seconds}
