"""How long the command line takes to answer, process start included."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.numbers import Numbers


def journey_studio() -> list[str]:
    """How to call it here: the script beside this Python, or the module where there is none."""
    script = Path(sys.executable).parent / "journey-studio"
    return [str(script)] if script.exists() else [sys.executable, "-c", "from studio.cli import main; main()"]


def help(folder: Path, times: int) -> Numbers:
    """`journey-studio --help`."""
    return _wall(["--help"], times)


def send(folder: Path, times: int) -> Numbers:
    """`journey-studio send`, to a store without an engine."""
    return _wall(["send", "app/login", "--user", "user1", "--store", str(folder / "send.db")], times)


def _wall(arguments: list[str], times: int) -> Numbers:
    command = [*journey_studio(), *arguments]
    # Once untimed: compiling the modules and making the store happen once in a life.
    seconds = [_seconds(command) for _ in range(times + 1)][1:]
    return {"median_ms": statistics.median(seconds) * 1e3, "max_ms": max(seconds) * 1e3}


def _seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start
