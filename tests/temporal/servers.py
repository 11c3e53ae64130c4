"""Temporal's own servers for the tests: the one for development, and the one that skips time."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

PATIENCE = 60.0
"""Seconds after which a test no longer waits."""


def binary(name: str) -> str | None:
    """Where a server's program is: beside this Python, or on the path."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class DevServer:
    """`temporal server start-dev`, on a file, so that it can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "temporal.db"
        self.log = folder / "temporal.log"
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it listens when this returns."""
        program = binary("temporal")
        assert program is not None
        command = [
            program,
            "server",
            "start-dev",
            "--headless",
            "--ip",
            "127.0.0.1",
            "--port",
            str(self.port),
        ]
        command += ["--db-filename", str(self.file), "--log-level", "error"]
        # Looks for newer versions of itself otherwise.
        command += ["--dynamic-config-value", "system.enableVersionCheck=false"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        end = time.monotonic() + PATIENCE
        while not self._listens():
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, "the server does not listen"
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End it."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()

    def cpu_seconds(self) -> float:
        """What it has used so far."""
        assert self._process is not None
        # proc(5): the fields behind the name, which stands in brackets; 14 and 15 are its own ticks.
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def client(self) -> Client:
        """A connection, once the server answers."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return await Client.connect(self.address)
            except RuntimeError:
                assert time.monotonic() < end, "the server does not answer"

    def _listens(self) -> bool:
        with socket.socket() as sock:
            sock.settimeout(1)
            return sock.connect_ex(("127.0.0.1", self.port)) == 0


async def skipping() -> WorkflowEnvironment:
    """The server that skips time when nothing is to be done."""
    program = binary("temporal-test-server")
    assert program is not None
    return await WorkflowEnvironment.start_time_skipping(test_server_existing_path=program)
