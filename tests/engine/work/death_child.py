"""The process that test_deaths.py lets die: it opens a store, does what is due, and says "idle".

Run as: python death_child.py STORE DEADLY. In the folder DEADLY there is a file for each user, with the
number of times that the function of that user is still to end the process; a file "commit" ends it when a
batch is about to be written.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from studio import Engine, Journey, workflow
from studio.store.changes import Changes
from studio.store.sqlite import Store

deadly = Path(sys.argv[2] if len(sys.argv) > 2 else "deadly")


def perhaps_die(name: str) -> None:
    """End the process without any word, as a crash does."""
    file = deadly / name
    left = int(file.read_text()) if file.exists() else 0
    if left:
        file.write_text(str(left - 1))
        os._exit(9)


@workflow(trigger="go", name="plain")
async def plain(journey: Journey) -> str:
    perhaps_die(journey.user.id)
    await journey.wait_for("second", timeout="30d")
    perhaps_die(f"{journey.user.id}-second")
    return "done"


@workflow(trigger="nap", name="naps")
async def naps(journey: Journey) -> str:
    await journey.sleep("1ms")
    perhaps_die(journey.user.id)
    return "awake"


@workflow(trigger="work", name="works")
async def works(journey: Journey) -> str:
    perhaps_die(journey.user.id)
    return await journey.step("wait", wait)


async def wait() -> str:
    while not (deadly / "finish").exists():
        await asyncio.sleep(0.01)
    return "worked"


def dies_at_commit() -> None:
    write = Store.write

    def dying(store: Store, changes: Changes) -> None:
        if any(row[2] == 1 for row in changes.history):
            perhaps_die("commit")
        write(store, changes)

    Store.write = dying  # type: ignore[method-assign,assignment]


async def main() -> None:
    dies_at_commit()
    async with Engine([plain, naps, works], store=sys.argv[1]) as engine:
        if (deadly / "steps").exists():
            # Its steps do not end: it is left as a process that dies.
            await asyncio.sleep(0.3)
            os._exit(7)
        await engine.run_until_idle()
    print("idle", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
