"""Events by HTTP, for every command that runs an engine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import click

from studio.cli.output import complain

if TYPE_CHECKING:
    from studio.engine.engine import Engine

http_option = click.option(
    "--http",
    metavar="HOST:PORT",
    help="Take events by HTTP too, as 127.0.0.1:8288: as Inngest, Segment, CloudEvents or we write them.",
)


@contextlib.asynccontextmanager
async def opened_door(engine: Engine, place: tuple[str, int] | None) -> AsyncIterator[None]:
    """Take events by HTTP as long as this lasts, and say where; nowhere when no place is named.

    Raises:
        StudioError: the address cannot be had, or the optional packages are missing.
    """
    if place is None:
        yield
        return
    from studio.http.door import Door
    from studio.origins import is_local

    door = Door(lambda: engine)
    complain(f"Events are taken at {door.start(*place)} .", plain=True)
    if not is_local(place[0]):
        complain("Whoever reaches that address can send events.", plain=True)
    try:
        yield
    finally:
        await asyncio.to_thread(door.stop)
