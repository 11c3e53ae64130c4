"""Which tests run which lines: made once by running them, and asked for each change."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from tests.mutants.changes import Change

ROOT = Path(__file__).parent.parent.parent
COVERAGE = ROOT / ".mutants"
"""Which test runs which line, as coverage.py writes it."""
TESTS_A_CHANGE = 40
FIRST = 8
"""So many of them are tried first: most changes are noticed by these."""
LONG = 5.0
"""Seconds: tests that took longer are not tried."""


def tests_of(change: Change) -> list[str]:
    """Tests that run its line and passed when the map was made; of a line outside of functions, its file.

    Taken in turn: the quickest, the one that runs most of the file, and the one that runs least beside it: a
    line that nearly every test runs is held by those that are about it. Of a test with parameters one set at
    a time: they are much alike.
    """
    at, bit = divmod(change.line, 8)
    seconds, all_lines, found = _seconds(), _all_lines(), dict[str, int]()
    file = change.file.relative_to(ROOT).as_posix()
    counts = _counts_of(file)
    for test, lines in _lines_of(file).items():
        is_run = not change.called or any(len(bits) > at and bits[at] >> bit & 1 for bits in lines)
        if is_run and seconds.get(test, LONG) < LONG:
            found[test] = counts[test]
    orders = (
        sorted(found, key=lambda test: all_lines[test] / found[test]),
        sorted(found, key=lambda test: (-found[test], seconds[test])),
        sorted(found, key=seconds.__getitem__),
    )
    taken = dict.fromkeys(test for each in zip(*map(_in_turns, orders), strict=True) for test in each)
    chosen = list(taken)[:TESTS_A_CHANGE]
    first, rest = (sorted(part, key=seconds.__getitem__) for part in (chosen[:FIRST], chosen[FIRST:]))
    return first + rest


def _count(lines: Iterable[bytes]) -> int:
    return sum(int.from_bytes(bits).bit_count() for bits in lines)


@cache
def _all_lines() -> Counter[str]:
    """How many lines each test runs, of all files."""
    found = Counter[str]()
    con = sqlite3.connect(COVERAGE)
    try:
        rows = con.execute(
            "SELECT c.context, l.numbits FROM line_bits l JOIN context c ON c.id = l.context_id"
        )
        for context, bits in rows:
            found[context.partition("|")[0]] += _count([bits])
    finally:
        con.close()
    return found


@cache
def _counts_of(file: str) -> dict[str, int]:
    """How many lines of a file each test runs."""
    return {test: _count(lines) for test, lines in _lines_of(file).items()}


@cache
def _lines_of(file: str) -> dict[str, list[bytes]]:
    """The lines of a file that each test runs, as coverage.py keeps them."""
    con = sqlite3.connect(COVERAGE)
    try:
        rows = con.execute(
            "SELECT c.context, l.numbits FROM line_bits l JOIN file f ON f.id = l.file_id"
            " JOIN context c ON c.id = l.context_id WHERE f.path LIKE ? AND c.context <> ''",
            (f"%/{file}",),
        ).fetchall()
    finally:
        con.close()
    found = dict[str, list[bytes]]()
    for context, bits in rows:
        found.setdefault(context.partition("|")[0], []).append(bits)
    return found


def _in_turns(tests: Sequence[str]) -> list[str]:
    """The first set of parameters of each test, then the second of each."""
    turns = Counter[str]()
    ranks = {}
    for number, test in enumerate(tests):
        function = test.partition("[")[0]
        ranks[test] = (turns[function], number)
        turns[function] += 1
    return sorted(tests, key=ranks.__getitem__)


@cache
def _seconds() -> dict[str, float]:
    """How long each test took that passed when the map was made."""
    found: dict[str, float] = json.loads(COVERAGE.with_suffix(".seconds").read_text())
    return found


def make_map(tests: Sequence[str], add: bool = False, jobs: int = 2) -> int:
    """Run the tests once, and keep which of them runs which line.

    Args:
        add: to what is known of others.
        jobs: how many tests at once.
    """
    report = COVERAGE.with_suffix(".xml")
    options = ["--cov-append"] if add else []
    options += ["--cov=studio", "--cov-context=test", "--cov-report=", "-n", f"{jobs}", "--dist", "loadgroup"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options, f"--junit-xml={report}", *tests],
        cwd=ROOT,
        env={**os.environ, "COVERAGE_FILE": str(COVERAGE)},
        check=False,
    )
    seconds = (_seconds() if add else {}) | _passed(report)
    COVERAGE.with_suffix(".seconds").write_text(json.dumps(seconds))
    report.unlink()
    return done.returncode


def seconds_of(tests: Sequence[str]) -> float:
    return sum(_seconds()[test] for test in tests)


def _passed(report: Path) -> dict[str, float]:
    """The tests that passed, with the seconds that each took."""
    cases = ElementTree.parse(report).iter("testcase")
    return {name_of(case): float(case.get("time", "1")) for case in cases if not is_failed(case)}


def is_failed(case: ElementTree.Element) -> bool:
    return case.find("failure") is not None or case.find("error") is not None


def name_of(case: ElementTree.Element) -> str:
    return f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}"
