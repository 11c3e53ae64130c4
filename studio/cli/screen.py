"""The command behind no command: the studio on screen."""

from __future__ import annotations

import sys

import click

from studio.cli.http_ingest import http_option
from studio.cli.no_steps import steps_options, would_run
from studio.cli.options import at_option, shared_on_screen
from studio.cli.settings import Settings
from studio.errors import StudioError


@click.command()
@click.option("--readonly", is_flag=True, help="Look only: run no engine, send nothing.")
@at_option
@http_option
@steps_options
@shared_on_screen
def studio(
    settings: Settings,
    readonly: bool,
    at: str | None,
    http: str | None,
    no_steps: bool,
    stubs: tuple[str, ...],
) -> int:
    """Open the studio: every journey live, on one screen."""
    if readonly and http is not None:
        raise click.UsageError("--readonly runs no engine that could accept events by --http.")
    if readonly and no_steps:
        raise click.UsageError("--readonly runs no engine that could leave out steps.")
    # The screen is drawn on stderr; whoever pipes stdout away wants text.
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise StudioError(
            "the studio needs a terminal",
            fix="Without one use journey-studio run, or look with journey-studio users, waits and logs.",
        )
    from studio.tui.app import run_studio
    from studio.web.ingest.server import address

    return run_studio(
        settings.workflows,
        settings.file() if readonly else settings.store,
        settings.durability,
        mode="read" if readonly else "run",
        reload=settings.reload,
        http=None if http is None else address(http),
        stand_in=would_run(settings, no_steps, stubs),
        at=at,
    )
