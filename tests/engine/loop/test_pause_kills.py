"""kill -9 while a paused workflow is going on, time and again (its other half is pause_child.py)."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from studio.language.kinds import Kind
from studio.store.connect import connect_reader
from studio.store.rebuild import compare
from studio.store.views import Views
from tests.engine.support import ROOT, entries

CHILD = Path(__file__).with_name("pause_child.py")
COUNT, LATE = 900, 600


def start(store: Path, count: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(CHILD), str(store), str(count), str(LATE)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def gone(store: Path) -> int:
    """Who has left or come to an end."""
    con = connect_reader(store)
    try:
        kinds = (Kind.EXITED, Kind.COMPLETED)
        return int(con.execute("SELECT count(*) FROM history WHERE kind IN (?, ?)", kinds).fetchone()[0])
    finally:
        con.close()


@pytest.mark.xdist_group("kills")
def test_kill_9_while_a_workflow_goes_on_loses_nobody_who_is_in_time(
    tmp_path: Path,
) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    store = tmp_path / "studio.db"
    with start(store, COUNT) as child:
        assert child.communicate(timeout=120)[0] == "paused\n"
    assert gone(store) == 0
    caught = 0
    for turn in range(4):
        before, end = gone(store), time.monotonic() + 120
        enough = before + dice.randrange(1, 150)
        child = start(store)
        while gone(store) < min(enough, COUNT):
            assert time.monotonic() < end, "it does not go on"
            assert child.poll() is None or gone(store) == COUNT, f"turn {turn}: it ended by itself"
            time.sleep(0.001)
        child.kill()
        child.communicate()
        caught += gone(store) < COUNT
    assert caught, "it was never killed in the midst"
    with start(store) as child:
        out, _ = child.communicate(timeout=120)
    assert out == "going\ndone\n"
    assert sorted(e.user or "" for e in entries(store, "journey.exited")) == sorted(
        f"late{n}" for n in range(LATE)
    )
    assert sorted(e.user or "" for e in entries(store, "journey.completed")) == sorted(
        f"user{n}" for n in range(COUNT - LATE)
    )
    assert len(entries(store, "workflow.unpaused")) == 1
    with Views(store) as views:
        assert views.paused_workflows() == []
    assert compare(store) == []
