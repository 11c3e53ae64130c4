"""The object store of a project."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import click

from studio.cli import complete
from studio.cli.options import json_option, shared
from studio.cli.output import Exit, coloured, write
from studio.cli.settings import Settings
from studio.errors import StudioError
from studio.text.printable import clean, json_line, styled

DONE = {"release": "released", "adopt": "adopted", "reload": "adopted"}
ACTS = ("check", "release", "adopt", "reload")


@click.command()
@click.argument("act", metavar="check|release|adopt|reload", type=click.Choice(ACTS))
@click.argument("users", nargs=-1, metavar="USER...", shell_complete=complete.users)
@click.option("--url", metavar="URL", help="s3://bucket/prefix, gs://…, az://…, or file:///folder.")
@json_option
@shared
def objects(settings: Settings, act: str, users: tuple[str, ...], url: str | None, as_json: bool) -> Exit:
    """Hand users over between engines by an object store, or check what works on it.

    check writes below a folder of its own what it tries, and deletes it again: create-only puts, listing
    after a put, paging. release lets users go, with all of their history; adopt takes them over on another
    engine's store; reload gives up a copy that has lost. No engine may run on the store meanwhile. Without
    --url it is that of [tool.journey-studio.objects]; credentials come as usual for its service.
    """
    from studio.objects.opening import store_at, url_of_project

    found = url or url_of_project()
    if found is None:
        raise StudioError(
            "no object store is named", fix='Give --url, or write url = "…" in [tool.journey-studio.objects].'
        )
    if (act == "check") == bool(users):
        raise click.UsageError("check names no user." if users else f"Name a user: objects {act} USER.")
    store = store_at(found)
    if act == "check":
        return asyncio.run(_check(store, as_json))
    from studio.objects.handover import Handovers

    handovers = Handovers(Path(settings.file()), store)
    for user in users:
        number = getattr(handovers, act)(user)
        if as_json:
            write([json_line({"user": user, "done": DONE[act], "handover": number})])
        else:
            write([f"{DONE[act]} {clean(user)}, hand-over {number}"])
    return Exit.DONE


async def _check(store: object, as_json: bool) -> Exit:
    from studio.objects.checking import check_objects

    worst = Exit.DONE
    styles = {"ok": "green", "warn": "yellow", "bad": "red"}
    async for found in check_objects(store):
        if found.verdict == "bad":
            worst = Exit.FAILED
        if as_json:
            write([json_line(dataclasses.asdict(found))])
        else:
            verdict = styled(f"{found.verdict:<4}", styles[found.verdict], coloured())
            write([f"{verdict}  {found.check:<8}  {clean(f'{found.says}. {found.fix}'.rstrip('. '))}"])
    return worst
