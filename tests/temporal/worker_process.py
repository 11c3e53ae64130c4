"""A worker in a process of its own, as people start it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from tests.temporal.support import ROOT

WORKFLOWS = Path(__file__).parent / "workflows"


class WorkerProcess:
    """`journey-studio worker`."""

    def __init__(
        self,
        address: str,
        queue: str,
        folder: Path,
        environment: Mapping[str, str] = MappingProxyType({}),
        *,
        sink: Path | None = None,
        database: str | None = None,
        http: str | None = None,
        workflows: Path = WORKFLOWS,
        cwd: Path = ROOT,
    ) -> None:
        command = [sys.executable, "-m", "journey_studio", "worker", "--temporal", address, "--queue", queue]
        command += ["--workflows", str(workflows), *([] if sink is None else ["--sink", str(sink)])]
        command += [] if database is None else ["--sink", database]
        command += [] if http is None else ["--http", http]
        self.log = folder / f"worker-{len(list(folder.glob('worker-*')))}.log"
        variables = {**os.environ, "LIFE_LOG": str(folder / "life.log"), **environment}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=cwd, env=variables, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    def kill(self) -> None:
        """SIGKILL."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; gives the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(60)

    @property
    def is_ready(self) -> bool:
        """It polls."""
        assert self.process.poll() is None, self.log.read_text()
        return "A worker on" in self.log.read_text()
