"""kill -9 in the midst of a reload, time and again (its other half is reload_child.py)."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from studio.store.connect import connect_reader
from studio.store.rebuild import compare
from studio.store.views import Views
from tests.engine.reloading import write
from tests.engine.support import ROOT, entries

CHILD = Path(__file__).with_name("reload_child.py")
COUNT = 1_500
PAID = 'await journey.wait_for("paid", {"n": 1}, timeout="7d")'


def start(workflows: Path, store: Path, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(CHILD), str(workflows), str(store), str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def moved(store: Path) -> int:
    con = connect_reader(store)
    try:
        return int(con.execute("SELECT count(*) FROM history WHERE kind = 58").fetchone()[0])
    finally:
        con.close()


@pytest.mark.xdist_group("kills")
def test_kill_9_in_the_midst_of_a_reload_loses_nothing_and_moves_nobody_twice(tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    workflows, store = tmp_path / "workflows", tmp_path / "studio.db"
    write(workflows, PAID)
    child = start(workflows, store, COUNT)
    assert child.stdout is not None
    assert child.stdin is not None
    assert child.stdout.readline() == "waiting\n"
    write(workflows, PAID.replace('"n": 1', '"n": 2').replace("7d", "8d"))
    child.stdin.write("go\n")
    child.stdin.flush()
    caught = 0
    for _ in range(5):
        # Killed as soon as some have gone over, at the start of the process or later.
        before, end = moved(store), time.monotonic() + 60
        enough = min(COUNT, before + dice.randrange(1, COUNT // 4))
        while (now := moved(store)) < enough:
            assert time.monotonic() < end, "the reload does not go on"
            time.sleep(0.001)
        child.kill()
        child.communicate()
        caught += now < COUNT
        child = start(workflows, store, 0)
    assert caught, "it was never killed in the midst"
    child.communicate("go\n", timeout=60)
    assert moved(store) == COUNT
    assert {entry.user for entry in entries(store, "journey.moved")} == {f"user{n}" for n in range(COUNT)}
    with Views(store) as views:
        waits = views.waits(limit=COUNT)
        assert len(waits) == COUNT
        assert {wait.match is not None and wait.match["n"] for wait in waits} == {2}
        assert {wait.due_at and wait.due_at - wait.opened_at for wait in waits} == {8 * 86_400_000}
    assert compare(store) == []
