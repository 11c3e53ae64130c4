"""What processes print that a step starts is the step's, where stdout is for data."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from studio.engine.effects import child_output
from studio.engine.effects.output_listener import OutputListener
from studio.text.streams import HeardStream

HERE = ("x.py", 1)


@contextmanager
def ours() -> Iterator[None]:
    """Within, stdout is for data. Not a fixture: pytest sets it anew for each phase of a test."""
    with redirect_stdout(HeardStream(io.StringIO())):
        yield


def ear(heard: list[str], taken: bool = True) -> OutputListener:
    def hear(level: str, message: str, *_: Any) -> bool:
        heard.append(message)
        return taken

    return OutputListener(hear, lambda: True)


def run(code: str, heard: OutputListener) -> int:
    """A process as `Popen` makes it while somebody listens."""
    args = ([sys.executable, "-c", code],)
    with ours():
        assert child_output.pipes(heard, args, {})
        child: Any = subprocess.Popen.__new__(subprocess.Popen)
        child_output.start(child, heard, HERE, args, {})
        return int(child_output.wait(child))


def test_its_lines_are_there_when_it_has_ended() -> None:
    heard: list[str] = []
    assert run("print('one'); print('two'); raise SystemExit(3)", ear(heard)) == 3
    assert heard == ["one", "two"]


def test_what_is_no_text_is_shown_so() -> None:
    heard: list[str] = []
    run(r"import sys; sys.stdout.buffer.write(b'a\xffb\r\n')", ear(heard))
    assert heard == [r"a\xffb"]


def test_what_nobody_takes_goes_to_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    run("print('left behind')", ear([], taken=False))
    assert capfd.readouterr().err == "left behind\n"


def test_a_process_that_cannot_be_started_leaves_nothing_open() -> None:
    def open_files() -> int:
        return len(list(Path("/dev/fd").iterdir()))

    child: Any = subprocess.Popen.__new__(subprocess.Popen)
    before = open_files()
    with pytest.raises(FileNotFoundError):
        child_output.start(child, ear([]), HERE, (["/nowhere/at/all"],), {})
    assert open_files() == before
    assert getattr(child, "_journey_reader", None) is None


def test_a_stdout_that_is_given_and_a_process_that_is_nobodys_are_as_they_were() -> None:
    with ours():
        assert not child_output.pipes(None, (["x"],), {})
        # Four arguments come before it.
        assert child_output.pipes(ear([]), (["x"], -1, None, None), {"stdout": None})
        assert not child_output.pipes(ear([]), (["x"],), {"stdout": subprocess.PIPE})
        assert not child_output.pipes(ear([]), (["x"], -1, None, None, subprocess.PIPE), {})


def test_elsewhere_processes_are_as_they_always_were() -> None:
    assert not child_output.pipes(ear([]), (["x"],), {})


def test_its_reader_ends_with_it_and_keeps_no_process_alive() -> None:
    child: Any = subprocess.Popen.__new__(subprocess.Popen)
    args = ([sys.executable, "-c", "import sys; sys.stdin.read(); print('read')"],)
    heard: list[str] = []
    child_output.start(child, ear(heard), HERE, args, {"stdin": subprocess.PIPE})
    reader = child._journey_reader
    assert reader.daemon
    assert reader.is_alive()
    child.stdin.close()
    assert child_output.wait(child) == 0
    assert not reader.is_alive()
    assert heard == ["read"]


def test_lines_that_are_taken_slowly_are_waited_for() -> None:
    heard: list[str] = []

    def hear(level: str, message: str, *_: Any) -> bool:
        time.sleep(0.1)
        heard.append(message)
        return True

    assert run("print('one'); print('two')", OutputListener(hear, lambda: True)) == 0
    assert heard == ["one", "two"]


def test_a_process_that_was_started_otherwise_is_waited_for_as_ever() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        assert child_output.wait(child) == 0
