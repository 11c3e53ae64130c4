"""Try changes with the tests that run them.

All tests are collected once. For each change this process forks, and the child puts the changed code into
the functions that are there and runs the tests: nothing is imported a second time. What is changed outside
of functions is tried by a process of its own, which imports all anew.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType
from typing import NoReturn
from xml.etree import ElementTree

import pytest

from tests.mutants.changes import Change
from tests.mutants.coverage_map import ROOT, is_failed, name_of, seconds_of

SECONDS = 20.0
"""A change under which a test takes so much longer than when the map was made hangs, and is noticed."""
SLOWER = 4.0
"""How much slower than then the machine may be."""
QUICK = 0.5
"""Seconds: a test that takes longer may fail for want of time, and is tried without a change each time."""
NO_PLACE = 3
"""Exit code of a child that found no function to change."""


class NoPlace(Exception):
    """No function of this process can be given the changed code."""


def changed_code(change: Change, source: bytes) -> dict[tuple[str, int], CodeType]:
    """The code of each function of a changed file, by name and the line where it began before."""
    changed = change.apply(source)
    moved = changed.count(b"\n") - source.count(b"\n")
    after = {_place(code): code for code in _code_of(changed, change.file)}
    found = {}
    for name, line in map(_place, _code_of(source, change.file)):
        code = after.get((name, line + moved if line > change.line else line))
        if code is not None:
            found[name, line] = code
    return found


def _place(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


def _code_of(source: bytes, file: Path) -> Iterator[CodeType]:
    waiting = [compile(source, str(file), "exec", dont_inherit=True)]
    while waiting:
        inner = [const for const in waiting.pop().co_consts if isinstance(const, CodeType)]
        yield from inner
        waiting += inner


def put_in(change: Change, source: bytes, functions: Sequence[FunctionType]) -> bool:
    """Change the functions of a file in this process. False when there is none that can be changed."""
    code_of, changed = changed_code(change, source), False
    for function in functions:
        new = code_of.get(_place(function.__code__))
        if new is not None and new != function.__code__:
            try:
                function.__code__ = new
            except ValueError:
                # It closes over other names than before.
                return False
            changed = True
    return changed


@dataclass
class Trials:
    """A pytest plugin that tries changes where the tests would run.

    Args:
        tests: those to try each change with, the likeliest to notice it first.
        tell: takes each change with whether it was noticed.
    """

    tests: Mapping[Change, Sequence[str]]
    tell: Callable[[Change, bool], None]
    _items: dict[str, pytest.Item] = field(default_factory=dict)
    _functions: dict[str, list[FunctionType]] = field(default_factory=dict)
    """Of each file. Looked for once: a fork that touches all objects copies them."""
    _sound: set[str] = field(default_factory=set)
    """Quick tests that have passed without a change."""
    _unsound: set[str] = field(default_factory=set)
    """Tests that fail without a change, too."""
    _failed: bool = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep that a test has failed."""
        self._failed |= report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try all changes, instead of running the tests."""
        self._items = {item.nodeid: item for item in session.items}
        for each in gc.get_objects():
            if isinstance(each, FunctionType):
                self._functions.setdefault(each.__code__.co_filename, []).append(each)
        gc.freeze()
        for change, tests in self.tests.items():
            self.tell(change, self._is_met(change, [test for test in tests if test in self._items]))
        return True

    def _is_met(self, change: Change, tests: Sequence[str]) -> bool:
        source = change.file.read_bytes()
        # A process that a test starts imports the changed file.
        change.file.write_bytes(change.apply(source))
        try:
            with contextlib.suppress(NoPlace):
                if change.called:
                    return self._is_met_by(self._forked, change, source, tests)
            return self._is_met_by(self._anew, change, source, tests)
        finally:
            change.file.write_bytes(source)

    def _is_met_by(
        self,
        way: Callable[[Sequence[str], Change | None, bytes], str | None],
        change: Change,
        source: bytes,
        tests: Sequence[str],
    ) -> bool:
        """Whether a test fails under a change and not without it, or all have not passed in time."""
        while tests := [test for test in tests if test not in self._unsound]:
            failed = way(tests, change, source)
            if failed is None:
                return False
            if not failed or failed in self._sound:
                return True
            changed = change.file.read_bytes()
            change.file.write_bytes(source)
            try:
                fails = self._forked([failed], None, source) is not None
            finally:
                change.file.write_bytes(changed)
            if not fails:
                if seconds_of([failed]) < QUICK:
                    self._sound.add(failed)
                return True
            print(f"  without a change fails {failed}", file=sys.stderr, flush=True)
            self._unsound.add(failed)
        return False

    def _forked(self, tests: Sequence[str], change: Change | None, source: bytes) -> str | None:
        """The test that fails in a fork of this process; "" for none with a name, None when all pass.

        Raises:
            NoPlace: there is no function that can be changed.
        """
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            self._run(tests, change, source, writing)
        os.close(writing)
        os.set_blocking(reading, False)
        with open(reading, "rb", buffering=0) as answer:
            said, until = b"", time.monotonic() + SECONDS
            while not (ended := os.waitpid(child, os.WNOHANG))[0] and time.monotonic() < until:
                if more := answer.read():
                    said += more
                    until = time.monotonic() + SECONDS + SLOWER * seconds_of(_newest(said))
                time.sleep(0.02)
            # What a test has started may live on, and have the other end of the pipe: no reading to its end.
            said += answer.read() or b""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        status = ended[1] if ended[0] else os.waitpid(child, 0)[1]
        code = os.waitstatus_to_exitcode(status)
        if code == NO_PLACE:
            raise NoPlace
        return None if code == 0 else "".join(_newest(said))

    def _run(self, tests: Sequence[str], change: Change | None, source: bytes, answer: int) -> NoReturn:
        os.setpgid(0, 0)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(nowhere, number)
        code = 1
        try:
            if change is not None and not put_in(change, source, self._functions.get(str(change.file), ())):
                os._exit(NO_PLACE)
            items = [self._items[test] for test in tests]
            for item, following in zip(items, [*items[1:], None], strict=True):
                os.write(answer, item.nodeid.encode() + b"\n")
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if self._failed:
                    os._exit(1)
            code = 0
        finally:
            os._exit(code)

    def _anew(self, tests: Sequence[str], change: Change | None, source: bytes) -> str | None:
        """As `_forked`, by a process that imports all anew from the files."""
        report = ROOT / "report.xml"
        report.unlink(missing_ok=True)
        arguments = ["-x", "-q", "-p", "no:cacheprovider", f"--junit-xml={report}", *tests]
        with subprocess.Popen(
            [sys.executable, "-m", "pytest", *arguments],
            cwd=ROOT,
            process_group=0,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as child:
            try:
                code = child.wait(SECONDS + SLOWER * seconds_of(tests))
            except subprocess.TimeoutExpired:
                code = -1
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        if code == 0:
            return None
        cases = ElementTree.parse(report).iter("testcase") if report.exists() else ()
        # Those that could not be collected have no name, nor has what ended with pytest.
        names = [name_of(case) for case in cases if is_failed(case) and case.get("classname")]
        return next((name for name in names if name in self._items), "")


def _newest(said: bytes) -> list[str]:
    """The test that began last, of the names that a child has written; none before the first."""
    return said.decode().split("\n")[:-1][-1:]
