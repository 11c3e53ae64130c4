"""Watch users on Temporal: the studio on a store that is filled from there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from studio.cli.options import shared_on_screen
from studio.cli.output import complain
from studio.cli.settings import Settings
from studio.cli.temporal_options import on_temporal
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.temporal.settings import TemporalSettings


@click.command()
@on_temporal
@shared_on_screen
def watch(settings: Settings, temporal: TemporalSettings) -> int:
    """Fill a store with the histories of users on Temporal, and open the studio on it.

    What is sent and done on the screen goes to Temporal. Turns that nobody has kept so far wait there, and
    come first. The store has one writer: a worker with --sink, or this.
    """
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise StudioError(
            "the studio needs a terminal", fix="Without one use journey-studio worker with --sink PATH."
        )
    return show(settings, temporal)


def show(settings: Settings, temporal: TemporalSettings, notice: str = "") -> int:
    """Fill the store, and show it on the screen until it is left.

    Args:
        notice: what is said on the screen at first.

    Raises:
        StudioError: Temporal does not answer, or the store cannot be used.
    """
    from studio.source.loader import load
    from studio.temporal.background import BackgroundSink
    from studio.temporal.temporal_engine import TemporalEngine
    from studio.text.private import make_folder
    from studio.tui.app import run_studio

    loaded = load(settings.workflows)
    for problem in loaded.problems:
        complain(str(problem))
    store = Path(settings.file())
    make_folder(store.parent)
    with BackgroundSink(temporal, store, loaded, settings.durability, settings.events()):
        client = TemporalEngine(settings.workflows, store=store, settings=temporal)
        return run_studio(settings.workflows, str(store), settings.durability, client=client, notice=notice)
