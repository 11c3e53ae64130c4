"""The history out of a store and into another, as JSON lines."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import click

from studio.cli import complete
from studio.cli.options import json_option, shared
from studio.cli.output import Exit, complain, write
from studio.cli.settings import Settings
from studio.errors import StudioError
from studio.source.project import short
from studio.text.printable import clean, json_line
from studio.wording.values import counted

PAGE = 1_000


@click.command()
@click.argument("user", required=False, shell_complete=complete.users)
@click.option("--all", "everybody", is_flag=True, help="The whole history.")
@click.option("--to", "place", metavar="FILE|URL", help="Where to; stdout when not given.")
@click.option(
    "--film", metavar="FILE", help="Instead a store that others open with --store FILE, to look at."
)
@click.option(
    "--user", "only", metavar="USER", help="With --film: only this user's.", shell_complete=complete.users
)
@click.option(
    "--anonymous", is_flag=True, help="With --film: other names for users, and no payloads or texts."
)
@shared
def export(
    settings: Settings,
    user: str | None,
    everybody: bool,
    place: str | None,
    film: str | None,
    only: str | None,
    anonymous: bool,
) -> Exit:
    """Write the history of a user, or with --all of everybody, as JSON lines that import takes.

    What others sent to the user, and what the user's journeys sent to others, is there without the others.
    A FILE must not be there; a URL is a place in an object store, such as s3://bucket/monday, where nothing
    was exported before.

    A film is a store in one file, in which a colleague steps and plays with journey-studio --store FILE: no
    engine runs on it, and nothing can be sent.
    """
    from studio.store.transfer import export as exported

    if film is not None:
        if everybody or place is not None or (user is not None and only is not None):
            raise click.UsageError("--film FILE takes --user and --anonymous, and neither --all nor --to.")
        return _film(settings, Path(film), user if only is None else only, anonymous)
    if anonymous or only is not None:
        raise click.UsageError("--user and --anonymous are for --film FILE.")
    if (user is None) != everybody:
        raise click.UsageError("Name a user, or give --all.")
    lines = exported(Path(settings.file()), user)
    if place is not None:
        count = _export_to(place, (json_line(line).encode() for line in lines))
        complain(f"{count:,} lines are in {clean(place)}", plain=True)
        return Exit.DONE
    while page := list(islice(lines, PAGE)):
        write(map(json_line, page))
    return Exit.DONE


def _film(settings: Settings, film: Path, user: str | None, anonymous: bool) -> Exit:
    from studio.store.film import write_film

    made = write_film(Path(settings.file()), film, user, anonymous=anonymous)
    what = f"{counted(made.entries, 'entry', 'entries')} of {counted(made.users, 'user')}"
    complain(
        f"{clean(str(film))} shows {what}; journey-studio --store {clean(str(film))} opens it", plain=True
    )
    return Exit.DONE


def _export_to(place: str, lines: Iterator[bytes]) -> int:
    from studio.objects.opening import is_url, store_at

    if is_url(place):
        from studio.objects.backup import export_to

        return export_to(store_at(place), lines)
    from studio.text.private import make_file

    path = Path(place)
    if path.exists():
        raise StudioError("a file of this name already exists", where=place, fix="Give another name.")
    # What was cut off does not look whole.
    part = path.with_name(path.name + ".part")
    count = 0
    try:
        part.unlink(missing_ok=True)
        make_file(part)
        with part.open("ab") as file:
            for line in lines:
                file.write(line + b"\n")
                count += 1
            file.flush()
            os.fsync(file.fileno())
        os.link(part, path)
        part.unlink()
    except FileExistsError as error:
        raise StudioError(
            "a file of this name already exists", where=place, fix="Give another name."
        ) from error
    except OSError as error:
        raise StudioError(f"the file cannot be written: {error.strerror}", where=place) from error
    return count


@click.command("import")
@click.argument("file", metavar="FILE|URL")
@json_option
@shared
def import_(settings: Settings, file: str, as_json: bool) -> Exit:
    """Add an exported history to a store, all of it or nothing. FILE may be - for stdin.

    No engine may run on the store, and none of the users may be there already. A URL is that of an export in
    an object store.
    """
    from studio.cli.input_lines import lines, opened
    from studio.store.transfer import take_in

    path = Path(settings.file())
    from studio.objects.opening import is_url, store_at

    if is_url(file):
        from studio.objects.backup import import_from

        found = take_in(path, import_from(store_at(file)), file)
    else:
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
