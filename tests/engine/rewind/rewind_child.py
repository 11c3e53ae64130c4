"""The process that test_rewind_kills.py kills while it rewinds and undoes, again and again.

Run as: python rewind_child.py STORE. It says "ready" and goes on until it is killed.
"""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

from tests.engine.rewinding import engine_on, send
from tests.engine.support import entries


async def main(path: Path) -> None:
    async with engine_on(path) as engine:
        print("ready", flush=True)
        while True:
            for user in ("ann", "bob"):
                await send(engine, "order", user, {"n": random.randrange(9)})
                await engine.forward("4s")
            await engine.undo()
            await engine.redo()
            seqs = [entry.seq for entry in entries(path)]
            await engine.rewind(random.choice(seqs))
            await engine.release_steps()
            numbers = [each.number for each in await engine.snapshots()]
            if len(numbers) % 3 == 0:
                await engine.restore(random.choice(numbers))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
