"""The inside of a journey: where its function stands, or stood, with its variables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from studio.cli import complete
from studio.cli.client import client_of
from studio.cli.options import json_option, shared
from studio.cli.output import coloured, local, write
from studio.cli.settings import Settings
from studio.text.printable import clean, json_line, styled

if TYPE_CHECKING:
    from studio.engine.inspect.result import Awaited, Inspection


@click.command()
@click.argument("journey", shell_complete=complete.journeys)
@click.option(
    "--at", type=int, metavar="SEQ", help="As of the entry with this number; timeline --json shows them."
)
@json_option
@shared
def inspect(settings: Settings, journey: str, at: int | None, as_json: bool) -> None:
    """Show where a journey's function stands: its stack of awaits, its variables, what it waits for.

    The function is driven through its history once more; no step runs and nothing is written.
    """
    from studio.engine.on_demand import carry_out

    found = carry_out(client_of(settings).inspect(journey, at))
    write([json_line(found.as_json())] if as_json else _lines(found))


def _lines(found: Inspection) -> Iterator[str]:
    from studio.cli.tables import table
    from studio.engine.inspect.result import STATE_WORDS

    entry = found.entry
    yield clean(f"{found.journey}  {found.status}, pass {found.pass_number}")
    when = "now" if found.now else "then"
    what = " ".join(text for text in (entry.kind, entry.name) if text)
    yield clean(f"{when}: {STATE_WORDS[found.state]}  {local(found.at)}  entry {entry.seq} ({what})")
    version = "the loaded one" if found.current else "not the loaded one"
    yield clean(f"version: {found.code}, {version}")
    if found.waits is not None:
        yield from _awaited(found.waits, "at: ")
    if found.result is not None:
        yield clean(f"result: {found.result}")
    if found.error is not None:
        yield clean(f"error: {found.error}")
    if found.note is not None:
        yield clean(f"note: {found.note}")
    for number, frame in enumerate(found.frames):
        yield ""
        chosen = number == found.selected
        yield clean(f"{frame.place} {frame.function}")
        source = clean(f"{'>' if chosen else ' '} {frame.line:>4}  {frame.source}")
        yield styled(source, "bold", coloured() and chosen)
        if frame.variables:
            # The empty column sets them off from the lines of source.
            rows = [("", variable.name, variable.type, variable.text) for variable in frame.variables]
            yield from table(("", "NAME", "TYPE", "VALUE"), rows)


def _awaited(awaited: Awaited, lead: str) -> Iterator[str]:
    words = [awaited.kind]
    if awaited.name is not None:
        words.append(awaited.name)
    if awaited.match:
        words.append(json_line(dict(awaited.match)))
    if awaited.opened_at is not None:
        words.append(f"since {local(awaited.opened_at)}")
    if awaited.due_at is not None:
        words.append(f"until {local(awaited.due_at)}")
    if awaited.over:
        words.append("(over)")
    yield clean(lead + " ".join(words))
    for member in awaited.members:
        yield from _awaited(member, " " * len(lead) + "- ")
