"""The process that test_kills.py kills: an engine that takes events from its standard input.

Run as: python kill_child.py STORE LEDGER [staged]. With the last word batches of any size are written as
large ones are. Each line is JSON: [id, event, user, data]; each
acknowledgement is the id on a line of its own. At the end of input it stops when all is done.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from studio import Engine, Journey, StepFailed, current_step, workflow
from studio.clocks.clock import WallClock
from studio.store import changes

ledger = Path(sys.argv[2] if len(sys.argv) > 2 else "ledger.txt")


def charge(user: str, n: int) -> str:
    """What a payment service would see."""
    with ledger.open("a") as file:
        file.write(f"{user} {n} {current_step().idempotency_key}\n")
    return f"receipt {n}"


async def send_mail(user: str, n: int) -> int:
    await asyncio.sleep(0.003)
    return n


@workflow(trigger="order", key="n")
async def order(journey: Journey) -> dict[str, Any]:
    n = journey.trigger["n"]
    journey.log(f"order {n}")
    try:
        receipt: str | None = await journey.step("charge", charge, journey.user.id, n)
    except StepFailed as error:
        # Killed in it four times: then it is given up.
        if error.type != "interrupted":
            raise
        receipt = None
    journey.log(f"charged {n}")
    paid = await journey.wait_for("paid", match={"n": n}, timeout="150ms")
    journey.log(f"paid {n} {bool(paid)}")
    await journey.sleep("20ms")
    try:
        mailed, _ = await journey.wait_all(
            journey.step("mail", send_mail, journey.user.id, n, retries=2), journey.sleep("5ms")
        )
    except StepFailed as error:
        if error.type != "interrupted":
            raise
        mailed = None
    await journey.ingest("order/closed", {"n": n})
    journey.log(f"closed {n}")
    return {"n": n, "paid": bool(paid), "receipt": receipt, "mailed": mailed}


@workflow(trigger="hello")
async def ticks(journey: Journey) -> None:
    while True:
        tick = await journey.wait_for("tick", past=False)
        assert tick.first is not None
        journey.log(f"tick {tick.first['n']}")


async def main() -> None:
    if sys.argv[3:] == ["staged"]:
        changes.__dict__["WORTH_STAGING"] = 1
    loop = asyncio.get_running_loop()
    async with Engine([order, ticks], store=sys.argv[1], clock=WallClock(), hang_after=20) as engine:
        print("ready", flush=True)
        pending: set[asyncio.Task[None]] = set()

        async def take(id: str, event: str, user: str, data: dict[str, Any]) -> None:
            await engine.ingest(event, user, data, id)
            sys.stdout.write(id + "\n")
            sys.stdout.flush()

        while line := await loop.run_in_executor(None, sys.stdin.readline):
            task = asyncio.ensure_future(take(*json.loads(line)))
            pending.add(task)
            task.add_done_callback(pending.discard)
        while pending:
            await asyncio.wait(set(pending))
        print("done", flush=True)
        # Until the last journey is closed; the parent looks, and ends its patience by a kill.
        await loop.run_in_executor(None, sys.stdin.read)
        await asyncio.sleep(1.0)
        await engine.run_until_idle()


if __name__ == "__main__":
    asyncio.run(main())
