"""A new journey from a template."""

from __future__ import annotations

from pathlib import Path

import click

from studio.cli.options import shared
from studio.cli.output import complain, write
from studio.cli.settings import Settings
from studio.design.templates import TEMPLATES
from studio.source.project import short


@click.command()
@click.argument("name")
@click.option(
    "--template",
    type=click.Choice(TEMPLATES),
    default=TEMPLATES[0],
    show_default=True,
    help="The template that it starts from.",
)
@shared
def new(settings: Settings, name: str, template: str) -> None:
    """Write a journey NAME into the workflows folder, and events that play it into data/.

    It is a working one, with comments, to be changed as you like. Nothing is written over.
    """
    from studio.design import scaffold
    from studio.source import loader

    if Path(settings.workflows).is_dir():
        scaffold.refuse_taken(name, loader.load(settings.workflows).workflows)
    flow, events = (short(path) for path in scaffold.write(template, name, settings.workflows))
    write((flow, events))
    complain(
        f"journey-studio play {events}    plays it, in virtual time\n"
        f"journey-studio explore {name}    shows every path through it\n"
        f"journey-studio check {flow}    reads it for mistakes",
        plain=True,
    )
