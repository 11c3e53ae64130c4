"""`python -m studio.assistant.trying WORKFLOWS STORE`: one act on a scratch store, asked for on stdin.

The store's time is virtual: it stands until it is moved. No step is called; the log says what would run. What
has happened on account of the act is written as JSON lines.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from studio.clocks import durations, moments
from studio.clocks.clock import VirtualClock, wall_ms
from studio.engine.effects.announced import announced
from studio.engine.engine import Engine
from studio.errors import StudioError
from studio.store.views import Views
from studio.text.printable import json_line

MOST_ENTRIES = 500
Request = dict[str, Any]


def main(workflows: str, store: str) -> int:
    """Do what is asked; gives 1 when it is refused, with the reason on stderr."""
    request: Request = json.load(sys.stdin)
    try:
        asyncio.run(_act(workflows, store, request))
    except StudioError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


async def _act(workflows: str, store: str, request: Request) -> None:
    clock = VirtualClock(wall_ms())
    async with Engine(
        workflows, store=store, clock=clock, durability="normal", stand_in=announced()
    ) as engine:
        with Views(store) as views:
            before = views.last_seq()
            await _do(engine, request)
            await engine.run_until_idle()
            entries = views.entries(after=before, limit=MOST_ENTRIES + 1)
    for problem in engine.problems:
        print(problem, file=sys.stderr)
    for entry in entries[:MOST_ENTRIES]:
        print(json_line(entry.as_json()))
    if len(entries) > MOST_ENTRIES:
        print(json_line({"more": "look at timeline for what came after these"}))


async def _do(engine: Engine, request: Request) -> None:
    what = request["do"]
    if what == "send":
        await engine.ingest(request["event"], request["user"], request["data"])
    elif what == "forward":
        await engine.forward_to(engine.clock.now() + durations.parse(request["value"]))
    elif what == "to":
        await engine.forward_to(moments.parse(request["value"], engine.clock.now()))
    else:
        acts = {"cancel": engine.cancel, "resume": engine.resume, "restart": engine.restart}
        await acts[what](request["journey"])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
