"""The process that `test_cap_kills.py` kills: a thousand journeys of one user ask in one instant."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from studio import Engine, Journey, VirtualClock, channel, workflow
from studio.language.incoming import incoming

JOURNEYS = 1_000
HOUR = 3_600_000
START = VirtualClock().now()

capped = channel("capped", cap=["2 per 24h"], over="drop")
ledger = ""


def send(idempotency_key: str) -> str:
    """What is really sent, told at once."""
    with open(ledger, "a", encoding="utf-8") as file:
        file.write(f"{idempotency_key}\n")
    return idempotency_key


@workflow(trigger="go", key="n")
async def many(journey: Journey) -> Any:
    await journey.sleep("1h")
    sent = await journey.message(capped, "hello", send, priority=journey.trigger["priority"])
    return sent.reason or "sent"


async def run(store: str) -> None:
    async with Engine(many, store=store, clock=VirtualClock(START), durability="normal", batch=100) as engine:
        print("ready", flush=True)
        # Those that were taken before count once.
        await engine.ingest_many(
            [incoming("go", "ada", {"n": n, "priority": n % 10}, f"go{n}") for n in range(JOURNEYS)]
        )
        await engine.forward_to(START + 2 * HOUR)
        await engine.run_until_idle()
        print("done", flush=True)


if __name__ == "__main__":
    ledger = sys.argv[2]
    asyncio.run(run(sys.argv[1]))
