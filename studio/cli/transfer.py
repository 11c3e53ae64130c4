"""The history out of a store and into another, as JSON lines."""

from __future__ import annotations

import dataclasses
from itertools import islice
from pathlib import Path

import click

from studio.cli import complete
from studio.cli.options import json_option, shared
from studio.cli.output import Exit, complain, write
from studio.cli.settings import Settings
from studio.source.project import short
from studio.text.printable import clean, json_line
from studio.wording.values import counted

PAGE = 1_000


@click.command()
@click.argument("user", required=False, shell_complete=complete.users)
@click.option("--all", "everybody", is_flag=True, help="The whole history.")
@shared
def export(settings: Settings, user: str | None, everybody: bool) -> Exit:
    """Write the history of a user, or with --all of everybody, as JSON lines that import takes.

    What others sent to the user, and what the user's journeys sent to others, is there without the others.
    """
    from studio.store.transfer import export as exported

    if (user is None) != everybody:
        raise click.UsageError("Name a user, or give --all.")
    lines = exported(Path(settings.file()), user)
    while page := list(islice(lines, PAGE)):
        write(map(json_line, page))
    return Exit.DONE


@click.command("import")
@click.argument("file")
@json_option
@shared
def import_(settings: Settings, file: str, as_json: bool) -> Exit:
    """Add an exported history to a store, all of it or nothing. FILE may be - for stdin.

    No engine may run on the store, and none of the users may be there already.
    """
    from studio.cli.input_lines import lines, opened
    from studio.store.transfer import take_in

    path = Path(settings.file())
    with opened(file) as (descriptor, name):
        found = take_in(path, lines(descriptor, name), name)
    if as_json:
        write([json_line(dataclasses.asdict(found))])
    else:
        users, journeys = counted(found.users, "user"), counted(found.journeys, "journey")
        refused = f", {counted(found.refused, 'refused event')}" if found.refused else ""
        write([f"{clean(short(path))}: {found.entries:,} entries of {users}, {journeys}{refused}"])
    if not found.same_salt:
        complain(
            "The store is not the one they come from: journey.random() and journey.uuid() of passes that"
            " are open give other values here, and steps have other idempotency keys.",
            plain=True,
        )
    return Exit.DONE
