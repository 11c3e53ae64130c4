"""Change the code in one place at a time, and see whether any test notices. By hand, not in `make test`.

    python -m tests.mutants map tests/engine tests/store tests/conformance tests/kernel  # once
    python -m tests.mutants map --add tests/engine/test_batch.py  # tests that are new
    python -m tests.mutants try studio/engine/rewind/rewind.py studio/store/cut.py  # 16 changes a file
    python -m tests.mutants try studio/engine --most 8 --seed 2

A change is tried in a copy of the tree, with tests that run its line until one fails: the quickest, and
those that run most of its file. A change that no test notices is printed with its line: it is a hole in
the tests, or changes nothing that anybody could see (`mutants.md` lists those). A map holds for the code it
was made of.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.mutants.changes import Change, changes_of
from tests.mutants.coverage_map import COVERAGE, ROOT, make_map, tests_of
from tests.mutants.trials import Trials

TAKEN = (
    "studio",
    "tests",
    "bench",
    "workflows",
    "data",
    "docs",
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Makefile",
    "mkdocs.yml",
    COVERAGE.name,
    COVERAGE.with_suffix(".seconds").name,
)


def try_changes(files: Sequence[str], most: int, seed: int) -> int:
    """Try some changes of each file in a copy of the tree; the exit code says whether all were noticed."""
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name)
        for each in TAKEN:
            source = ROOT / each
            if source.is_dir():
                shutil.copytree(source, tree / each, ignore=shutil.ignore_patterns("__pycache__", "*.db*"))
            else:
                shutil.copy(source, tree / each)
        paths = [path.relative_to(ROOT).as_posix() for file in files for path in _files(Path(file).resolve())]
        options = ["--most", f"{most}", "--seed", f"{seed}"]
        command = [sys.executable, "-m", "tests.mutants", "try-here", *paths, *options]
        return subprocess.run(command, cwd=tree, check=False).returncode


def _files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def try_here(files: Sequence[str], most: int, seed: int) -> int:
    """The same in this tree, whose files are changed and put back."""
    chosen = {file: _chosen(ROOT / file, most, seed) for file in files}
    tests = {change: tests_of(change) for changes in chosen.values() for change in changes}
    missed = Counter[str]()
    # What pytest and the tests print is nobody's business here.
    told = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    def tell(change: Change, is_met: bool) -> None:
        file = change.file.relative_to(ROOT).as_posix()
        if not is_met:
            missed[file] += 1
            said = f"{change.before!r} -> {change.after!r}, {len(tests[change])} tests run it"
            print(f"  {file}:{change.line}: {said}", file=told)
        if change == chosen[file][-1]:
            tried = len(chosen[file])
            met = tried - missed[file]
            print(f"{file}: {met} of {tried} met, {100 * met // tried} %", file=told)

    needed = sorted({test.partition("::")[0] for each in tests.values() for test in each})
    plugin = Trials(tests, tell)
    # Each file of tests is collected once; a fork per change runs some of them.
    options = ["-q", "-s", "-p", "no:cacheprovider", "-p", "no:cov"]
    code = pytest.main([*options, *needed], plugins=[plugin])
    return int(missed.total() > 0 or code not in (0, pytest.ExitCode.NO_TESTS_COLLECTED))


def _chosen(file: Path, most: int, seed: int) -> list[Change]:
    changes = changes_of(file)
    chosen = random.Random(seed).sample(changes, min(most, len(changes)))
    return sorted(chosen, key=lambda change: (change.start, change.end, change.after))


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    commands = parser.add_subparsers(dest="command", required=True)
    mapping = commands.add_parser("map")
    mapping.add_argument("tests", nargs="+")
    mapping.add_argument("--add", action="store_true")
    mapping.add_argument("--jobs", type=int, default=2)
    for name in ("try", "try-here"):
        trying = commands.add_parser(name)
        trying.add_argument("files", nargs="+")
        trying.add_argument("--most", type=int, default=16)
        trying.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.command == "map":
        return make_map(given.tests, given.add, given.jobs)
    trial = try_changes if given.command == "try" else try_here
    return trial(given.files, given.most, given.seed)


if __name__ == "__main__":
    sys.exit(main())
