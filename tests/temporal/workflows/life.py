"""What the tests play on real servers: a step, waits, a sleep, and an event for another user."""

import asyncio
import os
from pathlib import Path
from typing import Any

from studio import Journey, workflow


async def note(user: str, idempotency_key: str) -> dict[str, Any]:
    with Path(os.environ["LIFE_LOG"]).open("a") as file:
        file.write(f"{user} {idempotency_key}\n")
    await asyncio.sleep(float(os.environ.get("LIFE_STEP", "0.5")))
    return {"noted": user}


@workflow(trigger="go")
async def life(journey: Journey) -> dict[str, Any]:
    await journey.step("note", note, journey.user.id)
    came = await journey.wait_for("next", timeout="1h")
    await journey.sleep("1s")
    journey.log("rested")
    await journey.ingest("finished", {"of": journey.user.id}, user=journey.trigger["crm"])
    return {"n": came.first["n"] if came.first else None}


@workflow(trigger="flood/begin")
async def flood(journey: Journey) -> dict[str, Any]:
    await journey.wait_for("flood/end")
    return {"ticks": len(journey.events("flood/tick"))}
