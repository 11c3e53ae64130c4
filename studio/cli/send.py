"""Add events, with or without a running engine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from studio.cli import complete
from studio.cli.client import client_of, client_on, perform
from studio.cli.event_check import check_types
from studio.cli.options import json_option, shared
from studio.cli.output import Exit, complain, write
from studio.cli.settings import Settings
from studio.cli.temporal_options import temporal_option
from studio.clocks.clock import wall_ms
from studio.errors import EventError, StudioError
from studio.source.project import short
from studio.text.printable import clean, json_line
from studio.wording.values import counted

if TYPE_CHECKING:
    from studio.engine.remote import RemoteEngine
    from studio.language.incoming import Incoming
    from studio.temporal.settings import TemporalSettings


@click.command()
@click.argument("event", metavar="EVENT|-", shell_complete=complete.events)
@click.option(
    "--user", metavar="USER", help="The user that the event is about.", shell_complete=complete.users
)
@click.option(
    "--data", metavar="JSON|@FILE|-", help="Its data, a JSON object: as text, from a file, or from stdin."
)
@click.option("--id", metavar="ID", help="Events with the same id count once.")
@json_option
@temporal_option
@shared
def send(
    settings: Settings,
    temporal: TemporalSettings | None,
    event: str,
    user: str | None,
    data: str | None,
    id: str | None,
    as_json: bool,
) -> Exit:
    """Add an event, or a stream of them, with or without a running engine.

    The event is durable when this ends. A running engine takes it within 100 ms; without
    one it waits in the store, and with --temporal in the user's workflow. EVENT "-" reads
    events from stdin, one JSON object a line:

    \b
        {"event": "app/login", "user": "user1", "data": {"plan": "pro"}}

    Lines as Inngest, Segment and CloudEvents write them are read, too.
    """
    settings.file()
    if event == "-":
        given = [
            name for name, value in (("--user", user), ("--data", data), ("--id", id)) if value is not None
        ]
        if given:
            raise click.UsageError(
                f"{given[0]} cannot be given when events are read from stdin: each line names its own."
            )
        return _stream(settings, temporal, as_json)
    if user is None:
        raise click.UsageError("Missing option --user: whose event is it?")
    from studio.language.incoming import incoming

    _add(settings, temporal, [incoming(event, user, read_data(data), id)], as_json)
    return Exit.DONE


def _stream(settings: Settings, temporal: TemporalSettings | None, as_json: bool) -> Exit:
    from studio.cli.input_lines import batches, opened

    total = 0
    with opened("-") as (descriptor, name):
        number = 0
        start = wall_ms()
        for lines in batches(descriptor, name):
            # Up to a line that is wrong, all before it counts.
            events, wrong = _read(lines, name, number, start)
            number += len(lines)
            if events:
                _add(settings, temporal, events, as_json, tell=False)
                total += len(events)
            if wrong is not None:
                complain(str(wrong))
                were = "was" if total == 1 else "were"
                complain(f"{counted(total, 'event')} before it {were} added.", plain=True)
                return Exit.WRONG
    if not as_json:
        write([f"added {counted(total, 'event')}"])
        if temporal is None:
            tell_where(client_of(settings))
    return Exit.DONE


def _read(lines: list[bytes], name: str, number: int, start: int) -> tuple[list[Incoming], EventError | None]:
    from studio.events.adapters import parse_line

    events: list[Incoming] = []
    try:
        for offset, line in enumerate(lines, 1):
            events += parse_line(line, f"{name}:{number + offset}", start)
    except EventError as error:
        return events, error
    return events, None


def _add(
    settings: Settings,
    temporal: TemporalSettings | None,
    events: list[Incoming],
    as_json: bool,
    *,
    tell: bool = True,
) -> None:
    from studio.language.incoming import zone_fault

    for event in events:
        if (wrong := zone_fault(event)) is not None:
            complain(f"{clean(wrong)}. It is added all the same.", plain=True)
    check_types(settings, events)
    client = client_on(settings, temporal)
    perform(client.send_many(events), temporal)
    if as_json:
        write(_lines(events))
    elif tell:
        write([f"added {clean(event.name)} for {clean(event.user)}" for event in events])
        if temporal is None:
            tell_where(client)


def _lines(events: list[Incoming]) -> Iterator[str]:
    for event in events:
        yield json_line({"event": event.name, "user": event.user, "id": event.id})


def tell_where(client: RemoteEngine) -> None:
    """Say when nothing will happen until somebody starts an engine, or helps the one that runs."""
    client.look_for_engine()
    where = short(str(client.path))
    if not client.engine_runs:
        fix = "Start journey-studio, or journey-studio run."
        complain(f"No engine runs on {where}, so it waits there. {fix}", plain=True)
    elif client.paused is not None:
        complain(f"The engine on {where} is paused, so it waits there: {client.paused.why}", plain=True)


def read_data(text: str | None, option: str = "--data") -> Any:
    """What --data says, or another option that takes JSON so.

    Raises:
        EventError: it is not valid JSON; with line and column.
    """
    from studio.text import json_text as jsontext

    if text is None:
        return None
    where = option
    content: str | bytes = text
    if text == "-":
        where, content = "stdin", sys.stdin.buffer.read()
    elif text.startswith("@"):
        where = text[1:]
        try:
            with open(where, "rb") as file:
                content = file.read()
        except OSError as error:
            raise StudioError(f"the file cannot be read: {error.strerror}", where=where) from None
    try:
        value = jsontext.loads_event(content)
    except jsontext.KeyTwice as error:
        raise EventError(str(error), where=where, fix="Leave out one of the two.") from None
    except jsontext.NotJson as error:
        raise EventError(
            f"it is not valid JSON: {error}", where=where, fix="""Write an object: '{"plan": "pro"}'."""
        ) from None
    if value is None:
        raise EventError(
            "it is null, not an object", where=where, fix="""Write an object: '{"plan": "pro"}'."""
        )
    return value
