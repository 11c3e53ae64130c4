"""Sources, their maps and edits of them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from studio.design.editing.edit import Edit
from studio.design.outline.flow_reader import read_source
from studio.design.outline.model import Node
from studio.errors import EditError

ROOT = Path(__file__).parents[3]

HEAD = (
    'from studio import Journey, workflow\n\n\n@workflow(trigger="go")\nasync def flow(journey: Journey):\n'
)


def source(body: str) -> str:
    """A workflow of these statements; they begin in line 6."""
    lines = dedent(body).strip("\n").splitlines()
    return HEAD + "".join(f"    {line}\n" if line else "\n" for line in lines)


def node(text: str, kind: str, line: int | None = None, function: str = "flow") -> Node:
    """The first node of a kind, or that of a line."""
    found = read_source(text.removeprefix("\ufeff"), function, "flow.py").walk()
    return next(each for each in found if each.kind == kind and line in (None, each.line))


def body_of(edit: Edit) -> str:
    """What an edit made of the statements, as `source` takes them."""
    assert edit.source.startswith(HEAD)
    return dedent(edit.source.removeprefix(HEAD))


def refused(raised: pytest.ExceptionInfo[EditError]) -> str:
    """A refusal as people read it."""
    return str(raised.value)
