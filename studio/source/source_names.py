"""The names that the source of a workflow speaks of: events and workflows. Pure; no code of it runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from studio.text import syntax

_SPEAKING = ("wait_for", "collect", "ingest", "events")


@lru_cache(maxsize=64)
def names_in(source: str) -> tuple[str, ...]:
    """The events that a source waits for or sends, where they are written out; none if it does not parse."""
    found: dict[str, None] = {}
    for node in _nodes(source):
        if isinstance(node, ast.Call) and (
            (isinstance(node.func, ast.Attribute) and node.func.attr in _SPEAKING)
            or (isinstance(node.func, ast.Name) and node.func.id == "goal")
        ):
            given = [*node.args[:1], *[each.value for each in node.keywords if each.arg == "event"]]
            for value in given:
                found.update(dict.fromkeys(_texts(value)))
    return tuple(found)


def triggers_in(source: str) -> list[str]:
    """The events that begin or end the workflows of a source, where they are written out."""
    given = (
        each for _, keywords in _workflows(source) for each in keywords if each.arg in ("trigger", "exit_on")
    )
    return list(dict.fromkeys(text for each in given for text in _texts(each.value)))


def workflows_in(source: str) -> list[str]:
    """The names of the workflows of a source."""
    found = []
    for name, keywords in _workflows(source):
        told = [text for each in keywords if each.arg == "name" for text in _texts(each.value)]
        found.append(told[0] if told else name)
    return found


def _workflows(source: str) -> Iterator[tuple[str, list[ast.keyword]]]:
    """Each function that is decorated as a workflow: its name, and what the decorator is given."""
    for node in _nodes(source):
        if isinstance(node, ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                call = decorator if isinstance(decorator, ast.Call) else None
                said = call.func if call is not None else decorator
                called = said.attr if isinstance(said, ast.Attribute) else getattr(said, "id", None)
                if called == "workflow":
                    yield node.name, call.keywords if call is not None else []


def _nodes(source: str) -> Iterator[ast.AST]:
    try:
        yield from ast.walk(syntax.module(source))
    except (SyntaxError, ValueError):
        return


def _texts(value: ast.expr) -> Iterator[str]:
    """The plain names that are written out; what has a wildcard is none."""
    for item in value.elts if isinstance(value, ast.List | ast.Tuple) else [value]:
        if isinstance(item, ast.Constant) and isinstance(item.value, str) and "*" not in item.value:
            yield item.value
