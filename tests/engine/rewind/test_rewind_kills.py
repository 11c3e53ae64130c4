"""kill -9 of a process that rewinds, undoes, redoes and returns to snapshots (see rewind_child.py)."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from studio.store.snapshots import snapshots
from tests.engine.rewinding import engine_on, send
from tests.engine.support import ROOT, sound

CHILD = Path(__file__).with_name("rewind_child.py")
SECONDS = 9.0


def undone_is_whole(path: Path) -> None:
    """What was taken back is kept with all that the engine must know of it, or not at all."""
    con = sqlite3.connect(path)
    try:
        told = {id for (id,) in con.execute("SELECT id FROM undone")}
        assert {id for (id,) in con.execute("SELECT DISTINCT undo FROM undone_history")} == told
        for table in ("users", "codes", "profiles"):
            assert {id for (id,) in con.execute(f"SELECT DISTINCT undo FROM undone_{table}")} <= told
    finally:
        con.close()


def test_a_kill_at_any_moment_of_a_rewind_leaves_the_store_and_its_snapshots_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    end = time.monotonic() + SECONDS
    kills = 0
    while time.monotonic() < end:
        process = subprocess.Popen(
            [sys.executable, "-c", f"import runpy, sys; sys.argv = ['x', {str(path)!r}];"
             f" runpy.run_path({str(CHILD)!r}, run_name='__main__')"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        assert process.stdout is not None
        said = process.stdout.readline()
        time.sleep(random.uniform(0.0, 0.6))
        ended = process.poll()
        process.kill()
        _, errors = process.communicate(timeout=60)
        assert (said, ended) == ("ready\n", None), errors
        kills += 1
        sound(path)
        undone_is_whole(path)
    for each in snapshots(path):
        sound(each.path)

    async def again() -> None:
        async with engine_on(path) as engine:
            await send(engine, "hello", "zoe")
            await engine.undo()
            await engine.redo()
            await engine.run_until_idle()

    asyncio.run(again())
    sound(path)
    assert kills >= 3
