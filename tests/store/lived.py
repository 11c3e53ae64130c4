"""A store in which a few people have lived through journeys, written by an engine."""

from __future__ import annotations

import asyncio
from pathlib import Path

from studio import Engine, VirtualClock
from studio.language.incoming import incoming
from studio.store.inbox import send
from tests.store.build import START
from tests.store.lives import guest, welcome

DAY = 86_400_000


async def live(path: Path, clock: VirtualClock) -> None:
    """Zelda-Quux is done, asks Bob-Bob in and was asked in by Carol-Carol, who is done too; Bob-Bob waits."""
    async with Engine([welcome, guest], store=path, clock=clock) as engine:
        who = {"id": "Zelda-Quux", "email": "zelda.quux@example.com"}
        await engine.ingest("signup", who, {"friend": "boB-boB"}, id="of-Zelda-Quux")
        await engine.ingest("activated", "Zelda-Quux", {"plan": "free"})
        await engine.ingest("activated", "Zelda-Quux", {"plan": "pro"})
        await engine.run_until_idle()
        carol = {"id": "Carol-Carol", "email": "carol@example.com"}
        await engine.ingest("signup", carol, {"friend": "xuuQ-adleZ"})
        await engine.forward("8d")


def lived(path: Path, *, inbox: bool = True) -> Path:
    """Make the store."""
    asyncio.run(live(path, VirtualClock(START)))
    if inbox:
        send(path, [incoming("activated", "Zelda-Quux", {"plan": "pro"}), incoming("tick", "Bob-Bob", {})])
    return path
