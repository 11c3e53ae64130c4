"""Python of a JSON Schema: a dataclass for each event, and for each object within. Pure; nothing is run."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.errors import EventError
from studio.language.names import fault

PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
OF_FORMAT = {
    "date-time": "dt.datetime",
    "date": "dt.date",
    "time": "dt.time",
    "uuid": "UUID",
    "decimal": "Decimal",
}
IMPORTS = {
    "dt": "import datetime as dt",
    "UUID": "from uuid import UUID",
    "Decimal": "from decimal import Decimal",
}
RESERVED = {*IMPORTS, "Any", "Literal", "dataclass", "event", "int", "str", "float", "bool", "list", "dict"}
"""What types are called: a field or a class of such a name would stand for the type."""
DEEPEST = 50


def classes_of(schema: object, where: str) -> str:
    """The source of a module with the types of events.

    Args:
        schema: a document whose properties are events, as `events --json-schema` writes it.
        where: what it is, for errors.

    Raises:
        EventError: it is no such document.
    """
    if not isinstance(schema, dict) or not isinstance(schema.get("properties"), dict):
        raise EventError(
            "it has no properties, which would be the events",
            where=where,
            fix="Give a document as journey-studio events --json-schema writes it.",
        )
    for name in schema["properties"]:
        if (why := fault(name)) or "*" in name:
            raise EventError(f"the event's name {name!r:.80} {why or 'has a wildcard'}", where=where)
    return _Module(schema, where).text()


@dataclass(slots=True)
class _Class:
    """A class that is made."""

    name: str
    lines: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)


class _Module:
    """A module that is made of one document."""

    def __init__(self, schema: Mapping[str, Any], where: str) -> None:
        self._schema = schema
        self._where = where
        self._classes: dict[str, _Class] = {}
        """By what they are made of, a reference or a path in the document; in the order of the module."""
        self._names: set[str] = set(RESERVED)
        self._imports: dict[str, set[str]] = {"dataclasses": {"dataclass"}}
        self._lines: set[str] = set()
        """Further lines that import."""

    def text(self) -> str:
        """All of it."""
        for name, schema in self._schema["properties"].items():
            found = self._object(schema, _camel(name), f"properties/{name}", 0)
            if found is None:
                raise EventError(f'the data of "{name}" is no object with properties', where=self._where)
            found.events.append(name)
        parts = ['"""The types of events, made of a JSON Schema."""', "from __future__ import annotations"]
        lines = [f"from {name} import {', '.join(sorted(of))}" for name, of in self._imports.items()]
        lines = sorted([*lines, *self._lines], key=lambda line: (not line.startswith("import"), line))
        parts += ["\n".join(lines), "from studio import event"]
        head = "\n\n".join(parts)
        return head + "".join(f"\n\n\n{self._source(each)}" for each in self._classes.values()) + "\n"

    def _source(self, made: _Class) -> str:
        body = "\n".join(f"    {line}" for line in made.lines) or "    pass"
        # One class is the type of one event; others that have the same data get one below it.
        marks = "".join(f"@event({_quoted(name)})\n" for name in made.events[:1])
        text = f"{marks}@dataclass(frozen=True)\nclass {made.name}:\n{body}"
        for name in made.events[1:]:
            own = self._free(_camel(name))
            text += (
                f"\n\n\n@event({_quoted(name)})\n@dataclass(frozen=True)\nclass {own}({made.name}):\n    pass"
            )
        return text

    def _object(self, schema: Any, name: str, key: str, depth: int) -> _Class | None:
        """The class for an object with properties; None for anything else."""
        if depth > DEEPEST or not isinstance(schema, dict):
            return None
        if isinstance(ref := schema.get("$ref"), str):
            return self._object(self._at(ref), ref.rpartition("/")[2], ref, depth + 1)
        fields = schema.get("properties")
        if not isinstance(fields, dict) or not all(_is_field(each) for each in fields):
            return None
        if (known := self._classes.get(key)) is not None:
            return known
        made = _Class(self._free(_camel(str(schema.get("title", name)))))
        needed = schema.get("required", ())
        optional = []
        # Stands in the table before its fields are read: it may hold itself.
        self._classes[key] = made
        for each, of in fields.items():
            kind = self._type(of, f"{made.name}{_camel(each)}", f"{key}/{each}", depth + 1)
            if each in needed:
                made.lines.append(f"{each}: {kind}")
            else:
                optional.append(self._with_default(each, kind, of))
        made.lines += optional
        return made

    def _with_default(self, name: str, kind: str, schema: Any) -> str:
        if not isinstance(schema, dict) or "default" not in schema:
            kind = kind if kind == "Any" or "None" in kind.split(" | ") else f"{kind} | None"
            return f"{name}: {kind} = None"
        default = schema["default"]
        if isinstance(default, list | dict):
            # Under a name that no field has: one of the class would stand for it.
            self._imports["dataclasses"].add("field as _field")
            made = f"lambda: {default!r}" if default else type(default).__name__
            return f"{name}: {kind} = _field(default_factory={made})"
        return f"{name}: {kind} = {_quoted(default) if isinstance(default, str) else repr(default)}"

    def _type(self, schema: Any, name: str, key: str, depth: int) -> str:
        if depth > DEEPEST or not isinstance(schema, dict):
            return self._any()
        if (made := self._object(schema, name, key, depth)) is not None:
            return made.name
        if isinstance(ref := schema.get("$ref"), str):
            return self._type(self._at(ref), name, ref, depth + 1)
        values = [schema["const"]] if "const" in schema else schema.get("enum")
        if isinstance(values, list) and values and all(isinstance(v, str | int | None) for v in values):
            self._imports.setdefault("typing", set()).add("Literal")
            return f"Literal[{', '.join(_quoted(v) if isinstance(v, str) else repr(v) for v in values)}]"
        several = schema.get("anyOf") or schema.get("oneOf")
        if isinstance(several, list) and several:
            kinds = [
                self._type(each, f"{name}{n or ''}", f"{key}/{n}", depth + 1)
                for n, each in enumerate(several)
            ]
            return " | ".join(sorted(dict.fromkeys(kinds), key="None".__eq__))
        kind = schema.get("type")
        if isinstance(kind, list):
            kinds = [self._type({**schema, "type": each}, name, key, depth + 1) for each in kind]
            return " | ".join(sorted(dict.fromkeys(kinds), key="None".__eq__))
        if kind == "array":
            return f"list[{self._type(schema.get('items', {}), name, f'{key}/items', depth + 1)}]"
        if kind == "object":
            values = self._type(schema.get("additionalProperties", {}), name, f"{key}/*", depth + 1)
            return f"dict[str, {values}]"
        if kind == "string" and (known := OF_FORMAT.get(str(schema.get("format")))) is not None:
            self._lines.add(IMPORTS[known.partition(".")[0]])
            return known
        return PLAIN.get(str(kind)) or self._any()

    def _any(self) -> str:
        self._imports.setdefault("typing", set()).add("Any")
        return "Any"

    def _at(self, ref: str) -> Any:
        found: Any = self._schema
        for part in ref.removeprefix("#/").split("/"):
            found = found.get(part) if isinstance(found, dict) else None
        if not ref.startswith("#/") or found is None:
            raise EventError(f"the reference {ref!r:.80} leads nowhere within it", where=self._where)
        return found

    def _free(self, name: str) -> str:
        number, wanted = 1, name
        while wanted in self._names or keyword.iskeyword(wanted) or hasattr(builtins, wanted):
            number += 1
            wanted = f"{name}{number}"
        self._names.add(wanted)
        return wanted


def _is_field(name: object) -> bool:
    return (
        isinstance(name, str)
        and name.isidentifier()
        and not keyword.iskeyword(name)
        and name not in RESERVED
        and not name.startswith("__")
    )


def _camel(text: str) -> str:
    """ "billing/paid" as "BillingPaid"."""
    parts = [part for part in re.split(r"[^0-9A-Za-z]+", text) if part]
    name = "".join(part[:1].upper() + part[1:] for part in parts) or "Event"
    return name if name[0].isalpha() else f"E{name}"


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)
