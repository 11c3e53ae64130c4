"""The process that test_redo.py kills between an undo and a redo.

Run as: python redo_child.py STORE. Says "acted", and "undone" once it is told to go on.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.engine.rewinding import engine_on, send
from tests.engine.support import settled


async def main(path: Path) -> None:
    async with engine_on(path, durability="full") as engine:
        await send(engine, "order", "ann", {"n": 1})
        await settled(engine)
        await engine.forward("4s")
        await send(engine, "order", "bob", {"n": 2})
        await settled(engine)
        await engine.forward("30s")
        await settled(engine)
        print("acted", flush=True)
        sys.stdin.readline()
        await engine.undo()
        print("undone", flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
