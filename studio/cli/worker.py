"""Carry users on, on Temporal: a worker."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from studio.cli.options import PATH, shared
from studio.cli.output import Exit, complain
from studio.cli.settings import Settings
from studio.cli.temporal_options import on_temporal
from studio.errors import NoWorkflows
from studio.source.project import absolute, short
from studio.wording.values import counted

if TYPE_CHECKING:
    from studio.source.loader import Loaded
    from studio.temporal.settings import TemporalSettings


@click.command()
@click.option(
    "--sink", metavar="PATH", type=PATH, help="Keep all histories in this store, too: the one to look at."
)
@on_temporal
@shared
def worker(settings: Settings, temporal: TemporalSettings, sink: str | None) -> Exit:
    """Carry users on, on Temporal.

    Any number of workers share the users of a namespace and queue. One of them, or `watch`, holds the
    store in which the studio and all commands see what happens. It ends with ctrl+c or SIGTERM: what it
    was at goes on elsewhere.
    """
    from studio.source.loader import load

    loaded = load(settings.workflows)
    for problem in loaded.problems:
        complain(str(problem))
    if not loaded.workflows:
        raise NoWorkflows("there is no workflow that loads", path=short(settings.workflows))
    return asyncio.run(_work(settings, temporal, loaded, None if sink is None else Path(absolute(sink))))


async def _work(settings: Settings, temporal: TemporalSettings, loaded: Loaded, sink: Path | None) -> Exit:
    from studio.cli.engine_run import end_politely
    from studio.temporal.connecting import connect
    from studio.temporal.worker import workers
    from studio.text.private import make_folder

    stop = asyncio.Event()
    end_politely(asyncio.get_running_loop(), stop)
    client = await connect(temporal)
    if sink is not None:
        make_folder(sink.parent)
    async with workers(client, temporal, loaded.workflows, sink, settings.durability, complain):
        where = f"{temporal.address}, namespace {temporal.namespace}, queue {temporal.queue}"
        kept = "" if sink is None else f", all histories in {short(sink)}"
        complain(f"A worker on {where}: {counted(len(loaded.workflows), 'workflow')}{kept}.", plain=True)
        await stop.wait()
    return Exit.DONE
