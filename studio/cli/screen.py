"""The command behind no command: the studio on screen."""

from __future__ import annotations

import click

from studio.cli.options import Settings, shared


@click.command()
@shared
def studio(settings: Settings) -> int:
    """Open the studio: every journey live, on one screen."""
    from studio.tui.app import run_studio

    return run_studio(settings.workflows, settings.store, settings.durability)
