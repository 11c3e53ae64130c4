"""Data that fits a JSON Schema, as an example: what is given as one, else the plainest value. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

DEEPEST = 12
"""Levels that are followed: a type may hold itself."""
OF_FORMAT = {
    "email": "user1@example.com",
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00",
    "duration": "P1D",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uri": "https://example.com",
    "decimal": "1",
}
OF_TYPE: dict[str, Any] = {"boolean": True, "null": None, "array": [], "object": {}}


def sample_of(schema: Mapping[str, Any]) -> Any:
    """A value that fits a schema, as far as its types and formats say."""
    return _sample(schema, schema, "", 0)


def _sample(schema: Mapping[str, Any], whole: Mapping[str, Any], name: str, depth: int) -> Any:
    if depth > DEEPEST:
        return None
    schema = resolved(schema, whole)
    for given in (schema.get("examples"), schema.get("enum")):
        if isinstance(given, list) and given:
            return copy.deepcopy(given[0])
    if "const" in schema or "default" in schema:
        return copy.deepcopy(schema.get("const", schema.get("default")))
    for several in ("anyOf", "oneOf"):
        if parts := schema.get(several):
            return _sample(
                next((p for p in parts if p.get("type") != "null"), parts[0]), whole, name, depth + 1
            )
    if parts := schema.get("allOf"):
        return _sample(parts[0], whole, name, depth + 1)
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "null")
    if kind == "object" or "properties" in schema:
        needed = schema.get("required", ())
        fields = schema.get("properties", {})
        return {each: _sample(fields[each], whole, each, depth + 1) for each in fields if each in needed}
    if kind == "array":
        few = int(schema.get("minItems", 1))
        item = schema.get("items")
        return [_sample(item, whole, name, depth + 1) for _ in range(few)] if isinstance(item, dict) else []
    if kind in ("integer", "number"):
        return _number(schema, kind)
    if kind == "string":
        return _text(schema, name)
    return copy.deepcopy(OF_TYPE.get(str(kind)))


def resolved(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a `$ref` within the document stands for; the schema itself when it is none."""
    for _ in range(DEEPEST):
        ref = schema.get("$ref")
        if not isinstance(ref, str) or not ref.startswith("#/"):
            break
        found: Any = whole
        for part in ref[2:].split("/"):
            found = found.get(part, {}) if isinstance(found, Mapping) else {}
        schema = {**found, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def _number(schema: Mapping[str, Any], kind: str) -> int | float:
    least = schema.get("minimum", schema.get("exclusiveMinimum"))
    if least is None:
        most = schema.get("maximum")
        return 1 if most is None or most >= 1 else int(most) if kind == "integer" else most
    above = least + 1 if "exclusiveMinimum" in schema else least
    return max(1, int(above)) if kind == "integer" else max(1, above)


def _text(schema: Mapping[str, Any], name: str) -> str:
    if (known := OF_FORMAT.get(str(schema.get("format", "email" if name == "email" else "")))) is not None:
        return known
    text = f"{name.removesuffix('_id')}-1" if name.endswith("_id") else name or "text"
    least, most = int(schema.get("minLength", 0)), schema.get("maxLength")
    text = text.ljust(least, "x")
    return text if most is None else text[: int(most)]
