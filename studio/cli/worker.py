"""Carry users on, on Temporal: a worker."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from studio.cli.http_ingest import http_option, ingesting_for
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
    "--sink",
    "sinks",
    metavar="PATH",
    type=PATH,
    multiple=True,
    help="Keep all histories in this store, too: the one to look at. Another may be postgresql://…",
)
@http_option
@on_temporal
@shared
def worker(settings: Settings, temporal: TemporalSettings, sinks: tuple[str, ...], http: str | None) -> Exit:
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
    from studio.sink.postgres_sink import is_postgres

    places = [place if is_postgres(place) else str(absolute(place)) for place in sinks]
    from studio.web.ingest.server import address

    return asyncio.run(_work(settings, temporal, loaded, places, None if http is None else address(http)))


async def _work(
    settings: Settings,
    temporal: TemporalSettings,
    loaded: Loaded,
    sinks: list[str],
    http: tuple[str, int] | None,
) -> Exit:
    from studio.cli.engine_run import end_politely
    from studio.sink.postgres_sink import is_postgres
    from studio.temporal.connecting import connect
    from studio.temporal.temporal_engine import TemporalEngine
    from studio.temporal.worker import workers
    from studio.text.private import make_folder

    stop = asyncio.Event()
    end_politely(asyncio.get_running_loop(), stop)
    events = settings.events()
    client = await connect(temporal)
    for place in sinks:
        if not is_postgres(place):
            make_folder(Path(place).parent)
    # What is refused is kept where it is looked at.
    store = next((place for place in sinks if not is_postgres(place)), settings.file())
    sender = TemporalEngine(store=store, settings=temporal)
    async with (
        workers(client, temporal, loaded.workflows, sinks, settings.durability, complain, events),
        ingesting_for(sender, http),
    ):
        where = f"{temporal.address}, namespace {temporal.namespace}, queue {temporal.queue}"
        named = [place.rpartition("@")[2] if is_postgres(place) else short(place) for place in sinks]
        kept = f", all histories in {' and '.join(named)}" if named else ""
        complain(f"A worker on {where}: {counted(len(loaded.workflows), 'workflow')}{kept}.", plain=True)
        await stop.wait()
    return Exit.DONE
