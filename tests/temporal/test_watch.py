"""`watch` in a real terminal: a user on Temporal is seen, and what is injected there goes to Temporal."""

from __future__ import annotations

from pathlib import Path

import pexpect
import pytest

pytest.importorskip("temporalio", reason="the extra is not installed: pip install 'journey-studio[temporal]'")

from studio.temporal.temporal_engine import TemporalEngine
from tests.temporal.servers import DevServer
from tests.temporal.support import ROOT, count, entries, new_queue, until
from tests.temporal.worker_process import WorkerProcess
from tests.tui.test_terminal import Terminal


@pytest.mark.long
async def test_what_is_injected_on_the_screen_goes_to_temporal(server: DevServer, tmp_path: Path) -> None:
    queue, store = new_queue(), tmp_path / "data" / "watched.db"
    engine = TemporalEngine(None, server.address, queue=queue, store=store)
    worker = WorkerProcess(server.address, queue, tmp_path, workflows=ROOT / "workflows")
    terminal = None
    try:
        # What was there before the screen is told first.
        await engine.ingest("trial/started", user="zoe")
        await until(lambda: worker.is_ready)
        options = ("watch", "--temporal", server.address, "--queue", queue)
        terminal = Terminal(store, command=options)
        terminal.until("zoe")
        terminal.until("wait billing/paid")
        terminal.process.send("i")
        # In the place of the example: all left of the cursor goes.
        terminal.process.send("\x05\x15billing/paid")
        terminal.process.send('\t\t\x05\x15{"plan": "pro"}\r')
        terminal.until("● billing/paid")
        # What came of it by a worker's turn.
        terminal.until("completed")
        terminal.process.send("\x11")
        terminal.process.expect(pexpect.EOF, timeout=60)
        terminal.process.wait()
        assert terminal.process.exitstatus == 0
    finally:
        if terminal is not None:
            terminal.end()
        worker.stop()
    kinds = [e["kind"] for e in entries(store)]
    assert kinds[kinds.index("wait.matched") :][-1] == "journey.completed"
    assert count(store, "event") == 2
