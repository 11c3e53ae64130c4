"""The types of a project's events: a list, JSON Schema of them, and Python of a JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from studio.cli.options import json_option, shared
from studio.cli.output import Exit, complain, write
from studio.cli.settings import Settings
from studio.source.project import short
from studio.text.printable import clean, json_line

if TYPE_CHECKING:
    from studio.language.event_types import EventType


@click.command()
@click.option("--json-schema", "as_schema", is_flag=True, help="Write all of them as one JSON Schema.")
@click.option(
    "--from-schema", "file", metavar="FILE|-", help="Read a JSON Schema, and write Python with their classes."
)
@json_option
@shared
def events(settings: Settings, as_schema: bool, file: str | None, as_json: bool) -> Exit:
    """List the events that have a type, a class with @event.

    --json-schema writes a document whose properties are the events, each with the schema of its data;
    --from-schema reads such a document, and writes a module with a dataclass for each event.
    """
    if file is not None:
        if as_schema or as_json:
            raise click.UsageError(
                "--from-schema writes Python, and goes with neither --json-schema nor --json."
            )
        return _read(file)
    from studio.source.event_door import types_in
    from studio.source.event_schema import schema_of
    from studio.source.loader import load

    loaded = load(settings.workflows)
    for problem in loaded.problems:
        complain(str(problem))
    types = types_in(loaded.workflows.values())
    if as_schema:
        found = schema_of(types)
        write([json_line(found) if as_json else json.dumps(found, indent=2, ensure_ascii=False)])
    elif as_json:
        write(json_line(_record(types[name])) for name in sorted(types))
    elif types:
        from studio.cli.tables import table

        write(table(("EVENT", "TYPE", "FIELDS", "WHERE"), (_cells(types[name]) for name in sorted(types))))
    else:
        complain(
            'No event has a type. Write @event("…") above a dataclass that a workflow file has.', plain=True
        )
    return Exit.FAILED if loaded.problems else Exit.DONE


def _read(file: str) -> Exit:
    from studio.cli.send import read_data
    from studio.design.event_classes import classes_of

    given = file if file == "-" else f"@{file}"
    source = classes_of(read_data(given, "--from-schema"), "stdin" if file == "-" else file)
    write(clean(line) for line in source.rstrip("\n").split("\n"))
    return Exit.DONE


def _fields(own: EventType[Any]) -> tuple[dict[str, Any], Sequence[str]]:
    from studio.events.schema_samples import resolved

    schema = resolved(own.schema, own.schema)
    return schema.get("properties", {}), schema.get("required", ())


def _cells(own: EventType[Any]) -> Sequence[object]:
    fields, needed = _fields(own)
    path, line = own.place
    names = ", ".join(name if name in needed else f"{name}?" for name in fields)
    return clean(own.name), own.cls.__name__, names, f"{short(path)}:{line}"


def _record(own: EventType[Any]) -> dict[str, Any]:
    fields, needed = _fields(own)
    path, line = own.place
    return {
        "event": own.name,
        "type": own.cls.__name__,
        "fields": list(fields),
        "required": list(needed),
        "file": short(path),
        "line": line,
    }


__all__ = ["events"]
