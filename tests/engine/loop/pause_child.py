"""The process that test_pause_kills.py kills while a paused workflow is going on.

Run as: python pause_child.py STORE COUNT LATE. With a count it lets so many journeys wait in a workflow
that is paused, and says "paused"; without one it lets them go on, and says "done".
"""

from __future__ import annotations

import asyncio
import sys

from studio import Engine, Journey, VirtualClock, incoming, workflow
from studio.store.views import Views

DAY = 86_400_000


@workflow(trigger="go")
async def waits(journey: Journey) -> str:
    x = await journey.wait_for("x", timeout="1d")
    return "x" if x else "late"


async def main(store: str, count: int, late: int) -> None:
    from studio.engine.loop import pauses

    setattr(pauses, "PAGE", 20)  # noqa: B010  small parts, so that it is killed between two
    async with Engine(waits, store=store, clock=VirtualClock(), durability="normal") as engine:
        if count:
            await engine.ingest_many([incoming("go", f"late{n}") for n in range(late)])
            await engine.forward("12h")
            await engine.ingest_many([incoming("go", f"user{n}") for n in range(count - late)])
            await engine.pause_workflow("waits")
            await engine.forward("36h")
            print("paused", flush=True)
            return
        with Views(engine.path) as views:
            stands = [each.state for each in views.pauses().values() if each.stands]
        print("going", flush=True)
        if stands:
            await engine.unpause_workflow("waits", DAY - 1)
        await engine.run_until_idle()
        print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
