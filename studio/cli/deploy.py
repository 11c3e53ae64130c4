"""Let other code count for users on Temporal."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from studio.cli.options import json_option, shared
from studio.cli.output import Exit, write
from studio.cli.settings import Settings
from studio.cli.temporal_options import on_temporal
from studio.errors import NoWorkflows
from studio.source.project import short
from studio.text.printable import clean, json_line
from studio.wording.values import counted

if TYPE_CHECKING:
    from studio.source.loader import Loaded
    from studio.temporal.deployed import Deployed
    from studio.temporal.settings import TemporalSettings


@click.command()
@click.option("--now", is_flag=True, help="Let all users go over at once, not each at the next turn.")
@json_option
@on_temporal
@shared
def deploy(settings: Settings, temporal: TemporalSettings, now: bool, as_json: bool) -> Exit:
    """Let these workflow files count for users on Temporal.

    Edited files alone change nothing there: workers go on by what was deployed last. Each user's journeys go
    over at the next thing that comes for them, as they do at a reload on this machine. Workflows that are not
    among the files go on with the code that they have.
    """
    from studio.source.loader import load

    loaded = load(settings.workflows)
    if loaded.problems:
        raise loaded.problems[0]
    if not loaded.workflows:
        raise NoWorkflows("there is no workflow that loads", path=short(settings.workflows))
    before, after, touched = asyncio.run(_deploy(temporal, loaded, now))
    changed = sorted(name for name, hash in after.hashes.items() if before.get(name) != hash)
    if as_json:
        write([json_line({"deploy": after.number, "changed": changed, "users": touched})])
    elif not changed:
        write([f"nothing has changed since deploy {after.number}"])
    else:
        write([clean(f"deploy {after.number}: {', '.join(changed)}")])
        if touched is not None:
            write([f"{counted(touched, 'user')} told"])
    return Exit.DONE


async def _deploy(
    temporal: TemporalSettings, loaded: Loaded, now: bool
) -> tuple[dict[str, str], Deployed, int | None]:
    from studio.temporal.connecting import connect
    from studio.temporal.deploying import code_worker, deploy, touch_all

    client = await connect(temporal)
    async with code_worker(client, temporal.queue):
        before = (await deploy(client, temporal.queue, {})).hashes
        after = await deploy(client, temporal.queue, loaded.workflows)
    return before, after, await touch_all(client, temporal.queue, after.number) if now else None
