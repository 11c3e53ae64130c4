"""Made `tests/store/data/0.1.0.tar.xz` with the program as it was in version 0.1.0; not run since.

    python -m tests.store.data.make_0_1_0

Time is virtual and begins at `START`. The process kills itself while a step runs, so that the store is left
as a crash leaves it; then its files (the store and the snapshot of before a rewind) are folded, VACUUMed and
packed. `test_old_store.py` opens it and goes on.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from studio import Engine, VirtualClock
from tests.store.data import journeys_0_1_0 as journeys

HERE = Path(__file__).parent
START = 1_750_000_000_000


async def live(path: Path) -> None:
    engine = Engine(journeys.ALL, store=path, clock=VirtualClock(START))
    await engine.start()
    for user, cart in (("org/1", "c"), ("org", "1/c"), ("plain", "c"), ("plain", 7), ("plain", "7")):
        await engine.ingest("cart/created", user, {"cart_id": cart})
    for user in ("ada", "ada", "ada~2"):
        await engine.ingest("ping", user)
    await engine.ingest("again", "eve")
    await engine.ingest("again", "eve~2")
    await engine.ingest("stop", "eve")
    await engine.ingest("again", "eve")
    await engine.ingest("signup", {"id": "zoe", "email": "zoe@example.com"}, {"plan": "pro"}, id="zoe-1")
    await engine.ingest("bad", "kim")
    await engine.ingest("remind", "max/1", id="reminded")
    await engine.run_until_idle()
    await engine.forward("1h")
    # What a rewind took away, and answers the step when it comes again.
    late = await engine.ingest("pay", "rita/1", {"order": 1})
    plain = await engine.ingest("pay", "rita", {"order": 1})
    await engine.run_until_idle()
    assert plain.seq > late.seq
    await engine.rewind(late.seq - 1)
    await engine.release_steps()
    await engine.ingest("crash", "leo/1")
    await engine.run_until_idle()
    raise AssertionError("the step was to kill this process")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "studio.db"
        child = subprocess.run(
            [sys.executable, "-m", "tests.store.data.make_0_1_0", str(path)],
            env={**os.environ, "JOURNEYS_CRASH": "yes"},
            check=False,
        )
        assert child.returncode == -9, child
        files = sorted(Path(folder).glob("studio*.db"))
        for file in files:
            con = sqlite3.connect(file, isolation_level=None)
            con.execute("PRAGMA journal_mode = DELETE")
            con.execute("VACUUM")
            con.close()
        with tarfile.open(HERE / "0.1.0.tar.xz", "w:xz") as archive:
            for file in files:
                archive.add(file, file.name)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(live(Path(sys.argv[1])))
    else:
        main()
