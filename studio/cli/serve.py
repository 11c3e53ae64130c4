"""The studio in a web browser."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path

import click

from studio.cli.door import http_option, opened_door
from studio.cli.options import Settings, shared
from studio.cli.output import Exit, complain
from studio.errors import StoreLocked
from studio.project import MEMORY


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
@shared
def serve(settings: Settings, host: str, port: int, origins: tuple[str, ...], http: str | None) -> Exit:
    """Show the studio in a web browser.

    The engine runs here; each tab looks on and acts through it. Only this machine reaches it unless
    --host says otherwise, and only pages of its own may type into it. It ends with ctrl+c or a polite kill.
    """
    from studio.http.door import address

    door = None if http is None else address(http)
    return asyncio.run(_serve(settings, host, port, origins, door))


async def _serve(
    settings: Settings, host: str, port: int, origins: tuple[str, ...], door: tuple[str, int] | None
) -> Exit:
    from studio.engine.engine import Engine
    from studio.origins import is_local, origin
    from studio.serve.server import Server

    named = [origin(each) for each in origins]
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if settings.store != MEMORY:
        Path(settings.store).parent.mkdir(parents=True, exist_ok=True)
    engine = Engine(
        settings.workflows,
        store=settings.store,
        durability=settings.durability,
        reload=settings.reload or "auto",
    )
    async with contextlib.AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(engine)
            engine.watch()
        except StoreLocked as locked:
            if door is not None:
                # Events can be taken by the engine's own process alone.
                raise
            complain(f"{locked.what}; the tabs are viewers of that one.", plain=True)
        for problem in engine.problems:
            complain(str(problem))
        await stack.enter_async_context(opened_door(engine, door))
        server = Server(settings.workflows, engine.path, named)
        stack.push_async_callback(server.stop)
        address = await server.start(host, port)
        complain(f"The studio on {settings.store} is at {address} . Ctrl+C ends it.", plain=True)
        if not is_local(host):
            complain("Whoever reaches that address can look and act in it.", plain=True)
        await stop.wait()
    return Exit.DONE
