"""The map of a journey: what it waits for, does and decides, from its source."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import click

from studio.cli import complete
from studio.cli.options import shared
from studio.cli.output import complain, terminal_width, write
from studio.cli.settings import Settings
from studio.errors import StudioError
from studio.text.printable import json_line

if TYPE_CHECKING:
    from studio.design.outline.model import Outline
    from studio.design.outline.tally import NodeTally
    from studio.language.definition import Workflow

WIDTH, WIDEST = 100, 120
"""Columns where the output is no terminal, and of a picture; and how many of a wide terminal are used:
numbers that stand far from what they count are hard to read."""


@click.command("map")
@click.argument("name", shell_complete=complete.workflows)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "mermaid", "svg", "json"]),
    default="text",
    help="text for reading, mermaid and svg for a README, json for scripts.  [default: text]",
)
@click.option("--counts", is_flag=True, help="Who waits at each place now, and how many ever came.")
@shared
def map(settings: Settings, name: str, form: str, counts: bool) -> None:
    """Draw the map of the workflow NAME from its source.

    Matched goes on down the left, timed out hangs on the right. With --counts percentages are of
    those who have left a place, and loops count each time round.
    """
    from studio.design.outline.flow_reader import read

    outline = read(_find(settings, name))
    if outline.cut:
        complain("the map is large: some helpers are not unfolded")
    write(_lines(outline, form, _counts(settings, outline) if counts else None))


def _find(settings: Settings, name: str) -> Workflow:
    from studio.source import loader

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


def _counts(settings: Settings, outline: Outline) -> Mapping[str, NodeTally]:
    from studio.design.outline.tally import tallied
    from studio.store.views import Views

    with Views(settings.file()) as views:
        return tallied(outline, views.funnel(outline.name))


def _lines(outline: Outline, form: str, counts: Mapping[str, NodeTally] | None) -> Iterable[str]:
    from studio.design.outline.drawing import draw, text_of

    if form == "json":
        from studio.design.outline.as_json import as_json

        return [json_line(as_json(outline, counts))]
    if form == "mermaid":
        from studio.design.outline.mermaid import mermaid

        return mermaid(outline, counts).splitlines()
    rows = draw(outline, WIDTH if form == "svg" else min(terminal_width() or WIDTH, WIDEST), counts)
    if form == "svg":
        from studio.design.outline.svg import svg

        return svg(rows, f"The journey {outline.name}").splitlines()
    return text_of(rows)
