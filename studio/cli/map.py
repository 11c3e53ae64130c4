"""The map of a journey: what it waits for, does and decides, from its source."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from studio.cli.options import Settings, shared
from studio.cli.output import complain, json_line, terminal_width, write
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.definition import Workflow
    from studio.outline.model import Outline

WIDTH = 100
"""Columns where the output is no terminal, and of a picture."""


@click.command("map")
@click.argument("name")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "mermaid", "svg", "json"]),
    default="text",
    help="text for reading, mermaid and svg for a README, json for scripts.  [default: text]",
)
@shared
def map(settings: Settings, name: str, form: str) -> None:
    """Draw the map of the workflow NAME from its source.

    Matched goes on down the left, timed out hangs on the right. Nothing is run but the import of its file.
    """
    from studio.outline.reading import read

    outline = read(_find(settings, name))
    if outline.cut:
        complain("the map is large: some helpers are not unfolded")
    write(_lines(outline, form))


def _find(settings: Settings, name: str) -> Workflow:
    from studio import loader

    loaded = loader.load(settings.workflows)
    for problem in loaded.problems:
        complain(str(problem))
    found = loaded.workflows.get(name)
    if found is not None:
        return found
    close = difflib.get_close_matches(name, loaded.workflows, n=1)
    there = ", ".join(loaded.workflows) or "none"
    fix = f"Did you mean {close[0]}?" if close else f"There is: {there}."
    raise StudioError(f"there is no workflow {name!r}", where=settings.workflows, fix=fix)


def _lines(outline: Outline, form: str) -> Iterable[str]:
    from studio.outline.drawing import draw, text_of

    if form == "json":
        from studio.outline.as_json import as_json

        return [json_line(as_json(outline))]
    if form == "mermaid":
        from studio.outline.mermaid import mermaid

        return mermaid(outline).splitlines()
    rows = draw(outline, WIDTH if form == "svg" else terminal_width() or WIDTH)
    if form == "svg":
        from studio.outline.svg import svg

        return svg(rows, f"The journey {outline.name}").splitlines()
    return text_of(rows)
