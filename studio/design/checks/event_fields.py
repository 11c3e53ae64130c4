"""What workflows and event files say of events that have types: fields that are not there, wrong values."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from studio.design.checks.findings import CheckFinding
from studio.errors import WorkflowError
from studio.events.schema_samples import resolved
from studio.language.event_types import EventFault, EventType, event_type
from studio.language.incoming import Incoming
from studio.source.event_door import Types, misfit
from studio.text.fuzzy_match import most_similar

RULE = "event-type"
Spaces = Mapping[str, Mapping[str, Any]]
"""What names stand for in modules that are loaded, by their paths: a class may be the type of an event."""


def named_event(part: ast.expr, space: Mapping[str, Any]) -> str | None:
    """The name of an event: written out, or that of the event whose type is named; None for neither."""
    if isinstance(part, ast.Constant):
        return part.value if isinstance(part.value, str) else None
    found: Any = None
    if isinstance(part, ast.Name):
        found = space.get(part.id)
    elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
        module = space.get(part.value.id)
        # A module of the author's; anything else may run code when it is asked.
        found = vars(module).get(part.attr) if issubclass(type(module), ModuleType) else None
    own = event_type(found) if issubclass(type(found), type) else None
    return None if own is None else own.name


@dataclass(frozen=True, slots=True)
class SaidOfEvent:
    """A `match=` or the data of an `ingest`, as written out."""

    names: tuple[str, ...]
    value: ast.Dict
    whole: bool
    """It is all that the event carries."""
    path: str
    workflow: str
    fine: bool


def event_findings(said: Iterable[SaidOfEvent], types: Types) -> list[CheckFinding]:
    """What does not fit the types of events."""
    found: list[CheckFinding] = []
    for each in said:
        for name in each.names:
            if (own := types.get(name)) is not None and not each.fine:
                try:
                    found += _data(each, own) if each.whole else _fields(each, own)
                except WorkflowError:
                    # The loader tells that its class cannot be read.
                    continue
    return list(dict.fromkeys(found))


def file_findings(events: Iterable[tuple[Incoming, str, int]], types: Types) -> list[CheckFinding]:
    """Events of event files that do not fit.

    Args:
        events: each with its file and its line.
    """
    found = []
    for event, path, line in events:
        if (fault := misfit(types, event)) is not None:
            what = f'"{event.name}" does not fit {types[event.name].cls.__name__}: {fault}'
            fix = "It would be refused: correct the line, or the class."
            found.append(CheckFinding(path, line, "error", RULE, what, fix))
    return found


def _fields(said: SaidOfEvent, own: EventType[Any]) -> Iterator[CheckFinding]:
    for key in said.value.keys:
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            continue
        missing = _missing(key.value, own.schema)
        if missing is None:
            continue
        field, there = missing
        close = most_similar(field, there)
        what = f'match has the field {key.value}, and {own.cls.__name__} ("{own.name}") has no {field}'
        fix = f"Did you mean {close}?" if close is not None else "Look at its fields."
        yield CheckFinding(said.path, key.lineno, "warning", RULE, what, fix, said.workflow)


def _missing(path: str, schema: Mapping[str, Any]) -> tuple[str, list[str]] | None:
    """The part of a path that a schema has not, and what it has in its place; None when it may be there."""
    here = schema
    fields = resolved(schema, schema).get("properties")
    if isinstance(fields, dict) and path in fields:
        return None
    for part in path.split("."):
        here = resolved(here, schema)
        fields = here.get("properties")
        if not isinstance(fields, dict):
            # A list, a mapping of anything, one of several: nobody knows.
            return None
        if part not in fields:
            return part, list(fields)
        here = fields[part]
    return None


def _data(said: SaidOfEvent, own: EventType[Any]) -> Iterator[CheckFinding]:
    try:
        data = ast.literal_eval(said.value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return
    try:
        own.read(data)
    except EventFault as fault:
        what = f'the data of "{own.name}" does not fit {own.cls.__name__}: {fault}'
        fix = "Who waits for it as that would fail."
        yield CheckFinding(said.path, said.value.lineno, "error", RULE, what, fix, said.workflow)
