"""kill -9 while a thousand journeys of one user ask for a capped message in one instant."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from studio.store.rebuild import compare
from tests.engine.support import ROOT, entries

JOURNEYS = 1_000
KILLS = 6


def start(store: Path, ledger: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.engine.cap_kill_child", str(store), str(ledger)]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def test_two_of_a_thousand_are_sent_however_often_the_process_is_killed(tmp_path: Path) -> None:
    store, ledger = tmp_path / "a.db", tmp_path / "ledger.txt"
    ledger.touch()
    draw = random.Random(14)
    whole = 2.0
    for kill in range(KILLS):
        child = start(store, ledger)
        # From the first events to the last message, a little later each time.
        time.sleep(draw.uniform(0.2, 1.0) * whole * (kill + 1) / KILLS)
        child.kill()
        child.wait()
        assert child.stdout is not None
        child.stdout.close()
    child = start(store, ledger)
    out, _ = child.communicate(timeout=300)
    assert (out, child.returncode) == ("done\n", 0)
    assert compare(store) == []
    results = Counter(entry.data["result"] for entry in entries(store, "journey.completed"))
    assert results == {"sent": 2, "cap 2 per 24h": JOURNEYS - 2}
    # The highest priority, and of these the oldest; each of the others names the last that went out.
    sent = entries(store, "message.sent")
    assert [entry.journey for entry in sent] == ["many/ada/9", "many/ada/19"]
    dropped = entries(store, "message.dropped")
    assert len(dropped) == JOURNEYS - 2
    assert all(entry.data["winner"]["workflow"] == "many" for entry in dropped)
    # A kill under a step lets it run once more, by the key that it had.
    keys = ledger.read_text().splitlines()
    assert set(keys) == {entry.data["result"] for entry in sent}
