"""One run of the benchmark: where its stores lie, how much it measures, what it has measured already."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import fresh
from bench.numbers import Numbers, medians
from bench.sizes import Sizes


class Session:
    """Measures, each thing once: rows that need the same numbers share them.

    Args:
        folder: where its stores lie.
        sizes: how much is measured.
        checkout: whose code is measured, by its own benchmark.
    """

    def __init__(self, folder: Path, sizes: Sizes, checkout: Path = fresh.ROOT) -> None:
        self.folder = folder
        self.sizes = sizes
        self._checkout = checkout
        self._known: dict[str, Numbers] = {}

    def measure(self, measure: fresh.Measure, *, repeat: int = 1, **args: Any) -> Numbers:
        """What a measurement gives; the median of several runs when it is repeated.

        Raises:
            BenchError: it failed.
        """
        name = f"{measure.__module__.removeprefix('bench.')}.{measure.__name__}"
        called = f"{name}({', '.join(f'{key}={value}' for key, value in args.items())})"
        key = json.dumps([name, args], sort_keys=True)
        if key not in self._known:
            start = time.perf_counter()
            _tell(f"{called} …")
            self._known[key] = medians([self._run(measure, args) for _ in range(repeat)])
            _tell(f"{called} {time.perf_counter() - start:.1f} s\n")
        return self._known[key]

    def _run(self, measure: fresh.Measure, args: dict[str, Any]) -> Numbers:
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        try:
            return fresh.run(measure, folder, args, self._checkout)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """A folder that goes at the end, and that git does not see until then."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".bench-", dir=parent))
    try:
        (folder / ".gitignore").write_text("*\n")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _tell(text: str) -> None:
    """Say how far it is; on a terminal a line replaces the one before."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text.rstrip()}", end="", file=sys.stderr, flush=True)
    elif text.endswith("\n"):
        print(text, end="", file=sys.stderr, flush=True)
