"""The studio in a web browser."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import click

from studio.cli.engine_run import tell_untraced
from studio.cli.engine_state import EngineState
from studio.cli.http_ingest import http_option, ingesting
from studio.cli.options import shared_on_screen
from studio.cli.output import Exit, complain
from studio.cli.settings import Settings
from studio.errors import StoreLocked
from studio.source.project import MEMORY, short


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, metavar="HOST", help="Where to listen.")
@click.option(
    "--port",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65535),
    metavar="N",
    help="Which port; 0 is any.",
)
@click.option(
    "--origin",
    "origins",
    multiple=True,
    metavar="URL",
    help="Another address under which browsers see it, as behind a proxy; may be given several times.",
)
@http_option
@shared_on_screen
def serve(settings: Settings, host: str, port: int, origins: tuple[str, ...], http: str | None) -> Exit:
    """Show the studio in a web browser.

    The engine runs here; each tab looks on and acts through it. Only this machine reaches it unless
    --host says otherwise, and only pages of its own may type into it. It ends with ctrl+c or SIGTERM.
    """
    from studio.web.ingest.server import address

    place = None if http is None else address(http)
    return asyncio.run(_serve(settings, host, port, origins, place))


async def _serve(
    settings: Settings, host: str, port: int, origins: tuple[str, ...], place: tuple[str, int] | None
) -> Exit:
    from studio.engine.engine import Engine
    from studio.text.private import make_folder
    from studio.web.browser.server import Server
    from studio.web.origins import is_local, origin

    named = [origin(each) for each in origins]
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if settings.store != MEMORY:
        make_folder(Path(settings.store).parent)
    engine = Engine(
        settings.workflows,
        store=settings.store,
        durability=settings.durability,
        reload=settings.reload or "auto",
        events=settings.events(),
        otel=settings.otel,
        typed=settings.typed,
    )
    running = False
    async with contextlib.AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(engine)
            running = True
            engine.watch()
        except StoreLocked as locked:
            if place is not None:
                # Events can be taken by the engine's own process alone.
                raise
            complain(f"{locked.what}; the tabs are viewers of that one.", plain=True)
        tell_untraced(settings)
        for problem in engine.problems:
            complain(str(problem))
        await stack.enter_async_context(ingesting(engine, place))
        server = Server(settings.workflows, engine.path, named)
        stack.push_async_callback(server.stop)
        address = await server.start(host, port)
        complain(f"The studio on {short(settings.store)} is at {address} . Ctrl+C ends it.", plain=True)
        if not is_local(host):
            complain("Anyone who reaches that address can look and act in it.", plain=True)
        state = EngineState(engine) if running else None
        await _first(stop.wait(), *([state.ended()] if state is not None else ()))
        engine.hurry()
        if state is not None:
            state.close()
            if state.has_ended:
                return Exit.FAILED
    return Exit.DONE


async def _first(*waits: Coroutine[Any, Any, Any]) -> None:
    tasks = [asyncio.create_task(each) for each in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
