"""Give coding assistants tools for journeys, by the Model Context Protocol."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import click

from studio.cli.options import shared_on_screen
from studio.cli.output import complain
from studio.cli.settings import Settings

PORT = 8765


@click.command()
@click.option("--allow-acts", is_flag=True, help="Let them act on the project's own store, too.")
@click.option(
    "--http",
    "port",
    type=click.IntRange(0, 65_535),
    metavar="PORT",
    help="Serve on this port of localhost, instead of stdin and stdout.",
)
@shared_on_screen
def mcp(settings: Settings, allow_acts: bool, port: int | None) -> None:
    """Give coding assistants tools for journeys: read, check, explore, play, look and try.

    They read and write by stdin and stdout, as an assistant starts them. Without --allow-acts the
    project's own store is for looking; a scratch store of theirs is for trying.
    """
    from studio.source.extras import need_extra

    need_extra("mcp")
    from studio.assistant.commands import ProjectCommands
    from studio.assistant.server import Tools, server

    folder = Path.cwd()
    options = [f"--workflows={settings.workflows}", f"--store={settings.store}"]
    with TemporaryDirectory(prefix="journey-studio-mcp-") as scratch:
        tools = Tools(
            folder, Path(settings.workflows), ProjectCommands(folder, options), Path(scratch), allow_acts
        )
        made = server(tools)
        if port is None:
            made.run("stdio")
        else:
            complain(f"tools for assistants: http://127.0.0.1:{port}/mcp. Ctrl+C ends it.", plain=True)
            made.run("streamable-http", host="127.0.0.1", port=port)


__all__ = ["mcp"]
