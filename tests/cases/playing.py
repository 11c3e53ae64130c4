"""Playing a folder of workflows and events in virtual time, in this process."""

from __future__ import annotations

import asyncio
from pathlib import Path

from studio import Engine, VirtualClock
from studio.events import event_files as eventfiles

HERE = Path(__file__).parent


async def played(case: str, events: str, store: Path) -> Path:
    """Play an event file of a case on a store; gives the store.

    Raises:
        TimeoutError: it did not end.
    """
    lines = (HERE / case / events).read_bytes().splitlines()
    clock = VirtualClock(eventfiles.first_moment(lines, events))
    async with Engine(HERE / case / "workflows", store=store, clock=clock) as engine, asyncio.timeout(30):
        assert engine.problems == []
        await engine.play(eventfiles.read(lines, clock.now(), events))
    return store
