"""How many journeys of a workflow came to each node, went on, left or are inside."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from studio.cli import complete
from studio.cli.looking import now_in, opened_views, since_when
from studio.cli.options import PATH, form_options, shared
from studio.cli.output import write
from studio.cli.rows import csv_lines
from studio.cli.settings import Settings
from studio.errors import StudioError
from studio.text.printable import clean, json_line

if TYPE_CHECKING:
    from studio.reports.funnel import Funnel
    from studio.reports.reading import FunnelReader


@click.command()
@click.argument("name", shell_complete=complete.workflows)
@click.option("--since", metavar="WHEN", help="Only journeys that were entered since then: 7d, 2026-03-01.")
@click.option(
    "--by", type=click.Choice(("split", "week", "version")), help="One funnel for each arm, week or version."
)
@click.option("--svg", metavar="FILE", type=PATH, help="Write the ways as a picture, too.")
@click.option("--html", metavar="FILE", type=PATH, help="Write a page that stands by itself, too.")
@form_options
@shared
def funnel(
    settings: Settings,
    name: str,
    since: str | None,
    by: str | None,
    svg: str | None,
    html: str | None,
    form: str | None,
) -> None:
    """Show how far the journeys of the workflow NAME get, where they are and where they leave.

    Counted are journeys, by their first visit of a node. Users whose profile says test: true are
    not counted. --json is one object, --csv has a row for each node.
    """
    from studio.reports.page import Pictures
    from studio.reports.reading import FunnelReader
    from studio.source import loader

    with opened_views(settings) as views:
        known = views.workflow_names()
        if name not in known:
            there = ", ".join(sorted(known)) or "none"
            raise StudioError(f"it has no workflow {name!r}", where=settings.store, fix=f"There is: {there}.")
        reader = FunnelReader(views, name)
        declared = loader.load(settings.workflows).workflows.get(name) if _has_files(settings) else None
        if declared is not None:
            reader.declared(declared)
        reader.read()
        now, since_ms = now_in(views), since_when(views, since)
        whole = reader.funnel(now, reader.goal, since_ms)
        groups = [] if by is None else _groups(reader, by, now, since_ms)
        pictures = Pictures(reader, whole, since_ms)
    if svg is not None:
        _save(svg, pictures.svg())
    if html is not None:
        _save(html, pictures.html(groups))
    _print(whole, groups, form)


def _has_files(settings: Settings) -> bool:
    """Whether the workflow may be read: for its goal, and the zone in which hours are told."""
    return Path(settings.workflows).exists()


def _save(file: str, text: str) -> None:
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise StudioError(error.strerror or str(error), where=file) from error


def _groups(reader: FunnelReader, by: str, now: int, since_ms: int | None) -> list[Funnel]:
    """The funnel of each group, the largest first."""
    from studio.reports.groups import grouped

    found = [
        reader.funnel(now, reader.goal, since_ms, group, belongs)
        for group, belongs in grouped(reader.fold, reader.versions, by)
    ]
    return [each for each in found if each.entered]


def _print(whole: Funnel, groups: list[Funnel], form: str | None) -> None:
    if form == "json":
        from studio.reports.as_json import as_json

        found = as_json(whole)
        if groups:
            found["groups"] = [as_json(each) for each in groups]
        write([json_line(found)])
    elif form == "csv":
        write(csv_lines(_rows([whole, *groups])))
    else:
        write(_text(whole, groups))


def _rows(funnels: list[Funnel]) -> Iterable[Sequence[str]]:
    from studio.reports.as_json import node_as_json
    from studio.reports.progress import LEFT

    heads: tuple[str, ...] = ()
    for funnel in funnels:
        for node in funnel.nodes:
            row = {"workflow": funnel.workflow, "group": funnel.group, **node_as_json(node)}
            left = row.pop("left")
            row |= {f"left_{reason}": left.get(reason, 0) for reason in LEFT.values()}
            if not heads:
                heads = tuple(row)
                yield heads
            yield ["" if value is None else str(value) for value in row.values()]


def _split(funnel: Funnel) -> str:
    """What a group is one of: arms of different splits are not compared."""
    name, arm, _ = (funnel.group or "").partition(": ")
    return name if arm else ""


def _text(whole: Funnel, groups: list[Funnel]) -> Iterable[str]:
    from studio.cli.tables import table
    from studio.reports import words

    for each in (whole, *groups):
        if each is not whole:
            yield ""
        yield clean(words.heading(each))
        yield ""
        yield from table(words.HEADS, map(words.cells, each.nodes))
        yield ""
        yield from map(clean, words.lines(each))
    compared = [
        words.compared(one, other)
        for one, other in itertools.combinations(groups, 2)
        if _split(one) == _split(other)
    ]
    if told := [line for line in compared if line is not None]:
        yield ""
        yield from map(clean, told)
        yield words.LOOKING
