"""The types of a project's events as one document of JSON Schema, for other programs and languages.

Its properties are the events, and the schema of each is that of its data. Source: json-schema.org, 2020-12.
"""

from __future__ import annotations

import json
from typing import Any

from studio.source.event_door import Types

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(types: Types) -> dict[str, Any]:
    """The document.

    Raises:
        WorkflowError: a class cannot be read.
    """
    parts: dict[str, Any] = {}
    events: dict[str, Any] = {}
    for name, own in sorted(types.items()):
        schema = dict(own.schema)
        defined = schema.pop("$defs", {})
        renamed = {part: _name_for(part, value, parts) for part, value in defined.items()}
        for part, value in defined.items():
            parts[renamed[part]] = _with_names(value, renamed)
        schema = _with_names(schema, renamed)
        if set(schema) == {"$ref"}:
            events[name] = schema
            continue
        title = _name_for(own.cls.__name__, schema, parts)
        parts[title] = schema
        events[name] = {"$ref": f"#/$defs/{title}"}
    return {
        "$schema": DIALECT,
        "title": "Events",
        "type": "object",
        "properties": events,
        "$defs": dict(sorted(parts.items())),
    }


def _name_for(name: str, schema: Any, parts: dict[str, Any]) -> str:
    """The name for a part; one that says something else of another event gets a number behind it."""
    number, wanted = 1, name
    while wanted in parts and json.dumps(parts[wanted], sort_keys=True) != json.dumps(schema, sort_keys=True):
        number += 1
        wanted = f"{name}{number}"
    return wanted


def _with_names(value: Any, renamed: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_with_names(each, renamed) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: _with_names(each, renamed) for key, each in value.items()}
    ref = found.get("$ref")
    if isinstance(ref, str) and (name := ref.removeprefix("#/$defs/")) in renamed:
        found["$ref"] = f"#/$defs/{renamed[name]}"
    return found
