"""Events by HTTP, for every command that runs an engine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import click

from studio.cli.output import complain

if TYPE_CHECKING:
    from studio.engine.client import EngineClient
    from studio.engine.engine import Engine

http_option = click.option(
    "--http",
    metavar="HOST:PORT",
    help="Accept events by HTTP at this address, such as 127.0.0.1:8288: from clients of Inngest, Segment"
    " or CloudEvents, or as plain JSON.",
)


@contextlib.asynccontextmanager
async def ingesting(engine: Engine, place: tuple[str, int] | None) -> AsyncIterator[None]:
    """Take events by HTTP as long as this lasts, and say where; nowhere when no place is named.

    Raises:
        StudioError: the address cannot be had, or the optional packages are missing.
    """
    if place is None:
        yield
        return
    from studio.engine.local import LocalEngine

    async with ingesting_for(LocalEngine(engine), place):
        yield


@contextlib.asynccontextmanager
async def ingesting_for(client: EngineClient, place: tuple[str, int] | None) -> AsyncIterator[None]:
    """The same for whoever takes the events.

    Raises:
        StudioError: the address cannot be had, or the optional packages are missing.
    """
    if place is None:
        yield
        return
    from studio.web.ingest.server import IngestServer
    from studio.web.origins import is_local

    server = IngestServer(lambda: client)
    complain(f"Events are accepted at {server.start(*place)} .", plain=True)
    if not is_local(place[0]):
        complain("Anyone who reaches that address can send events.", plain=True)
    try:
        yield
    finally:
        await asyncio.to_thread(server.stop)
