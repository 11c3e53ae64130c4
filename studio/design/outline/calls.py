"""A call of one of the journey's methods, as a node shows it: its name, text and arguments.

What is plain text in the source is taken as it is; everything else as it is written.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from studio.design.outline.model import Kind
from studio.design.outline.sources import SourceModule

KINDS: dict[str, Kind] = {
    "wait_for": "wait",
    "collect": "wait",
    "wait_any": "any",
    "wait_all": "all",
    "sleep": "sleep",
    "until": "until",
    "step": "step",
    "ingest": "ingest",
    "message": "message",
    "split": "split",
    "new_pass": "new_pass",
    "events": "events",
    "log": "log",
    "note": "note",
}
"""Of the journey's methods, those that the map shows."""

AWAITED = ("wait", "any", "all", "sleep", "until", "step", "ingest", "message", "split", "new_pass")
"""Kinds that happen when they are awaited; the others at once."""

_PARAMETERS = {
    "wait_for": ("event", "match", "timeout"),
    "collect": ("event", "match"),
    "sleep": ("duration", "value"),
    "until": ("time",),
    "step": ("name", "function"),
    "ingest": ("event", "data"),
    "message": ("channel", "name", "function"),
    "split": ("name", "arms"),
    "events": ("event", "match"),
    "note": ("text",),
}
_FIRST = {
    "wait_for": "event",
    "collect": "event",
    "sleep": "duration",
    "until": "time",
    "step": "name",
    "ingest": "event",
    "events": "event",
    "message": "name",
    "split": "name",
}
_OF_MESSAGES = ("priority", "valid_for", "transactional")
_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Shown:
    """How a call is shown."""

    kind: Kind
    text: str
    name: str | None
    details: tuple[tuple[str, str], ...]


def shown(module: SourceModule, method: str, call: ast.Call) -> Shown:
    """A call of a method in `KINDS`."""
    kind = KINDS[method]
    if method == "log":
        level = next((each.value for each in call.keywords if each.arg == "level"), None)
        return said(module, call, _plain(level) or (module.text(level) if level else "info"))
    if method == "note":
        return Shown("note", message(module, call), None, ())
    given: dict[str, ast.expr] = {}
    more: list[tuple[str, str]] = []
    parameters = _PARAMETERS.get(method, ())
    for at, argument in enumerate(call.args):
        if method in ("wait_any", "wait_all"):
            # Members are shown under it.
            break
        if isinstance(argument, ast.Starred):
            more.append(("", module.text(argument)))
        elif at < len(parameters):
            given[parameters[at]] = argument
        elif method in ("step", "message"):
            more.append(("", module.text(argument)))
    for keyword in call.keywords:
        if keyword.arg is None:
            more.append(("", f"**{module.text(keyword.value)}"))
        else:
            given[keyword.arg] = keyword.value
    if method in ("wait_any", "wait_all"):
        return Shown(kind, "", method, (*_details(module, given), *more))
    first = given.pop(_FIRST.get(method, ""), None)
    text = "" if first is None else literal(module, first)
    # Of what a step hands to its function only the function is told.
    if method in ("step", "message"):
        known = ("channel", "function", "retries", "pause", "timeout", "once", "id", *_OF_MESSAGES)
        given = {name: value for name, value in given.items() if name in known}
        more = [each for each in more if each[1].startswith("*")]
    return Shown(kind, text, _name(method, first), (*_details(module, given), *more))


def _name(method: str, first: ast.expr | None) -> str | None:
    if first is None or method in ("sleep", "until"):
        return None
    return _plain(first) if method in ("step", "ingest", "message", "split") else _names(first)


def _details(module: SourceModule, given: dict[str, ast.expr]) -> tuple[tuple[str, str], ...]:
    order = ["timeout", *(name for name in given if name != "timeout")]
    return tuple((name, _argument(module, name, given[name])) for name in order if name in given)


def _argument(module: SourceModule, name: str, value: ast.expr) -> str:
    if name in ("match", "data", "arms") and isinstance(value, ast.Dict):
        return _mapping(module, value)
    return literal(module, value)


def arms(module: SourceModule, call: ast.Call) -> list[tuple[str, int]]:
    """The arms of a split as they are written, each with its line: "a 50%"; none where they are not."""
    given = next((each.value for each in call.keywords if each.arg == "arms"), None)
    if given is None and len(call.args) > 1:
        given = call.args[1]
    if not isinstance(given, ast.Dict) or None in given.keys:
        return []
    return [
        (f"{literal(module, key)} {module.text(share)}%", key.lineno)
        for key, share in zip(given.keys, given.values, strict=True)
        if key is not None
    ]


def _mapping(module: SourceModule, value: ast.Dict) -> str:
    """{"id": "post1", **user} as `id="post1", **user`."""
    parts = []
    for key, item in zip(value.keys, value.values, strict=True):
        what = module.text(item)
        plain = _plain(key)
        parts.append(
            f"**{what}" if key is None else f"{plain if plain is not None else module.text(key)}={what}"
        )
    return ", ".join(parts)


def _plain(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _names(node: ast.expr) -> str | None:
    """One event name or several, joined as the engine joins them."""
    if isinstance(node, ast.List | ast.Tuple):
        parts = [_plain(each) for each in node.elts]
        return None if None in parts else ", ".join(part for part in parts if part is not None)
    return _plain(node)


def literal(module: SourceModule, node: ast.expr) -> str:
    """Plain text without its quotes; anything else as written."""
    names = _names(node)
    return module.text(node) if names is None else names


def message(module: SourceModule, call: ast.Call) -> str:
    """What a log line says: "waited {backoff} for it"."""
    parts = [_message(module, argument) for argument in call.args]
    return " ".join(parts)


def _message(module: SourceModule, node: ast.expr) -> str:
    if (plain := _plain(node)) is not None:
        return f'"{plain}"'
    if isinstance(node, ast.JoinedStr):
        text = "".join(
            str(part.value) if isinstance(part, ast.Constant) else f"{{{_inner(part)}}}"
            for part in node.values
        )
        return f'"{text}"'
    return module.text(node)


def _inner(part: ast.expr) -> str:
    # Its positions are of the whole text before Python 3.12.
    return ast.unparse(part.value) if isinstance(part, ast.FormattedValue) else ast.unparse(part)


def said(module: SourceModule, call: ast.Call, level: str) -> Shown:
    """`print`, `logging` and `journey.log`."""
    level = {"warn": "warning", "exception": "error", "critical": "error"}.get(level, level)
    return Shown("log", message(module, call), None, (("level", level),) if level != "info" else ())


LOGGING = ("debug", "info", "warning", "warn", "error", "exception", "critical")
"""Methods of a logger that say something."""


def line_of(call: ast.Call) -> int:
    """The line that the engine records for a call: where Python stands while it makes it.

    For a method that is called with plain arguments that is the line of the method's
    name (CPython's `update_start_location_to_match_attr`), else the first line of the call.
    """
    starred = any(isinstance(each, ast.Starred) for each in call.args)
    starred = starred or any(each.arg is None for each in call.keywords)
    if isinstance(call.func, ast.Attribute) and not starred:
        return call.func.end_lineno or call.lineno
    return call.lineno
