"""The process that test_jumps.py kills in the middle of a jump, and the journeys that it runs.

Run as: python jump_child.py STORE [TO]. Says at which moment it stands, then how far it is.
With TO, in milliseconds since 1970, it goes on with what is in the store, and jumps to there.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

# Run as a file, it has its own folder on the path and not the one of the tests.
sys.path.insert(0, str(Path(__file__).parents[3]))

from studio import Engine, Journey, StudioClock, incoming, workflow
from studio.engine.work.jump import JumpProgress

USERS = 120
DAY = 86_400_000


def flaky(number: int, attempt: int) -> int:
    """A step; every third fails."""
    if number % 3 == 2 and attempt < 2:
        raise ValueError(f"no {number}")
    return number * 10


@workflow(trigger="signup")
async def drip(journey: Journey) -> dict[str, Any]:
    n = journey.trigger["n"]
    for day in range(5):
        await journey.sleep(f"{day + 1 + n % 7}d")
        paid = await journey.wait_for("paid", past=False, timeout=f"{1 + n % 5}h")
        journey.log(f"{day} {bool(paid)} at {journey.now():%d %H:%M:%S}")
        if day == 1:
            await journey.step("flaky", flaky, n, 2, retries=2, pause="3m")
            await journey.ingest("nudge", {"n": n}, user=f"user{(n + 1) % USERS}")
    left, _ = await journey.wait_any(journey.wait_for("gone"), journey.sleep("2d"), timeout="1d")
    return {"left": bool(left)}


@workflow(trigger="nudge")
async def nudged(journey: Journey) -> None:
    journey.log(f"nudged by {journey.trigger['n']}")
    await journey.sleep("30m")


def signups() -> list[Any]:
    """What all the journeys begin with."""
    return [incoming("signup", f"user{n}", {"n": n}) for n in range(USERS)]


async def main() -> None:
    async with Engine([drip, nudged], store=sys.argv[1], clock=StudioClock()) as engine:
        if len(sys.argv) < 3:
            await engine.pause()
            await engine.ingest_many(signups())

        def say(progress: JumpProgress) -> None:
            print(progress.served, flush=True)

        print(engine.clock.now(), flush=True)
        to = int(sys.argv[2]) if len(sys.argv) > 2 else engine.clock.now() + 60 * DAY
        await engine.jump(to, say)
        print("there", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
