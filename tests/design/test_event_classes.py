"""Python of a JSON Schema, and JSON Schema of Python: one is read from the other and says the same."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from studio.cli import call
from studio.cli.output import Exit
from studio.design.event_classes import classes_of
from studio.errors import EventError
from studio.language.event_types import event_type
from studio.source.event_door import types_in
from studio.source.event_schema import schema_of
from studio.source.loader import load

MODULE = """
from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypedDict

from studio import Journey, event, workflow


@dataclass(frozen=True)
class Line:
    sku: str
    count: int = 1


@event("billing/paid")
@dataclass(frozen=True)
class Paid:
    amount: int
    at: datetime
    currency: Literal["EUR", "USD"] = "EUR"
    lines: list[Line] = field(default_factory=list)
    rates: dict[str, float] = field(default_factory=dict)
    note: str | None = None
    more: Any = None


@event("app/signup")
class Signup(TypedDict):
    plan: str


@workflow
async def welcome(journey: Journey):
    await journey.wait_for([Paid, Signup])
"""


def schema(folder: Path, text: str) -> dict[str, Any]:
    """The document of a module with a workflow."""
    (folder / "w.py").write_text(text)
    loaded = load(folder / "w.py")
    assert loaded.problems == []
    return schema_of(types_in(loaded.workflows.values()))


def made(source: str) -> str:
    return source + "\n\nfrom studio import workflow\n\n\n@workflow\nasync def welcome(journey): pass\n"


def test_what_is_written_is_read_again_and_says_the_same(tmp_path: Path) -> None:
    first = schema(tmp_path, MODULE)
    assert list(first["properties"]) == ["app/signup", "billing/paid"]
    source = classes_of(first, "s.json")
    assert schema(tmp_path, made(source)) == first


FIELDS: list[dict[str, Any]] = [
    {"type": "string"},
    {"type": "number"},
    {"type": "string", "format": "date"},
    {"type": "string", "default": "x'\"\\\n"},
    {"enum": ["a", 'b"\n', 3, None]},
    {"const": "only"},
    {"type": ["string", "null"]},
    {"anyOf": [{"type": "null"}, {"type": "integer"}]},
    {},
    {"type": "array"},
    {
        "type": "array",
        "items": {"type": "object", "properties": {"date": {"type": "string", "format": "date"}}},
    },
    {"type": "object", "additionalProperties": {"type": "boolean"}, "default": {"a": True}},
    {"type": "object", "properties": {"self": {"type": "object", "properties": {"list": {}}}}},
]


def test_whatever_a_schema_says_the_module_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [
        "amount",
        "at",
        "date",
        "uuid",
        "field",
        "noon",
        "any",
        "first",
        "second",
        "third",
        "f",
        "g",
        "h",
    ]
    fields = dict(zip(names, FIELDS, strict=True))
    event = {"type": "object", "properties": fields, "required": ["date", "h"]}
    events = ["billing/paid", "app.login", "1st", "Any", "class", "żółć", "a b", "a-b"]
    source = classes_of({"properties": dict.fromkeys(events, event)}, "s.json")
    module = ModuleType("made")
    monkeypatch.setitem(sys.modules, "made", module)
    exec(compile(source, "made.py", "exec"), vars(module))
    types = [event_type(each) for each in vars(module).values() if isinstance(each, type)]
    known = {own.name: own.schema for own in types if own is not None}
    assert set(known) == set(events)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "it has no properties, which would be the events"),
        ({"properties": []}, "it has no properties"),
        ({"properties": {"app/*": {}}}, "has a wildcard"),
        ({"properties": {"a": {"type": "string"}}}, 'the data of "a" is no object with properties'),
        (
            {"properties": {"a": {"type": "object", "properties": {"a-b": {}}}}},
            'the data of "a" is no object',
        ),
        ({"properties": {"a": {"$ref": "#/$defs/gone"}}}, "the reference '#/$defs/gone' leads nowhere"),
        ({"properties": {"a": {"$ref": "other.json"}}}, "leads nowhere within it"),
    ],
)
def test_what_is_no_document_of_events_is_refused(document: object, said: str) -> None:
    with pytest.raises(EventError) as caught:
        classes_of(document, "s.json")
    assert str(caught.value).startswith("s.json: ")
    assert said in str(caught.value)


def test_the_command_lists_writes_and_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("workflows").mkdir()
    Path("workflows/w.py").write_text(MODULE)
    assert call(["events"]) == Exit.DONE
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == ["EVENT", "TYPE", "FIELDS", "WHERE"]
    assert table[2].split() == [
        *("billing/paid", "Paid", "amount,", "at,", "currency?,", "lines?,", "rates?,", "note?,", "more?"),
        "workflows/w.py:17",
    ]
    assert call(["events", "--json"]) == Exit.DONE
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["event"], each["required"]) for each in records] == [
        ("app/signup", ["plan"]),
        ("billing/paid", ["amount", "at"]),
    ]
    assert call(["events", "--json-schema"]) == Exit.DONE
    written = capsys.readouterr().out
    Path("s.json").write_text(written)
    assert call(["events", "--from-schema", "s.json"]) == Exit.DONE
    assert schema(tmp_path, made(capsys.readouterr().out)) == json.loads(written)
    assert call(["events", "--from-schema", "s.json", "--json"]) == Exit.WRONG
    Path("s.json").write_text("[1")
    assert call(["events", "--from-schema", "s.json"]) == Exit.WRONG
    Path("workflows/w.py").write_text(
        "from studio import workflow\n\n@workflow\nasync def w(journey): pass\n"
    )
    capsys.readouterr()
    assert call(["events"]) == Exit.DONE
    assert "No event has a type." in capsys.readouterr().err
    Path("workflows/w.py").write_text("1 +")
    assert call(["events"]) == Exit.FAILED
