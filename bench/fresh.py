"""Run a measurement in a process of its own, so that memory and caches are clean.

    python -m bench.fresh bench.rates:bulk FOLDER '{"users": 20000}' RESULT

is what stands behind `run`; it also serves to repeat one measurement by hand.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.checks import BenchError
from bench.numbers import Numbers

LIMIT_SECONDS = 300.0
"""After this a measurement has hung."""
ROOT = Path(__file__).parent.parent

Measure = Callable[..., Numbers]
"""Takes a folder for its stores first, and then only what JSON can hold, by name."""


def run(measure: Measure, folder: Path, args: dict[str, Any], checkout: Path = ROOT) -> Numbers:
    """Measure in a fresh process, the code of a checkout.

    Raises:
        BenchError: it failed or hung; with the end of what it said.
    """
    result = folder / "result.json"
    name = f"{measure.__module__}:{measure.__name__}"
    command = [sys.executable, "-m", "bench.fresh", name, str(folder), json.dumps(args), str(result)]
    # A session of its own: what it started ends with it, also when this is interrupted.
    child = subprocess.Popen(
        command,
        cwd=checkout,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = child.communicate(timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        raise BenchError(f"{name} did not come back within {LIMIT_SECONDS:.0f} s") from None
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    if child.returncode != 0:
        raise BenchError(f"{name} {json.dumps(args)} failed:\n{said[-2000:].rstrip()}")
    numbers: Numbers = json.loads(result.read_text())
    return numbers


def main(name: str, folder: str, args: str, result: str) -> None:
    """Be that process."""
    module, _, function = name.partition(":")
    measure: Measure = getattr(importlib.import_module(module), function)
    numbers = measure(Path(folder), **json.loads(args))
    Path(result).write_text(json.dumps(numbers))


if __name__ == "__main__":
    main(*sys.argv[1:])
