"""The object store of a project."""

from __future__ import annotations

import asyncio
import dataclasses

import click

from studio.cli.options import json_option, shared
from studio.cli.output import Exit, coloured, write
from studio.cli.settings import Settings
from studio.errors import StudioError
from studio.text.printable import clean, json_line, styled

ACTS = ("check",)


@click.command()
@click.argument("act", metavar="check", type=click.Choice(ACTS))
@click.argument("url", required=False, metavar="[URL]")
@json_option
@shared
def objects(settings: Settings, act: str, url: str | None, as_json: bool) -> Exit:
    """Say what works on an object store: create-only puts, listing after a put, paging.

    URL is s3://bucket/prefix, gs://…, az://…, or file:///folder; without it, that of
    [tool.journey-studio.objects]. Credentials come as usual for its service. What is tried is written
    below a folder of its own, and deleted again. With a finding that is bad the exit code is 1.
    """
    from studio.objects.opening import store_at, url_of_project

    found = url or url_of_project()
    if found is None:
        raise StudioError(
            "no object store is named", fix='Name a URL, or write url = "…" in [tool.journey-studio.objects].'
        )
    return asyncio.run(_check(store_at(found), as_json))


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
